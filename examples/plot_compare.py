"""
Comparing two classifiers: is one better?
=========================================

One of two scores is always higher. Would the difference remain with other artists? And with another
training set? These are two questions.
"""

# %%
# Two classifiers on the same folds by artist.
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import compare

music = make_music(n_tracks=120, duration=2.0, random_state=0)
X = HandcraftedFeatures().transform(music.data)
linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
tree = DecisionTreeClassifier(random_state=0)
found = compare(
    linear, tree, X, music.target, groups=music.groups, random_state=0,
    names=("logistic regression", "tree"),
)  # fmt: skip
print(found.verdict)
found.plot()

# %%
# The tests behind the verdict:
found

# %%
# With two values of a parameter that hardly matters, no difference is shown:
weaker = make_pipeline(StandardScaler(), LogisticRegression(C=0.7, max_iter=1000))
found = compare(
    linear, weaker, X, music.target, groups=music.groups, names=("C=1", "C=0.7"), random_state=0
)
print(found.verdict)
found.plot()
