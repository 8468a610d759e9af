"""
Three networks on the same clips
================================

The paper's three: dense layers on descriptors, convolutions on mel-spectrograms, and convolutions
followed by an LSTM. And a baseline that takes no time at all.
"""

# %%
# Both representations are computed from reading the sound once.
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelSpectrogram,
)
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import ScoresDisplay
from sklearn_mgc.evaluation import cross_validate
from sklearn_mgc.features import extract

music = make_music(n_tracks=72, duration=2.0, random_state=0)
descriptors, mel = extract(
    music.data, HandcraftedFeatures(), MelSpectrogram(n_mels=32, n_frames=43)
)
print(descriptors.shape, mel.shape)

# %%
# The networks are small and trained briefly, so that this page is built in seconds. A few dozen
# clips cannot tell which is better.
small = {"max_epochs": 12, "random_state": 0}
systems = {
    "logistic regression": (LogisticRegression(max_iter=1000), descriptors),
    "DNN": (DNNClassifier(max_epochs=60, random_state=0), descriptors),
    "CNN": (CNN2DClassifier((8, 16), pool_sizes=((4, 2), (4, 4)), kernel_size=3, **small), mel),
    "CRNN": (CRNNClassifier((16, 16), kernel_sizes=(3, 3), pool_sizes=(2, 2), **small), mel),
}
results = {}
for name, (classifier, X) in systems.items():
    model = make_pipeline(StandardScaler(), classifier) if X.ndim == 2 else classifier
    results[name] = cross_validate(model, X, music.target, groups=music.groups, cv=3)
ScoresDisplay.from_results(results)
