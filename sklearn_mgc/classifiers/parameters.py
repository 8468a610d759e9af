"""The parameters that all networks share: their limits, how they are kept, and skorch's.

Signatures name them in each class, where users and tools look; docstrings there say
``name : shared``, and get the description that is here.
"""

from __future__ import annotations

import difflib
from numbers import Integral, Real

from sklearn.base import BaseEstimator

from sklearn_mgc._shared_docs import share_docs
from sklearn_mgc._sklearn_compat import Interval, StrOptions

_PREFIXES = ("optimizer__", "criterion__", "callbacks__", "module__")


class TrainingParameters(BaseEstimator):
    """Keeps the parameters of a network as they were given, skorch's prefixed ones among them.

    They are declared here, and are attributes as soon as ``__init__`` calls `_store`.
    ``normalize_input``, ``mixup`` and ``spec_augment`` are for networks that read spectrograms.

    Parameters
    ----------
    lr : float
        Learning rate of Adam.
    batch_size : int
        Samples per step. A trailing batch of one joins the batch before it.
    max_epochs : int
        Number of passes over the training data; fewer with early stopping.
    weight_decay : float
        Decoupled weight decay (AdamW).
    normalize_input : bool
        Standardize each mel band by its mean and deviation over the training data; they are
        kept with the weights. Instead of a `MelScaler` before it.
    mixup : float
        Blend the samples of a batch with one another, by shares from Beta(mixup, mixup).
    spec_augment : float
        Mask a run of frames and one of bands of each training sample, of random length up
        to this share of them.
    label_smoothing : float
        Share of each training target that is spread over all genres.
    lr_schedule : {"onecycle", "cosine"} or None
        Course of the learning rate over ``max_epochs``: "cosine" falls from ``lr`` to
        nothing, "onecycle" rises to it for a quarter of the epochs first.
    class_weight : dict, "balanced" or None
        Weight of each genre in the loss; "balanced" is inverse to its frequency.
    early_stopping : bool
        Hold out ``validation_fraction`` of the training data (stratified, and by artist
        where ``groups`` are passed to ``fit``), stop when its loss has not improved for
        ``n_iter_no_change`` epochs, and restore the best weights. Probabilities gain by
        it; accuracy on new artists may lose a point.
    validation_fraction : float
        Share held out by early stopping.
    n_iter_no_change : int
        Patience of early stopping in epochs.
    callbacks : list
        skorch callbacks, for example ``[EpochScoring("f1_macro", lower_is_better=False)]``.
        Scorers see genres by name.
    warm_start : bool
        ``fit`` goes on from the weights that are there, for ``max_epochs`` more epochs.
    device : str
        "auto" is CUDA where there is a device and else the CPU; or a torch device
        name such as "cpu", "cuda:1" or "mps".
    precision : {"float32", "bf16", "fp16"}
        Of the forward pass. bf16 is for GPUs and for CPUs with AMX or AVX512-BF16 (others use
        float32, with a warning), fp16 is for GPUs.
        Weights stay float32.
    compile : bool
        Run the network through ``torch.compile``, which needs a C++ compiler and pays off
        in long runs on a GPU.
    random_state : int, RandomState instance or None
        Seed of weights, batches, dropout and the inner split. Results are reproducible on
        the CPU; torch's global state is left alone.
    verbose : int
        0 is silent, 1 shows a progress bar, 2 prints a table of epochs.
    **net_params : dict
        skorch's prefixed parameters, for example ``optimizer__betas=(0.9, 0.99)``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Genres, sorted.
    n_features_in_ : int
        Length of axis 1 of X seen in ``fit``.
    n_iter_ : int
        Epochs trained, those before a warm start included.
    best_epoch_ : int
        The epoch, counted from 1, whose weights the network has: the last one, or the best
        one with ``early_stopping``.
    net_ : skorch.NeuralNetClassifier
        The trained skorch network, which sees genres as integers.
    module_ : torch.nn.Module
        The trained torch network.
    history_ : list of dict
        Per epoch: ``train_loss``, ``train_acc``, ``train_seconds`` and, with validation
        data, ``valid_loss``, ``valid_acc`` and ``valid_seconds``.
    device_ : str
        The device in use.
    """

    dropout: float
    lr: float
    batch_size: int
    max_epochs: int
    weight_decay: float
    normalize_input: bool
    mixup: float
    spec_augment: float
    label_smoothing: float
    lr_schedule: str | None
    class_weight: dict | str | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    callbacks: list | None
    warm_start: bool
    device: str
    precision: str
    compile: bool
    random_state: object
    verbose: int

    _parameter_constraints: dict = {
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "lr_schedule": [StrOptions({"onecycle", "cosine"}), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "callbacks": [list, None],
        "device": [str],
        "warm_start": ["boolean"],
        "normalize_input": ["boolean"],
        "mixup": [Interval(Real, 0, None, closed="left")],
        "spec_augment": [Interval(Real, 0, 1, closed="both")],
        "precision": [StrOptions({"float32", "bf16", "fp16"})],
        "compile": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        share_docs(cls, *filter(None, [getattr(cls, "_module", None)]))

    def _store(self, given: dict) -> None:
        """Keep what ``__init__`` was given, its ``locals()``, for ``clone`` and ``get_params``.

        Further names are checked in ``fit``.
        """
        names = self._get_param_names()
        self.__dict__.update({name: given[name] for name in names}, **given["net_params"])

    def get_params(self, deep=True):
        return {**super().get_params(deep=deep), **self._extra_params()}

    def set_params(self, **params):
        own = {}
        for name, value in params.items():
            if name.startswith(_PREFIXES):
                setattr(self, name, value)
            else:
                own[name] = value
        super().set_params(**own)
        return self

    def _extra_params(self) -> dict:
        known = self._get_param_names()
        return {
            name: value
            for name, value in vars(self).items()
            if name not in known and not name.endswith("_") and not name.startswith("_")
        }

    def _check_extra_params(self) -> None:
        for name in self._extra_params():
            if name.startswith(_PREFIXES):
                continue
            near = difflib.get_close_matches(name, self._get_param_names(), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see get_params()"
            raise TypeError(f"{type(self).__name__} has no parameter {name!r}; {hint}")
