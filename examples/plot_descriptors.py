"""
The paper's descriptors, and what they hear
===========================================

Twenty-five numbers per clip: where the energy lies, how noisy it is, and the colour of the sound.
"""

# %%
# Two sounds that could hardly differ more, and some music.
import matplotlib.pyplot as plt
import numpy as np

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import AudioPlayers, DescriptorDisplay

time = np.arange(2 * 22050) / 22050
sounds = {
    "a low tone": 0.3 * np.sin(2 * np.pi * 220 * time),
    "a high tone": 0.3 * np.sin(2 * np.pi * 3520 * time),
    "noise": 0.1 * np.random.default_rng(0).normal(size=len(time)),
}
AudioPlayers(sounds)

# %%
# The centroid is the centre of the spectrum and the bandwidth its spread around it; 85 % of the
# energy lies below the roll-off, and noise crosses zero often.
features = HandcraftedFeatures().set_output(transform="pandas")
table = features.fit_transform([sound.astype(np.float32) for sound in sounds.values()])
table.index = list(sounds)
table.iloc[:, :5].astype(float).round(2)

# %%
# In music they differ from genre to genre. A box holds the middle half of the clips.
music = make_music(n_tracks=90, duration=2.0, random_state=0)
X = features.fit_transform(music.data)
names = ["spectral_centroid_mean", "zero_crossing_rate_mean", "mfcc1_mean", "mfcc2_mean"]
figure, axes = plt.subplots(2, 2, figsize=(10, 6), layout="constrained")
for ax, name in zip(axes.flat, names, strict=True):
    DescriptorDisplay.from_frame(X, music.target, name, ax=ax)

# %%
# ``descriptors=`` takes librosa's names and presets; ``statistics=`` can be more than the mean.
more = HandcraftedFeatures(["rms", "spectral_contrast", "tonnetz"], statistics=("mean", "std"))
print(more.fit(music.data[:1]).get_feature_names_out())
