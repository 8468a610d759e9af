"""
Leakage: random folds against folds by artist
=============================================

The same model on the same clips scores far higher with random folds than with folds by artist.
Clips by new artists tell which of the two numbers is right.
"""

# %%
# Generated music by 30 artists, five in each genre. As in real music, each artist has a sound of
# its own: a studio, an instrument, a voice.
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
# Random folds, as in most papers. How many test clips are by an artist that the model was trained
# on?
random_folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
report = leakage_report(X, y, groups=artists, cv=random_folds)
print(report)
report.plot()

# %%
# All of them. The model may learn the artist instead of the genre, and nobody would notice.
# Folds by artist have no such leak:
artist_folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
leakage_report(X, y, groups=artists, cv=artist_folds)

# %%
# With groups, :func:`~sklearn_mgc.evaluation.cross_validate` draws folds by artist by itself, and
# refuses random ones unless you pass ``allow_leakage=True``.
by_artist = cross_validate(model, X, y, groups=artists, cv=artist_folds)
at_random = cross_validate(model, X, y, groups=artists, cv=random_folds, allow_leakage=True)
print(by_artist)

# %%
# The same for random folds, if one insists:
print(at_random)

# %%
# Which number is right? Here we can find out, with 240 clips by 30 new artists.
unheard = make_music(n_tracks=240, artists_per_genre=5, duration=2.0, random_state=1)
right = model.fit(X, y).predict(features.transform(unheard.data)) == unheard.target
truth = right.mean()
print(f"accuracy on new artists: {truth:.3f}")

# %%
# It lies in the interval of the folds by artist, and far outside that of the random ones.
# The honest interval is wide because it counts artists, of whom there are 30, and not clips.
# sphinx_gallery_thumbnail_number = 2
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
plt.show()
