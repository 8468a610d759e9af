"""What the three classifiers share: checks, labels, device, seed, training and state."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d
from skorch.dataset import Dataset
from skorch.helper import predefined_split

from sklearn_mgc._optional import require
from sklearn_mgc._sklearn_compat import (
    _check_sample_weight,
    _fit_context,
    validate_data,
)
from sklearn_mgc.classifiers import validation_split
from sklearn_mgc.classifiers.batches import RowSubset, chunks, is_finite
from sklearn_mgc.classifiers.callbacks import assemble
from sklearn_mgc.classifiers.device import computing, possible_precision, resolve_device
from sklearn_mgc.classifiers.net import GenreNet
from sklearn_mgc.classifiers.parameters import TrainingParameters
from sklearn_mgc.classifiers.predictions import GenreMixin
from sklearn_mgc.classifiers.text_input import refuse_text
from sklearn_mgc.networks.front_end import FrontEnd


class BaseGenreClassifier(GenreMixin, TrainingParameters):
    """Base of the networks: a scikit-learn classifier that owns a skorch network.

    A subclass names its ``_module`` (a torch class), its ``_module_params`` (parameters
    passed on to it) and whether it reads spectrograms (``_reads_mel``).
    """

    classes_: np.ndarray
    _module: type[torch.nn.Module]
    _net: type[GenreNet] = GenreNet
    _module_params: tuple[str, ...]
    _reads_mel: bool

    # With metadata routing artists come unasked, as to scikit-learn's splitters by group.
    __metadata_request__fit = {"groups": True}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = self._reads_mel
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, groups=None, X_val=None, y_val=None):
        """Train the network from scratch.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_frames, n_mels)
            Descriptors for the dense network, spectrograms for the convolutional ones.
        y : array-like of shape (n_samples,)
            Genres, strings or integers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss.
        groups : array-like of shape (n_samples,), default=None
            Artists. With ``early_stopping`` no artist is on both sides of the inner split.
        X_val : array-like, default=None
            Validation data to watch, in place of an inner split.
        y_val : array-like, default=None
            Genres of ``X_val``.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            If there are fewer than two genres or samples, X holds NaN, or a shape is wrong.
        TypeError
            If a parameter is unknown.
        """
        X, encoded, weight, _ = self._prepare(X, y, sample_weight, groups, X_val, y_val)
        self._train(X, encoded, weight)
        return self

    def _prepare(self, X, y, sample_weight=None, groups=None, X_val=None, y_val=None):
        """Everything of a fit up to its first step: training data and validation set."""
        self._check_extra_params()
        warm = self.warm_start and hasattr(self, "module_")
        X, y = self._validate(X, y, reset=not warm)
        classes, encoded = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least two genres to tell apart, got 1 class: "
                f"{classes.tolist()}"
            )
        if warm and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start goes on with the genres of the first fit {self.classes_.tolist()}, "
                f"got {classes.tolist()}; use warm_start=False for other genres"
            )
        self.classes_, self._input_shape = classes, X.shape[1:]
        weight = self._sample_weight(sample_weight, encoded, X)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        train, validation = self._split(X, encoded, groups, X_val, y_val, seed)
        if train is not None:
            X, encoded = RowSubset(X, train), encoded[train]
            weight = None if weight is None else weight[train]
        old = self.module_.state_dict() if warm else None
        self._start(X, seed, validation, old, verbose=self.verbose)
        return X, encoded, weight, validation

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch, going on from where the network is.

        The state of the optimizer is kept from call to call, so that ``max_epochs`` calls
        do what one ``fit`` without early stopping does. It is not part of a saved model:
        after loading, the optimizer starts anew.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_frames, n_mels)
            As in ``fit``.
        y : array-like of shape (n_samples,)
            Genres.
        classes : array-like of shape (n_classes,), default=None
            All genres that will ever be seen; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss.

        Returns
        -------
        self
            The classifier.

        Raises
        ------
        ValueError
            If ``classes`` is missing in the first call or differs later, or y has a genre
            that is not among them.
        """
        self._check_extra_params()
        first = not hasattr(self, "module_")
        X, y = self._validate(X, y, reset=first)
        if classes is not None:
            classes = np.unique(classes)
        if first:
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit")
            if len(classes) < 2:
                raise ValueError(f"needs at least two genres, got classes={classes.tolist()}")
            self.classes_, self._input_shape = classes, X.shape[1:]
        elif classes is not None and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes={classes.tolist()} differ from those of the first call, "
                f"{self.classes_.tolist()}"
            )
        encoded = self._encode(y, "y")
        weight = self._sample_weight(sample_weight, encoded, X)
        if first:
            self._start(X, check_random_state(self.random_state).randint(2**31 - 1))
        self._train(X, encoded, weight, epochs=1)
        return self

    def _start(self, X, seed: int, validation=None, weights=None, *, verbose: int = 0) -> None:
        """Make the network, from these weights if there are any."""
        self.device_ = resolve_device(self.device)
        if self.precision == "fp16" and self.device_ == "cpu":
            raise ValueError("precision='fp16' needs a GPU; on the CPU use 'bf16' or 'float32'")
        self._seed = seed
        net = self._make_net(validation, verbose=verbose)
        with computing(self):
            net.initialize()
            if weights is None and getattr(net.module_, "mean", None) is not None:
                _set_bands(net.module_, X)
        if weights is None:
            self.history_: list[dict] = []
        else:
            try:
                net.module_.load_state_dict(weights)
            except RuntimeError as error:
                raise ValueError(
                    "warm_start goes on with the network of the first fit, but the parameters "
                    "or the input have another size now; use warm_start=False"
                ) from error
        self.net_, self.module_ = net, net.module_

    def _train(self, X, encoded, weight, epochs: int | None = None) -> None:
        data = {"X": X} if weight is None else {"X": X, "sample_weight": weight}
        before = self.history_[: len(self.history_) - len(_epochs(self.net_))]
        # Weights and epochs so far are kept when the user interrupts.
        try:
            with computing(self):
                self.net_.partial_fit(data, encoded, epochs=epochs)
        finally:
            self.history_ = before + _epochs(self.net_)
            self.n_iter_ = len(self.history_)
            stop = dict(self.net_.callbacks_).get("early_stopping")
            best = getattr(stop, "best_epoch_", 0)
            self.best_epoch_ = len(before) + best if best else self.n_iter_

    def _encode(self, y, name: str) -> np.ndarray:
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"{name} has genres that are not among the classes: {unknown.tolist()}"
            )
        return np.searchsorted(self.classes_, y)

    def predict_proba(self, X):
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        with computing(self):
            return self.net_.predict_proba({"X": X})

    def history_frame(self):
        """Give the history as a table.

        Returns
        -------
        pandas.DataFrame
            One row per epoch, numbered from 1, with the columns of ``history_``.
        """
        pd = require("pandas", extra="data", what="tables")

        check_is_fitted(self)
        index = pd.RangeIndex(1, len(self.history_) + 1, name="epoch")
        return pd.DataFrame(self.history_, index=index)

    def __sklearn_is_fitted__(self):
        """Whether there is a network."""
        return hasattr(self, "module_")

    def _validate(self, X, y=None, *, reset: bool):
        # Files are read, and cast, a batch at a time.
        lazy = isinstance(X, np.memmap) and X.dtype.kind == "f"
        given = {
            "reset": reset,
            "dtype": None if lazy else [np.float32, np.float16],
            "allow_nd": self._reads_mel,
            "ensure_all_finite": False,
        }
        reads = "MelSpectrogram" if self._reads_mel else "HandcraftedFeatures"
        refuse_text(X, type(self).__name__, reads)
        if y is not None or reset:
            X, y = validate_data(self, X, y, ensure_min_samples=2, **given)
            check_classification_targets(y)
        else:
            X = validate_data(self, X, **given)
        if not is_finite(X):
            raise ValueError("Input X contains NaN, infinity or a value too large for float32.")
        if self._reads_mel and X.ndim == 2:
            X = X[:, :, None]  # a sequence with a single band
        if self._reads_mel and X.ndim != 3:
            raise ValueError(
                f"{type(self).__name__} reads spectrograms (n_samples, n_frames, n_mels), got "
                f"shape {X.shape}"
            )
        if not reset and X.shape[1:] != self._input_shape:
            raise ValueError(
                f"X has samples of shape {X.shape[1:]}, but {type(self).__name__} was fitted on "
                f"samples of shape {self._input_shape}"
            )
        return X if y is None else (X, y)

    def _sample_weight(self, sample_weight, encoded, X) -> np.ndarray | None:
        if sample_weight is None and self.class_weight is None:
            return None
        weight = _check_sample_weight(sample_weight, X, dtype=np.float32, copy=True)
        if self.class_weight is not None:
            there, index = np.unique(encoded, return_inverse=True)
            per_class = compute_class_weight(
                self.class_weight, classes=self.classes_[there], y=self.classes_[encoded]
            )
            weight *= per_class[index].astype(np.float32)
        if (weight < 0).any():
            raise ValueError("weights of samples and genres in the loss cannot be negative")
        # Mean 1, so that a step is as long as without weights and every batch counts by what
        # is in it; a mean weighted within the batch would not.
        return weight / max(weight.mean(), np.finfo(np.float32).tiny)

    def _split(self, X, encoded, groups, X_val, y_val, seed: int):
        """Training rows or None for all, and the validation set or None."""
        if X_val is not None or y_val is not None:
            if X_val is None or y_val is None:
                raise ValueError("X_val and y_val go together: pass both or neither")
            X_val = self._validate(X_val, reset=False)
            y_val = column_or_1d(y_val, warn=True)
            if len(y_val) != len(X_val):
                raise ValueError(f"X_val has {len(X_val)} samples, y_val {len(y_val)}")
            return None, Dataset({"X": X_val}, self._encode(y_val, "y_val"))
        if not self.early_stopping:
            return None, None
        train, held_out = validation_split.split(
            encoded, groups, self.validation_fraction, seed, genres=self.classes_
        )
        return train, Dataset({"X": RowSubset(X, held_out)}, encoded[held_out])

    def _make_net(self, validation=None, *, epochs_before: int = 0, verbose: int = 0) -> GenreNet:
        watched = self.early_stopping and validation is not None
        callbacks = assemble(
            self.callbacks,
            classes=self.classes_,
            patience=self.n_iter_no_change if watched else None,
            title=type(self).__name__,
            verbose=verbose,
        )
        network, module = self._module, {n: getattr(self, n) for n in self._module_params}
        if self._reads_mel and (self.normalize_input or self.spec_augment > 0):
            network = FrontEnd
            module |= {"network": self._module, "spec_augment": self.spec_augment}
        # The fused kernel halves the cost of a step of a small network.
        settings = {
            "optimizer__weight_decay": self.weight_decay,
            "optimizer__fused": self.device_ == "cpu" or self.device_.startswith("cuda"),
            **self._extra_params(),
        }
        return self._net(
            network,
            module__input_shape=self._input_shape,
            module__n_classes=len(self.classes_),
            **{f"module__{name}": value for name, value in module.items()},
            classes=self.classes_,
            criterion=torch.nn.CrossEntropyLoss,
            criterion__label_smoothing=self.label_smoothing,
            optimizer=torch.optim.AdamW,
            lr=self.lr,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            train_split=None if validation is None else predefined_split(validation),
            callbacks=callbacks,
            device=self.device_,
            verbose=0,
            seed=self._seed,
            epochs_before=epochs_before,
            lr_schedule=self.lr_schedule,
            mixup=self.mixup if self._reads_mel else 0.0,
            precision=possible_precision(self.precision, self.device_),
            compiled=self.compile,
            **settings,
        )

    def __getstate__(self):
        """Plain parameters and numpy arrays: no torch object, so any machine can load it."""
        state = dict(super().__getstate__())
        if "net_" in state:
            state.pop("net_")
            weights = state.pop("module_").state_dict()
            state["_weights"] = {name: t.detach().cpu().numpy() for name, t in weights.items()}
        return state

    def __setstate__(self, state):
        """Rebuild the network on the device that is there."""
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is None:
            return
        self.device_ = resolve_device(self.device, missing_ok=True)
        self.net_ = self._make_net(epochs_before=len(self.history_))
        self.net_.check_sizes({name: np.shape(values) for name, values in weights.items()})
        with computing(self):
            self.net_.initialize()
            self.module_ = self.net_.module_
            self.module_.load_state_dict({name: torch.as_tensor(w) for name, w in weights.items()})


def _epochs(net: GenreNet) -> list[dict]:
    """History of the epochs that ended, without per-batch records and skorch's own marks."""
    return [
        {k: v for k, v in row.items() if k not in ("batches", "epoch") and not k.endswith("_best")}
        for row in net.history
        if "train_loss" in row
    ]


def _set_bands(module: FrontEnd, X) -> None:
    """Mean and deviation of each band over the training data."""
    scaler = StandardScaler()
    for clips in chunks(X):
        scaler.partial_fit(np.asarray(clips, dtype=np.float32).reshape(-1, X.shape[-1]))
    module.mean.copy_(torch.as_tensor(scaler.mean_))
    module.scale.copy_(torch.as_tensor(scaler.scale_))
