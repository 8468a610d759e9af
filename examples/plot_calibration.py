"""
Calibrated probabilities, and "not sure"
========================================

A network is overconfident: it says 99 % and is right in 80 of 100 cases. A temperature, fitted on
artists that it has not heard, corrects that; then the model may say "not sure".
"""

# %%
# Descriptors of generated music, with noise added to make the genres hard to tell apart.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.classifiers import TemperatureScaledClassifier
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import CoverageDisplay, ReliabilityDisplay
from sklearn_mgc.evaluation import calibrate, confidence_for, cross_validate

music = make_music(n_tracks=300, artists_per_genre=10, duration=1.0, random_state=0)
X = StandardScaler().fit_transform(HandcraftedFeatures().transform(music.data))
X += np.random.default_rng(0).normal(scale=0.8, size=X.shape)
model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=60, random_state=0))
result = cross_validate(model, X, music.target, groups=music.groups, cv=3)

# %%
# The temperature of each fold comes from the other folds; genres stay as they are.
temperature, scaled = calibrate(result)
print(f"temperature {temperature:.2f}")
print(scaled)

# %%
# How often is a prediction right, given its probability? On the diagonal, exactly as often as it
# says. On the right: accuracy, if the model answers only the clips that it is most sure of.
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
ReliabilityDisplay.from_result(result, name="as it is", ax=left)
ReliabilityDisplay.from_result(scaled, name="with temperature", ax=left)
CoverageDisplay.from_result(scaled, ax=right)

# %%
# Above which probability are nine of ten answers right? Below it, say "not sure".
threshold = confidence_for(scaled, 0.9)
final = TemperatureScaledClassifier(model, temperature).fit(X, music.target)
for probabilities in final.predict_proba(X[:5]):
    sure = probabilities.max() >= threshold
    print(final.classes_[probabilities.argmax()] if sure else "not sure", probabilities.round(2))
