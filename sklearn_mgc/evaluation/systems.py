"""What is compared: the paper's systems, what any user has at hand, and our best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.svm import SVC

from sklearn_mgc.classifiers import RegularizedDiscriminantAnalysis
from sklearn_mgc.features import RelativeVariances
from sklearn_mgc.recipes import paper


@dataclass(frozen=True)
class System:
    """A classifier under comparison.

    Parameters
    ----------
    name : str
        Its name.
    title : str
        What it is, in words.
    reads : {"descriptors", "kaggle", "mel"}
        Descriptors of any kind, the 57 columns of the public table, or spectrograms.
    make : callable
        Takes a seed, gives an unfitted estimator.
    """

    name: str
    title: str
    reads: str
    make: Callable[[int], Any]


def best_handcrafted(*, search: bool = False):
    """Make our best classifier of the 57 descriptors of ``HandcraftedFeatures("kaggle")``.

    Relative variances, made normal, and a discriminant analysis with a covariance per genre
    that is mostly the common one. It scored best in artist-grouped folds of the training
    and validation clips of GTZAN's fault-filtered split.

    Parameters
    ----------
    search : bool, default=False
        Choose how much of the covariance is pooled and shrunk by artist-grouped folds
        inside the training data, which needs ``fit(X, y, groups=artists)``. False takes
        0.8 and 0.05.

    Returns
    -------
    Pipeline or GridSearchCV
        An unfitted classifier.

    Examples
    --------
    >>> from sklearn_mgc.evaluation import best_handcrafted
    >>> [step for step, _ in best_handcrafted().steps]
    ['relativevariances', 'powertransformer', 'regularizeddiscriminantanalysis']
    """
    model = make_pipeline(
        RelativeVariances(), PowerTransformer(), RegularizedDiscriminantAnalysis()
    )
    if not search:
        return model
    grid = {
        "regularizeddiscriminantanalysis__pooling": [0.7, 0.8, 0.9],
        "regularizeddiscriminantanalysis__shrinkage": [0.02, 0.05, 0.1],
    }
    inner = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return GridSearchCV(model, grid, cv=inner)


SYSTEMS = {
    s.name: s
    for s in (
        System(
            "logreg",
            "logistic regression",
            "descriptors",
            lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000)),
        ),
        System(
            "svc",
            "support vector machine, C=10",
            "descriptors",
            lambda seed: make_pipeline(StandardScaler(), SVC(C=10)),
        ),
        System(
            "dnn",
            "the paper's dense network",
            "descriptors",
            lambda seed: paper.dnn(random_state=seed),
        ),
        System(
            "dnn_tuned",
            "the paper's dense network, tuned",
            "descriptors",
            lambda seed: paper.dnn_tuned(random_state=seed),
        ),
        System("best", "our best", "kaggle", lambda seed: best_handcrafted()),
        System(
            "best_searched",
            "our best, searched by inner artist folds",
            "kaggle",
            lambda seed: best_handcrafted(search=True),
        ),
        System("cnn2d", "the paper's 2-D CNN", "mel", lambda seed: paper.cnn2d(random_state=seed)),
        System("crnn", "the paper's CRNN", "mel", lambda seed: paper.crnn(random_state=seed)),
    )
}
