"""
Explanations: what decided?
===========================

We plant a snare drum into music, so that the models listen for it. Three methods find it: removing
parts of the sound, a network's gradients, and shuffling descriptors.
"""

# %%
# Removing parts
# --------------
# The same music with and without a snare drum in seconds 4 to 6: nothing else tells the two classes
# apart.
import io

import numpy as np
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import CNN2DClassifier, HandcraftedFeatures, MelSpectrogram
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import AudioPlayers
from sklearn_mgc.inspection import descriptor_importance, explain

rng = np.random.default_rng(0)
music = make_music(n_tracks=60, genres=["jazz"], duration=10.0, random_state=0)
clips, y = [clip.copy() for clip in music.data], np.tile(["plain", "snare"], 30)
for clip, genre in zip(clips, y, strict=True):
    if genre == "snare":
        burst = rng.normal(size=2 * 22050).astype(np.float32)
        clip[4 * 22050 : 6 * 22050] += 0.1 * np.diff(burst, prepend=0)
AudioPlayers({genre: clip for genre, clip in zip(y[:2], clips[:2], strict=True)})

# %%
model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression(max_iter=1000))
model.fit(clips[:50], y[:50])
print(f"right on ten other clips: {model.score(clips[50:], y[50:]):.2f}")

# %%
# How much less probable does "snare" become without each part? The sound is faded to silence,
# and to noise of its own level, because a model may take either for a sign.
file = io.BytesIO()
soundfile.write(file, clips[51], 22050, format="WAV")
found = explain(model, file, genre="snare", part=2.0)
found.plot()

# %%
# Seconds 4 to 6, as planted. The bands say less: the snare's noise is in all of them, and a
# spectrum with a hole is unlike anything that the model has heard. In numbers:
found

# %%
# What a network's gradients say
# ------------------------------
# A network on spectrograms can be asked directly. Integrated gradients attribute its answer to the
# parts of the spectrogram, so that they add up to what the whole clip contributes.
network = make_pipeline(
    MelSpectrogram(n_mels=32, n_frames=215),
    CNN2DClassifier((8, 16), pool_sizes=((4, 2), (4, 4)), max_epochs=15, random_state=0),
)
network.fit(clips[:50], y[:50])
print(f"right on ten other clips: {network.score(clips[50:], y[50:]):.2f}")
file.seek(0)
explain(network, file, genre="snare", part=2.0, method="integrated_gradients").plot()

# %%
# Which descriptors decide
# ------------------------
# Shuffling an important descriptor among the test clips of a fold costs accuracy. A descriptor that
# costs nothing may still be used, if others carry the same information.
descriptor_importance(model, clips, y, cv=3).plot()
