"""
Your own music: load it, check it, keep artists apart
=====================================================

From a folder of files to a measurement that does not flatter: what is in the folder, what is
wrong with it, and what a shared artist is worth.
"""

# %%
# A folder per genre, as ``music/jazz/jazz.00003.wav``. Here the music is generated; put the path
# of your own folder in its place.
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import check_audio, load_audio_folder, load_audio_table, make_music

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name, "music")
made = make_music(n_tracks=60, duration=5.0, folder=folder, random_state=0)

# %%
# Real folders are less tidy: an empty file, the same recording twice, a picture.
(folder / "jazz" / "interrupted.mp3").write_bytes(b"")
shutil.copy(made.data[0], folder / "rock" / "copy.wav")
(folder / "rock" / "cover.jpg").write_bytes(b"picture")

# %%
# The doctor decodes every file.
table = check_audio(folder, min_duration=2.0)
print(table.loc[table["problem"] != "", ["path", "problem"]].to_string(index=False))

# %%
# The loader lists what it leaves out, and why.
music = load_audio_folder(folder, as_frame=True)
print(music.errors)
print(music.frame["genre"].value_counts())

# %%
# We keep what is sound, and add what we know of the artists: a column of a table.
artists = dict(zip(made.data, made.groups, strict=True))
sound = music.frame[~music.frame["path"].isin(table.loc[table["problem"] != "", "path"])]
sound = sound.assign(artist=[artists[path] for path in sound["path"]])
music = load_audio_table(sound)
print(music.DESCR)

# %%
# The same classifier, by random folds and by folds that keep artists apart. Random folds reward
# it for recognising an artist it has heard.
features = HandcraftedFeatures().fit_transform(music.data)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
scores = {
    "random folds": cross_val_score(
        model, features, music.target, cv=StratifiedKFold(5, shuffle=True, random_state=0)
    ),
    "artists apart": cross_val_score(
        model, features, music.target, groups=music.groups,
        cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
    ),
}  # fmt: skip
for name, values in scores.items():
    print(f"{name}: {values.mean():.2f}")
figure, axes = plt.subplots(figsize=(4, 3), layout="constrained")
axes.boxplot(list(scores.values()), tick_labels=list(scores))
axes.set(ylabel="accuracy", ylim=(0, 1.05), title="60 generated clips, 30 artists")
plt.show()
temporary.cleanup()
