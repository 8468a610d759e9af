"""
Your own music: load it, check it, keep artists apart
=====================================================

From a folder of files to an honest score: what is in the folder, what is wrong with it, and who the
artists are.
"""

# %%
# A folder per genre, as ``music/jazz/jazz.00003.wav``. Here the music is generated; put the path
# of your own folder in its place.
import shutil
import tempfile
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import check_audio, load_audio_folder, load_audio_table, make_music
from sklearn_mgc.display import ConfusionDisplay
from sklearn_mgc.evaluation import cross_validate

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name, "music")
made = make_music(n_tracks=60, duration=3.0, folder=folder, random_state=0)

# %%
# Real folders are less tidy: an empty file, the same recording twice, a picture.
(folder / "jazz" / "interrupted.mp3").write_bytes(b"")
shutil.copy(made.data[0], folder / "rock" / "copy.wav")
(folder / "rock" / "cover.jpg").write_bytes(b"picture")

# %%
# ``check_audio`` decodes every file.
table = check_audio(folder, min_duration=2.0, verbose=0)
print(table.loc[table["problem"] != "", ["path", "problem"]].to_string(index=False))

# %%
# The loader lists what it leaves out, and why.
music = load_audio_folder(folder, as_frame=True)
print(music.errors)
print(music.frame["genre"].value_counts())

# %%
# We keep the good files, and add the artists as a column of a table.
artists = dict(zip(made.data, made.groups, strict=True))
sound = music.frame[~music.frame["path"].isin(table.loc[table["problem"] != "", "path"])]
sound = sound.assign(artist=[artists[path] for path in sound["path"]])
music = load_audio_table(sound)
print(music.DESCR)

# %%
# Now that the artists are known, ``cross_validate`` keeps them apart. The picture shows which genre
# is taken for which; each artist counts as one, however many clips there are.
model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression(max_iter=1000))
result = cross_validate(model, music.data, music.target, groups=music.groups)
temporary.cleanup()
print(result)
ConfusionDisplay.from_result(result, by="artist")
