"""The third representation: what a network hears that was trained on other music."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from numbers import Integral
from types import NoneType
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mgc.features import backbones
from sklearn_mgc.features.backbones.base import Backbone, Card, Grid
from sklearn_mgc.features.base import AudioTransformer, check_choice, check_number
from sklearn_mgc.features.sound import Sound
from sklearn_mgc.features.summary import STATISTICS, summarize

if TYPE_CHECKING:  # torch is loaded by what needs it
    from sklearn_mgc.features.backbones.log_mel import LogMelBackbone, RowOfPatches

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_ONE_AT_A_TIME = threading.Lock()  # on a GPU: its memory is one


class PretrainedEmbedding(AudioTransformer):
    """Describe clips by a network that was trained on other music.

    The clip is cut into windows, the network describes each, and the rows are statistics over
    the windows. With artists apart, a linear classifier on such rows beats everything that is
    trained on a thousand clips alone.

    Parameters
    ----------
    model : str, path-like or callable, default="musicnn"
        Name of a network; ``python -m sklearn_mgc models`` lists them with their licences. Its
        weights must be on this machine: ``python -m sklearn_mgc models fetch musicnn``. Or an
        audio model of Hugging Face's transformers, ``"hub:NAME"`` or a folder; ``"onnx:FILE"``;
        a ``torch.nn.Module`` or another callable that takes float32 waveforms (n, samples).
    layer : str or sequence of str, default=None
        Which layer describes a window; several stand side by side. musicnn has "tags" (50
        probabilities with names), "penultimate" (200 values, the default), "max_pool" and
        "mean_pool" (753 each). Models of transformers have "last" (the default), "layer0" (what
        goes into the first layer), "layer1", ..., as means over time, and some have "pooled" and
        "projected" (CLAP's space of sounds and texts). Those of your own have the names of their
        outputs, and the first is the default.
    model_params : dict, default=None
        What else the model needs. From the hub: ``revision``, ``trust_remote_code`` (False),
        ``local_files_only`` (False). ONNX files and callables: ``sample_rate``, or a
        ``front_end`` such as `MelSpectrogram` that makes their input of each window.
    statistics : sequence of str, default=("mean", "std")
        Over the windows: "mean", "std", "var", "min", "max", "median", "skew", "kurtosis".
    window : float, default=None
        Seconds that the network hears at once; those that it was trained with by default, 5 for
        a model of the hub that takes any length, and 10 for one of your own.
    hop : float, default=None
        Seconds from window to window; as long as the window by default. What is left after the
        last whole window is not heard, and a clip shorter than a window is repeated to fill it.
    device : str, default="auto"
        "cuda" where there is one, else "cpu".
    batch_size : int, default=16
        Windows that are computed together; halved, with a warning, where memory does not suffice.
    offset, duration, n_segments, on_error, cache, n_jobs, verbose : shared

    Attributes
    ----------
    weights_hash_ : str or None
        Hash of the weights. A pickled transformer has this, and not the weights; only a callable
        is pickled itself. None for one that has no attribute ``weights_hash``, which cannot have
        a ``cache``.
    failed_ : shared

    See Also
    --------
    HandcraftedFeatures, MelSpectrogram : The two representations of the paper.

    Notes
    -----
    Files are resampled to the network's rate, `sample_rate`; waveforms must be at that rate.

    A module is put into evaluation mode and onto the device.

    A network may have heard clips of a test set in its own training; each network's card says
    what is known of that.

    References
    ----------
    J. Pons and X. Serra, "musicnn: pre-trained convolutional neural networks for music audio
    tagging", ISMIR 2019, late-breaking demo.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc.features import PretrainedEmbedding
    >>> embedding = PretrainedEmbedding("musicnn", layer="tags", statistics=["mean"])
    >>> embedding.get_feature_names_out()[:3]
    array(['tags_rock_mean', 'tags_pop_mean', 'tags_alternative_mean'], dtype=object)
    >>> model = make_pipeline(embedding, StandardScaler(), LogisticRegression())
    """

    def __init__(
        self,
        model="musicnn",
        *,
        layer=None,
        model_params=None,
        statistics=("mean", "std"),
        window=None,
        hop=None,
        device="auto",
        batch_size=16,
        offset=0.0,
        duration=None,
        n_segments=None,
        on_error="raise",
        cache=None,
        n_jobs=None,
        verbose=0,
    ):
        self.model = model
        self.layer = layer
        self.model_params = model_params
        self.statistics = statistics
        self.window = window
        self.hop = hop
        self.device = device
        self.batch_size = batch_size
        self.offset = offset
        self.duration = duration
        self.n_segments = n_segments
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def sample_rate(self) -> int:  # type: ignore[override]
        """The network's."""
        return self.card.sample_rate

    @property
    def card(self) -> Card:
        """What is known of the network: source, licence, training data, sizes."""
        known = backbones.cards()
        named = isinstance(self.model, str) and self.model in known
        return known[self.model] if named else self._backbone().card

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Give the names of the columns, such as ``tags_rock_mean`` or ``penultimate_17_std``.

        Parameters
        ----------
        input_features : array-like, default=None
            Not read.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        tags, sizes = self.card.tags, self._sizes()
        names = [
            f"{layer}_{tags[i] if layer == 'tags' and tags else i}_{statistic}"
            for layer in self._layers()
            for i in range(sizes[layer])
            for statistic in self._statistics()
        ]
        return np.asarray(names, dtype=object)

    def output_shape(self):
        sizes = self._sizes()
        return (sum(sizes[layer] for layer in self._layers()) * len(self._statistics()),)

    def check_params(self):
        self.__dict__.pop("_loaded", None)  # whose file may be another by now
        self.__dict__.pop("_most", None)
        for statistic in self._statistics():
            check_choice("statistics", statistic, tuple(STATISTICS))
        for name in ("window", "hop"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), 0.02)
        check_number("batch_size", self.batch_size, 1)
        if not isinstance(self.batch_size, Integral):
            raise ValueError(f"batch_size must be an integer, got {self.batch_size!r}")
        _pick_device(self.device)
        self._grid()
        for layer in self._layers():
            check_choice("layer", layer, tuple(self._sizes()))
        if not self._layers() or not self._statistics():
            raise ValueError("layer and statistics must have at least one name")
        self._check_weights()

    def _check_weights(self) -> None:
        found = self._backbone().weights_hash
        if found is None and self.cache is not None:
            raise ValueError(
                f"cache= needs to know {self.model!r} again: give it an attribute weights_hash, a "
                "text that changes whenever its results do, or leave cache out"
            )
        if self.__dict__.setdefault("weights_hash_", found) != found:
            raise ValueError(
                f"this transformer was fitted with other weights of {self.model!r} (hash "
                f"{str(self.weights_hash_)[:12]}...) than those here ({str(found)[:12]}...): bring "
                "those weights, or fit a clone with these"
            )

    def cache_key(self):  # without the device and the batches
        return {
            "transformer": type(self).__name__,
            "weights": self._backbone().weights_hash,
            "version": 1,
            "layers": self._layers(),
            "statistics": self._statistics(),
            "grid": tuple(self._grid()),
        }

    def warm_up(self):
        self._backbone()

    def extract_sound(self, sound: Sound):
        return summarize(self.embed_windows(sound), self._statistics())

    def embed_windows(self, sound: Sound) -> np.ndarray:
        """The layer in each window.

        Parameters
        ----------
        sound : Sound
            A clip.

        Returns
        -------
        float32 array of shape (n_windows, size of the layers)
            In the order of time.
        """
        backbone, grid = self._backbone(), self._grid()
        batches = _batches(sound, grid, int(self.batch_size))
        return np.concatenate([self._embed(backbone, grid, y, n) for y, n in batches])

    def log_mel_windows(self, sound: Sound) -> np.ndarray:
        """What the network sees of each window, and what a file of `saving.to_onnx` takes.

        Parameters
        ----------
        sound : Sound
            A clip.

        Returns
        -------
        float32 array of shape (n_windows, n_frames, n_bands)
            In the order of time.

        Raises
        ------
        TypeError
            If the network does not see a log-mel spectrogram.
        """
        backbone, grid = self._log_mel_backbone(), self._grid()
        batches = _batches(sound, grid, int(self.batch_size))
        return np.concatenate([backbone.patches(y, n, grid, "cpu").numpy() for y, n in batches])

    def as_module(self) -> tuple[RowOfPatches, dict]:
        """Make a torch module of the way from `log_mel_windows` to the row.

        Returns
        -------
        module : torch.nn.Module
            Takes tensors (n_clips, n_windows, n_frames, n_bands), on the CPU.
        spectrogram : dict
            How to compute them without this package.

        Raises
        ------
        TypeError
            If the network does not see a log-mel spectrogram, or a statistic has no module.
        ValueError
            If the weights are not those of fit.
        """
        from sklearn_mgc.features.backbones.log_mel import RowOfPatches

        self.check_params()
        backbone = self._log_mel_backbone()
        module = RowOfPatches(backbone.network, self._layers(), self._statistics())
        return module, backbone.spectrogram(self._grid())

    def _log_mel_backbone(self) -> LogMelBackbone:
        from sklearn_mgc.features.backbones.log_mel import LogMelBackbone

        backbone = self._backbone()
        if not isinstance(backbone, LogMelBackbone):
            raise TypeError(
                f"{self.model!r} does not see a log-mel spectrogram from which a graph could "
                "start, as musicnn does"
            )
        return backbone

    def _embed(self, backbone: Backbone, grid: Grid, y: np.ndarray, n: int) -> np.ndarray:
        half = n // 2
        if n <= self.__dict__.get("_most", n):
            device = _pick_device(self.device)
            try:
                with nullcontext() if device == "cpu" else _ONE_AT_A_TIME:
                    return backbone.embed(y, n, grid, self._layers(), device)
            except (RuntimeError, MemoryError) as error:
                text = str(error)
                lacking = isinstance(error, MemoryError) or any(t in text for t in _OUT_OF_MEMORY)
                if not lacking or n == 1:
                    raise
            self.__dict__["_most"] = half  # for what is left of this call
            warnings.warn(
                f"{n} windows do not fit into the memory of {device}, going on with {half}: "
                f"pass batch_size={half}",
                UserWarning,
                stacklevel=2,
            )
        cut = (half - 1) * grid.step + grid.length + 2 * grid.margin
        parts = (y[:cut], half), (y[half * grid.step :], n - half)
        return np.concatenate([self._embed(backbone, grid, part, m) for part, m in parts])

    def _backbone(self) -> Backbone:
        """The same until a parameter changes or the transformer is fitted anew."""
        asked = self.model, self.model_params
        if not isinstance(self.model_params, (dict, NoneType)):
            raise ValueError(f"model_params must be a dict, got {self.model_params!r}")
        loaded = self.__dict__.get("_loaded")
        if loaded is None or loaded[0] is not asked[0] or loaded[1] is not asked[1]:
            loaded = (*asked, backbones.load(self.model, **(self.model_params or {})))
            self.__dict__["_loaded"] = loaded
        return loaded[2]

    def _sizes(self) -> dict[str, int]:
        return self.card.layers or self._backbone().sizes(self._grid())

    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k not in ("_loaded", "_most")}

    def _layers(self) -> tuple[str, ...]:
        if self.layer is None:
            return (self.card.default_layer or next(iter(self._sizes())),)
        return (self.layer,) if isinstance(self.layer, str) else tuple(self.layer)

    def _statistics(self) -> tuple[str, ...]:
        return (self.statistics,) if isinstance(self.statistics, str) else tuple(self.statistics)

    def _grid(self) -> Grid:
        window = self.card.window if self.window is None else self.window
        return self._backbone().grid(window, window if self.hop is None else self.hop)


def _pick_device(device: str) -> str:
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = torch.device(device).type  # a clear error for a name that is none
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r} is not available here; use device='auto' or 'cpu'")
    return device


def _batches(sound: Sound, grid: Grid, size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Samples of so many windows at a time, with margins, and how many windows they are."""
    margin = np.zeros(grid.margin, dtype=np.float32)
    waiting = margin
    n_samples, n_done = 0, 0

    def take(n: int) -> np.ndarray:
        nonlocal waiting, n_done
        batch = waiting[: (n - 1) * grid.step + grid.length + 2 * grid.margin]
        waiting = waiting[n * grid.step :]
        n_done += n
        return batch

    for block in sound.blocks():
        n_samples += len(block)
        waiting = np.concatenate([waiting, block])
        # Those whose margin is there, too.
        while grid.count(n_samples - grid.margin) - n_done >= size:
            yield take(size), size
    if n_samples < grid.length:
        waiting = np.concatenate([margin, np.resize(waiting[grid.margin :], grid.length)])
        n_samples = grid.length
    waiting = np.concatenate([waiting, margin])
    while (n := min(size, grid.count(n_samples) - n_done)) > 0:
        yield take(n), n
