"""
Quickstart: from sound to genre
===============================

Train a genre classifier on file paths and string labels, score it with artists kept apart, and see
what it confuses.
"""

# %%
# Generated music: six genres, several artists each. With files of your own, use
# :func:`sklearn_mgc.datasets.load_audio_folder` on a folder ``genre/*.mp3``.
import tempfile

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import AudioPlayers, EvaluationDisplay
from sklearn_mgc.evaluation import cross_validate

folder = tempfile.TemporaryDirectory()
music = make_music(n_tracks=72, folder=folder.name, duration=4.0, random_state=0)
print(music.data[0].removeprefix(folder.name))
AudioPlayers(dict(zip(music.target, music.data, strict=True)))

# %%
# Paths in, genres out. With groups, folds keep artists apart, and the interval counts artists.
model = make_pipeline(
    HandcraftedFeatures(), StandardScaler(), DNNClassifier(max_epochs=60, random_state=0)
)
result = cross_validate(model, music.data, music.target, groups=music.groups, cv=3)
print(result)

# %%
# How much of each genre is recognised, and which genre is taken for which:
EvaluationDisplay.from_result(result)

# %%
# Fit on everything, and predict.
model.fit(music.data, music.target)
print(model.predict(music.data[:3]))
folder.cleanup()
