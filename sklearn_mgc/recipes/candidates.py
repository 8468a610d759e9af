"""Which columns and which classifier: candidates for scikit-learn's own grid search."""

from __future__ import annotations

from collections.abc import Mapping

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc.classifiers import RegularizedDiscriminantAnalysis

# Of each genre in what a candidate learns from: a support vector machine is calibrated in folds.
LEAST_TRACKS = 3


def descriptor_vote() -> VotingClassifier:
    """Make a soft vote of three classifiers that err differently on descriptors.

    Returns
    -------
    VotingClassifier
        Regularized discriminant analysis, logistic regression and a support vector machine.

    Examples
    --------
    >>> from sklearn_mgc.recipes.candidates import descriptor_vote
    >>> [name for name, _ in descriptor_vote().estimators]
    ['rda', 'logreg', 'svc']
    """
    return VotingClassifier(
        [
            ("rda", RegularizedDiscriminantAnalysis()),
            ("logreg", LogisticRegression(C=0.1, max_iter=2000)),
            ("svc", calibrated_svc()),
        ],
        voting="soft",
    )


def calibrated_svc() -> CalibratedClassifierCV:
    """Make a support vector machine that gives probabilities."""
    return CalibratedClassifierCV(SVC(C=3), cv=LEAST_TRACKS, ensemble=False)


# By what the columns are; every classifier sees standardized columns and gives probabilities. One
# temperature calibrates all folds: those of embeddings have one classifier, as logistic regression
# is as good as LDA there but far less sure of itself.
_CLASSIFIERS = {
    "descriptors": {
        "logreg": lambda: LogisticRegression(C=0.1, max_iter=2000),
        "svc": calibrated_svc,
        "vote": descriptor_vote,
    },
    "embedding": {
        "lda": lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.8),
    },
}
_CLASSIFIERS["both"] = _CLASSIFIERS["embedding"]


def choice(
    columns: Mapping[str, int], *, n_folds: int = 5, grouped: bool = True, random_state: int = 0
) -> GridSearchCV:
    """Make a search for the columns and the classifier that do best on folds by artist.

    Cross-validate the search itself to get the score of the whole procedure, choice included.

    Parameters
    ----------
    columns : mapping of str to int
        How many columns each representation has, in the order in which they lie in X:
        "descriptors", "embedding", or both.
    n_folds : int, default=5
        Folds on which the choice is made.
    grouped : bool, default=True
        Whether ``fit`` is given ``groups``, which the folds keep apart.
    random_state : int, default=0
        Seed of the folds.

    Returns
    -------
    GridSearchCV
        Over a pipeline of the steps ``columns``, ``scaler`` and ``classifier``.

    Examples
    --------
    >>> from sklearn_mgc.recipes import choice
    >>> len(choice({"descriptors": 25}).param_grid)
    3
    """
    spans, start = {}, 0
    for name, n in columns.items():
        spans[name] = slice(start, start + n)
        start += n
    if len(spans) > 1:
        spans["both"] = slice(0, start)
    grid = [
        {
            "columns": [ColumnTransformer([(kind, "passthrough", span)])],
            "classifier": [make()],
        }
        for kind, span in spans.items()
        for make in _CLASSIFIERS[kind].values()
    ]
    splitter = StratifiedGroupKFold if grouped else StratifiedKFold
    pipeline = Pipeline(
        [
            ("columns", "passthrough"),
            ("scaler", StandardScaler()),
            ("classifier", LogisticRegression()),
        ]
    )
    folds = splitter(n_folds, shuffle=True, random_state=random_state)
    return GridSearchCV(pipeline, grid, cv=folds, scoring=_accuracy)


def _accuracy(estimator, X, y) -> float:
    """Unlike the classifiers' own ``score``, without weights, whatever metadata is routed."""
    return accuracy_score(y, estimator.predict(X))


def chosen_columns(search: GridSearchCV) -> str:
    """Say which representation a fitted search chose.

    Parameters
    ----------
    search : GridSearchCV
        A fitted search made by `choice`.

    Returns
    -------
    str
        "descriptors", "embedding" or "both".

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.recipes import choice, chosen_columns
    >>> X, y = np.random.default_rng(0).normal(size=(40, 3)), ["jazz", "rock"] * 20
    >>> chosen_columns(choice({"descriptors": 3}, n_folds=2, grouped=False).fit(X, y))
    'descriptors'
    """
    return search.best_estimator_["columns"].transformers[0][0]
