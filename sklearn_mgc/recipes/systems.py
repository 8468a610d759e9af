"""What `evaluation.reproduce` compares: the paper's systems, baselines, and our best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import recipes  # those of torch load on first use


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
        Gives an unfitted estimator.
    test_size : float, default=0.1
        Share of test clips in the paper's split.
    """

    name: str
    title: str
    reads: str
    make: Callable[[], Any]
    test_size: float = 0.1


def _logreg():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))


def _svc():
    return make_pipeline(StandardScaler(), SVC(C=10))


SYSTEMS = {
    s.name: s
    for s in (
        System("logreg", "logistic regression", "descriptors", _logreg),
        System("svc", "support vector machine, C=10", "descriptors", _svc),
        System("dnn", "the paper's dense network", "descriptors", lambda: recipes.paper.dnn()),
        System(
            "dnn_tuned",
            "the paper's dense network, tuned",
            "descriptors",
            lambda: recipes.paper.dnn_tuned(),
        ),
        System("best", "our best", "kaggle", lambda: recipes.best_handcrafted()),
        System(
            "best_searched",
            "our best, searched by inner artist folds",
            "kaggle",
            lambda: recipes.best_handcrafted(search=True),
        ),
        System("cnn2d", "the paper's 2-D CNN", "mel", lambda: recipes.paper.cnn2d(), 0.2),
        System("crnn", "the paper's CRNN", "mel", lambda: recipes.paper.crnn(), 0.2),
    )
}
"""Systems by name."""
