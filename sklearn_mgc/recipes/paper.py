"""The paper as it is: its systems, its grid and its published numbers.

Nothing here is recommended. These are the settings of Gállego, Garcia, Cuxart and Cortès,
*Music Genre Classification* (2019), to be run under their protocol and under honest ones;
see :func:`sklearn_mgc.evaluation.reproduce`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc.classifiers import CNN2DClassifier, CRNNClassifier, DNNClassifier


@dataclass(frozen=True)
class Published:
    """A number from the paper.

    Parameters
    ----------
    system : str
        Name of the system, as in ``sklearn_mgc.recipes.systems.SYSTEMS``.
    dataset : str
        "GTZAN" or "FMA-small".
    accuracy : float
        Share of the test clips that were right.
    n_test : int
        Clips in the test set: one random split.
    n_correct : int or None
        Clips that were right, from the stored output of the notebook; None if there is none.
    validation : float or None
        Accuracy on the validation clips at the end of the same run.
    """

    system: str
    dataset: str
    accuracy: float
    n_test: int
    n_correct: int | None
    validation: float | None

    def interval(self, confidence_level: float = 0.95) -> tuple[float, float]:
        """Give the Wilson interval of the accuracy.

        Parameters
        ----------
        confidence_level : float, default=0.95
            Coverage.

        Returns
        -------
        tuple of float
            Lower and upper end.
        """
        from scipy.stats import binomtest

        correct = round(self.accuracy * self.n_test) if self.n_correct is None else self.n_correct
        found = binomtest(correct, self.n_test).proportion_ci(confidence_level, method="wilson")
        return float(found.low), float(found.high)


results = (
    Published("dnn", "GTZAN", 0.64, 100, 64, 0.67),
    Published("dnn_tuned", "GTZAN", 0.67, 100, 67, 0.55),
    Published("cnn2d", "GTZAN", 0.565, 200, 113, 0.44),
    Published("crnn", "GTZAN", 0.535, 200, 107, 0.445),
    Published("dnn_tuned", "FMA-small", 0.44, 800, None, 0.385),
)
"""What the paper printed, with the counts of its notebooks."""


def dnn(*, max_epochs: int = 600, random_state=None) -> Pipeline:
    """Make the paper's first dense network: dropout 0.5.

    Parameters
    ----------
    max_epochs, random_state
        As of `DNNClassifier`.

    Returns
    -------
    Pipeline
        StandardScaler and network, for the 25 descriptors of
        ``HandcraftedFeatures("paper")``.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> from sklearn_mgc.recipes import paper
    >>> model = make_pipeline(HandcraftedFeatures(), paper.dnn())
    >>> paper.dnn()[-1].dropout
    0.5
    """
    return _dense(dropout=0.5, max_epochs=max_epochs, random_state=random_state)


def dnn_tuned(*, max_epochs: int = 600, random_state=None) -> Pipeline:
    """Make the dense network that the paper's grid search chose: dropout 0.25.

    The grid itself trained for 200 epochs.

    Parameters
    ----------
    max_epochs, random_state
        As of `DNNClassifier`.

    Returns
    -------
    Pipeline
        StandardScaler and network, for the 25 descriptors.
    """
    return _dense(dropout=0.25, max_epochs=max_epochs, random_state=random_state)


def _dense(**params) -> Pipeline:
    network = DNNClassifier((256, 128, 64, 32), lr=1e-4, batch_size=5, weight_decay=0.0, **params)
    return make_pipeline(StandardScaler(), network)


def grid() -> dict[str, list]:
    """Give the paper's grid of 27 dense networks.

    Returns
    -------
    dict
        For ``GridSearchCV`` over ``paper.dnn(max_epochs=200)``.

    Examples
    --------
    >>> from sklearn.model_selection import ParameterGrid
    >>> from sklearn_mgc.recipes import paper
    >>> len(ParameterGrid(paper.grid()))
    27
    """
    return {
        "dnnclassifier__hidden_sizes": [
            (256, 128, 64, 32),
            (512, 256, 128, 64),
            (128, 64, 32, 16),
        ],
        "dnnclassifier__lr": [1e-3, 1e-4, 5e-5],
        "dnnclassifier__dropout": [0.1, 0.25, 0.5],
    }


def cnn2d(*, max_epochs: int = 50, random_state=None) -> CNN2DClassifier:
    """Make the paper's network of 2-D convolutions; its spectrograms are not standardized.

    Parameters
    ----------
    max_epochs, random_state
        As of `CNN2DClassifier`.

    Returns
    -------
    CNN2DClassifier
        For the spectrograms of ``MelSpectrogram()``, 640 frames by 128 bands.
    """
    return CNN2DClassifier(
        channels=(32, 64, 128),
        kernel_size=5,
        pool_sizes=((4, 2), (5, 4), (16, 8)),
        dropout=0.5,
        lr=1e-4,
        batch_size=100,
        max_epochs=max_epochs,
        normalize_input=False,
        random_state=random_state,
    )


def crnn(*, max_epochs: int = 500, random_state=None) -> CRNNClassifier:
    """Make the paper's recurrent network; its spectrograms are not standardized.

    The learning rate is the report's 1e-4; the notebook has 5e-5. Running means of the batch
    normalization move by 0.1 per step, PyTorch's default; in the notebook by 0.9.

    Parameters
    ----------
    max_epochs, random_state
        As of `CRNNClassifier`.

    Returns
    -------
    CRNNClassifier
        For the spectrograms of ``MelSpectrogram()``, 640 frames by 128 bands.
    """
    return CRNNClassifier(
        channels=(64, 32, 16),
        kernel_sizes=(5, 3, 3),
        pool_sizes=(4, 2, 2),
        rnn_hidden_size=32,
        rnn_layers=2,
        dropout=0.3,
        lr=1e-4,
        batch_size=100,
        weight_decay=0.0,
        max_epochs=max_epochs,
        normalize_input=False,
        random_state=random_state,
    )
