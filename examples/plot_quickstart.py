"""
Quickstart: from sound to genre
===============================

Train a genre classifier on file paths and string labels, keep artists apart while
measuring it, and look at what it confuses.
"""

# %%
# Generated music: six genres, several artists each. With files of your own, use
# :func:`sklearn_mgc.datasets.load_audio_folder` on a folder ``genre/*.mp3``.
import tempfile

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import MelSpectrogramDisplay, TrainingCurvesDisplay

folder = tempfile.TemporaryDirectory()
music = make_music(folder=folder.name, duration=4.0, random_state=0)
print(len(music.data), "tracks:", *music.target_names)

# %%
# What a clip looks like:
MelSpectrogramDisplay.from_audio(music.data[0])

# %%
# The headline pipeline: paths in, genres out.
model = make_pipeline(
    HandcraftedFeatures(), StandardScaler(), DNNClassifier(max_epochs=60, random_state=0)
)
folds = StratifiedGroupKFold(3, shuffle=True, random_state=0)
predicted = cross_val_predict(model, music.data, music.target, groups=music.groups, cv=folds)
ConfusionMatrixDisplay.from_predictions(music.target, predicted, xticks_rotation=45)
plt.tight_layout()

# %%
# Fit on everything, look at the training, and predict.
model.fit(music.data, music.target)
TrainingCurvesDisplay.from_estimator(model)
print(model.predict(music.data[:3]))
folder.cleanup()
