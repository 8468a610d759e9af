"""
Probabilities that mean what they say
=====================================

A network that was trained to the end says 99 % where it is right in 80 of 100 cases.
Temperature scaling learns by how much to tone it down.
"""

# %%
# Descriptors of generated music, hard to tell apart: noise is added to them. Artists of the
# test clips are not in the training clips.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import make_music

music = make_music(n_tracks=360, artists_per_genre=10, duration=1.0, random_state=0)
X = StandardScaler().fit_transform(HandcraftedFeatures().transform(music.data))
X = X + np.random.default_rng(0).normal(scale=0.8, size=X.shape)
y = np.asarray(music.target)
folds = StratifiedGroupKFold(3, shuffle=True, random_state=0)
train, test = next(folds.split(X, y, music.groups))

# %%
# The same network, as it is and with its temperature found on three folds by artist inside the
# training clips.
network = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=60, random_state=0))
inner = list(folds.split(X[train], y[train], np.asarray(music.groups)[train]))
models = {
    "as it is": network,
    "temperature": CalibratedClassifierCV(network, method="temperature", cv=inner),
}
found = {
    name: model.fit(X[train], y[train]).predict_proba(X[test]) for name, model in models.items()
}

# %%
# How often is a prediction right that is this sure? On the diagonal, as often as it says.
figure, ax = plt.subplots(figsize=(5, 4.5), layout="constrained")
ax.plot([0, 1], [0, 1], ":", color="0.5")
classes = np.unique(y)
for name, probabilities in found.items():
    right = classes[probabilities.argmax(axis=1)] == y[test]
    sure = probabilities.max(axis=1)
    share, said = calibration_curve(right, sure, n_bins=5, strategy="quantile")
    loss = log_loss(y[test], probabilities.astype(np.float32))  # what the network computes in
    ax.plot(said, share, "o-", label=f"{name}: log-loss {loss:.2f}, right {right.mean():.2f}")
ax.set(xlabel="probability of the predicted genre", ylabel="share that is right")
ax.legend()
plt.show()
