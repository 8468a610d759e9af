"""
Segments that vote, and how not to test them
============================================

The paper cuts each song into three to have more data. Segments of a song resemble each other, so a
split that separates them tests on what it was trained on. Here segments are an axis of the array,
and no split can separate them.
"""

# %%
# Three segments of each clip: one more axis, as many samples as tracks.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import HandcraftedFeatures, SegmentVotingClassifier
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import cross_validate

music = make_music(n_tracks=120, artists_per_genre=4, duration=3.0, random_state=0)
X = HandcraftedFeatures(n_segments=3).transform(music.data)
print(X.shape)

# %%
# The wrong way: segments as samples, in random folds.
y = np.asarray(music.target)
svc = make_pipeline(StandardScaler(), SVC(C=10))
folds = StratifiedKFold(5, shuffle=True, random_state=0)
wrong = cross_val_score(svc, X.reshape(-1, X.shape[-1]), y.repeat(3), cv=folds).mean()

# %%
# The right ways: by track, and by artist.
voting = SegmentVotingClassifier(svc, voting="hard")
by_track = cross_validate(voting, X, y, cv=folds)
by_artist = cross_validate(voting, X, y, groups=music.groups)
print(by_artist)

# %%
figure, ax = plt.subplots(figsize=(5, 3.5), layout="constrained")
scores = {"segments": (wrong, wrong, wrong), "tracks": by_track.interval()}
scores["artists"] = by_artist.interval()
for place, (score, low, high) in enumerate(scores.values()):
    ax.bar(place, score, yerr=[[score - low], [high - score]], capsize=4)
    ax.text(place, 0.03, f"{score:.2f}", ha="center", color="white")
ax.set_xticks(range(len(scores)), scores)
ax.set(ylim=(0, 1.02), xlabel="what a split keeps whole", ylabel="accuracy")
plt.show()
