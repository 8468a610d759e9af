"""
Learning curves: over the epochs, and over the clips
====================================================

When to stop, and whether more music would help.
"""

# %%
# With ``early_stopping`` a part of the training clips, split by artist if you pass ``groups``, is
# held out. The weights of the epoch that is best on them are restored: the dotted line.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GroupKFold, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import TrainingCurvesDisplay

music = make_music(n_tracks=180, artists_per_genre=10, duration=1.0, random_state=0)
X = StandardScaler().fit_transform(HandcraftedFeatures().transform(music.data))
X += np.random.default_rng(0).normal(scale=0.8, size=X.shape)
network = DNNClassifier(
    max_epochs=100,
    early_stopping=True,
    n_iter_no_change=15,
    validation_fraction=0.25,
    random_state=0,
)
network.fit(X, music.target, groups=music.groups)
TrainingCurvesDisplay.from_estimator(network)

# %%
# The accuracy on new artists still rises at the right end: more training clips would help.
model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=30, random_state=0))
sizes, _, scores = learning_curve(
    model, X, music.target, groups=music.groups, cv=GroupKFold(3), shuffle=True,
    train_sizes=[0.2, 0.4, 0.7, 1.0], random_state=0,
)  # fmt: skip
figure, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
ax.errorbar(sizes, scores.mean(axis=1), yerr=scores.std(axis=1), marker="o", capsize=3)
ax.set(xlabel="training clips", ylabel="accuracy (deviation over folds)", ylim=(0, 1))
plt.show()
