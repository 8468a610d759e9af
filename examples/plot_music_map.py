"""
A map of a music folder
=======================

Clips that sound alike lie side by side. The map does not use the genres: they only give the
colours.
"""

# %%
# The paper's descriptors of the clips, reduced to two dimensions by t-SNE.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import AudioPlayers, genre_colors

music = make_music(n_tracks=150, duration=2.0, random_state=0)
X = make_pipeline(HandcraftedFeatures(), StandardScaler()).fit_transform(music.data)
places = TSNE(perplexity=15, random_state=0).fit_transform(X)

# %%
colors = genre_colors(music.target)
figure, ax = plt.subplots(figsize=(7, 5.5), layout="constrained")
for genre, color in colors.items():
    of = np.asarray(music.target) == genre
    ax.scatter(*places[of].T, color=color, s=18, label=genre)
ax.set(xticks=[], yticks=[])
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
# The map is for looking at; search for neighbours among the descriptors themselves. A clip, and the
# three that sound most like it:
near = NearestNeighbors(n_neighbors=4).fit(X).kneighbors(X[:1], return_distance=False)[0]
AudioPlayers({f"{i}: {music.target[i]}, {music.groups[i]}": music.data[i] for i in near})
