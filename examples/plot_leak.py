"""
Leakage: random folds against folds by artist
=============================================

The same model on the same clips scores far higher with random folds than with folds by artist. Then
artists come whom it has never heard, and one of the two numbers holds.
"""

# %%
# Generated music by 30 artists, five in each genre. An artist has a sound of its own, as
# artists have: a studio, an instrument, a voice.
import matplotlib.pyplot as plt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import cross_validate, leakage_report

music = make_music(n_tracks=120, artists_per_genre=5, duration=2.0, random_state=0)
features = HandcraftedFeatures()
X, y, artists = features.fit_transform(music.data), music.target, music.groups
model = make_pipeline(StandardScaler(), SVC(C=10))

# %%
# Random folds, as in most papers. How many test clips come from an artist that the model
# was trained on?
random_folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
leakage_report(X, y, groups=artists, cv=random_folds)

# %%
# All of them do. The model may learn the artist instead of the genre, and nobody would notice.
# Folds by artist have no such leak:
artist_folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
leakage_report(X, y, groups=artists, cv=artist_folds)

# %%
# With groups, :func:`~sklearn_mgc.evaluation.cross_validate` draws folds by artist by itself,
# and refuses random ones unless it is told that the leak is wanted.
by_artist = cross_validate(model, X, y, groups=artists, cv=artist_folds)
at_random = cross_validate(model, X, y, groups=artists, cv=random_folds, allow_leakage=True)
print(by_artist)

# %%
# The same for random folds, if one insists:
print(at_random)

# %%
# Which number is right? Here the question can be answered: 240 clips by 30 artists who were
# not there before.
unheard = make_music(n_tracks=240, artists_per_genre=5, duration=2.0, random_state=1)
right = model.fit(X, y).predict(features.transform(unheard.data)) == unheard.target
truth = right.mean()
print(f"accuracy on new artists: {truth:.3f}")

# %%
# It lies in the interval of the folds by artist, and far outside that of the random ones.
# The honest interval is wide: it goes by artists, of whom there are 30, and not by clips.
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
results = {"folds by artist": by_artist, "random folds": at_random}
for place, (name, result) in enumerate(results.items()):
    score, low, high = result.interval()
    ax.barh(place, score, color=f"C{place}", alpha=0.7)
    ax.errorbar(score, place, xerr=[[score - low], [high - score]], color="0.2", capsize=4)
    ax.text(0.02, place, f"{name}: {score:.2f}", va="center")
ax.axvline(truth, color="0.2", ls=":")
ax.text(truth, 1.48, f"new artists: {truth:.2f}", ha="center", va="bottom")
ax.set(xlim=(0, 1), yticks=[], ylim=(-0.45, 1.45), xlabel="accuracy with 95 % interval")

# %%
# Recall of each genre, and what is confused with what, without the flattery:
by_artist.plot()
plt.show()
