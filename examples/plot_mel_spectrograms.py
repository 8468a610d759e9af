"""
Mel-spectrograms: what convolutional networks see
=================================================

Time runs to the right, pitch upwards, spaced as we hear it; colour is loudness.
"""

# %%
# A clip of each genre, to hear and to see.
import matplotlib.pyplot as plt

from sklearn_mgc import MelScaler, MelSpectrogram
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import AudioPlayers, MelSpectrogramDisplay

music = make_music(n_tracks=6, duration=5.0, random_state=0)
clips = dict(zip(music.target, music.data, strict=True))
AudioPlayers(clips)

# %%
# Drums are vertical lines, held notes horizontal ones.
figure, axes = plt.subplots(3, 2, figsize=(11, 8), layout="constrained", sharex=True)
for ax, (genre, clip) in zip(axes.flat, clips.items(), strict=True):
    MelSpectrogramDisplay.from_audio(clip, ax=ax)
    ax.set_title(genre)

# %%
# A network needs the same shape for all clips; shorter ones are padded with the lowest level.
# :class:`~sklearn_mgc.MelScaler` then standardizes each band over the training clips.
X = MelSpectrogram(n_frames=128).transform(music.data)
print(X.shape, X.dtype, f"{X.min():.0f} to {X.max():.0f} dB")
scaled = MelScaler().fit_transform(X)
print(f"mean {abs(scaled.mean()):.2f}, deviation {scaled.std():.2f}")
