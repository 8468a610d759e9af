"""Two-dimensional convolutions and a bidirectional GRU on spectrograms, side by side."""

from __future__ import annotations

from numbers import Integral

from sklearn_mgc._sklearn_compat import Interval
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.networks import ParallelCRNN


class ParallelCRNNClassifier(BaseGenreClassifier):
    """Classify spectrograms with 2-D convolutions and a bidirectional GRU, side by side.

    Both read the spectrogram; a linear layer decides on what both found.

    Parameters
    ----------
    channels : sequence of int, default=(16, 32, 64, 64, 64)
        Output channels of the convolutions.
    kernel_size : (int, int), default=(3, 1)
        Size of the kernels over (frames, bands), capped by what is left of the input.
    pool_sizes : sequence of (int, int), default=((2, 2), (2, 2), (2, 2), (4, 4), (4, 4))
        Pooling after each convolution, capped by what is left of the input.
    rnn_pool_size : (int, int), default=(4, 2)
        Pooling before the GRU.
    rnn_hidden_size : int, default=64
        Width of the GRU's hidden state in each direction.
    dropout : float, default=0.0
        Probability of dropping one of the values that both give.
    lr : float, default=1e-3
        Learning rate of Adam.
    batch_size : int, default=32
        Samples per step. A trailing batch of one joins the batch before it.
    max_epochs : int, default=50
        Number of passes over the training data; fewer with early stopping.
    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW).
    normalize_input : bool, default=True
        Standardize each mel band by its mean and deviation over the training data; they
        are kept with the weights. Instead of a `MelScaler` before it.
    mixup : float, default=0.0
        Blend the samples of a batch with one another, by shares from Beta(mixup, mixup).
    spec_augment : float, default=0.0
        Mask a run of frames and one of bands of each training sample, of random length up
        to this share of them.
    label_smoothing : float, default=0.0
        Share of each training target that is spread over all genres.
    lr_schedule : {"onecycle", "cosine"} or None, default=None
        Course of the learning rate over ``max_epochs``: "cosine" falls from ``lr`` to
        nothing, "onecycle" rises to it for a quarter of the epochs first.
    class_weight : dict, "balanced" or None, default=None
        Weight of each genre in the loss; "balanced" is inverse to its frequency.
    early_stopping : bool, default=False
        Hold out ``validation_fraction`` of the training data (stratified, and by artist
        where ``groups`` are passed to ``fit``), stop when its loss has not improved for
        ``n_iter_no_change`` epochs, and restore the best weights.
    validation_fraction : float, default=0.1
        Share held out by early stopping.
    n_iter_no_change : int, default=20
        Patience of early stopping in epochs.
    callbacks : list, default=None
        skorch callbacks, for example ``[EpochScoring("f1_macro", lower_is_better=False)]``.
        Scorers see genres by name.
    warm_start : bool, default=False
        ``fit`` goes on from the weights that are there, for ``max_epochs`` more epochs.
    device : str, default="auto"
        "auto" is CUDA where there is a device and else the CPU; or a torch device
        name such as "cpu", "cuda:1" or "mps".
    precision : {"float32", "bf16", "fp16"}, default="float32"
        Of the forward pass. bf16 is for GPUs and for CPUs with AMX or AVX512-BF16 (others use
        float32, with a warning), fp16 is for GPUs.
        Weights stay float32.
    compile : bool, default=False
        Run the network through ``torch.compile``, which needs a C++ compiler and pays off
        in long runs on a GPU.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, dropout and the inner split. Results are reproducible on
        the CPU; torch's global state is left alone.
    verbose : int, default=0
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

    See Also
    --------
    MelSpectrogram : The spectrograms it reads.
    MelScaler : Standardizes their bands.
    CRNNClassifier : One after the other.
    sklearn_mgc.recipes.published.parallel_crnn : With the settings it was published with.

    References
    ----------
    L. Feng, S. Liu and J. Yao, *Music genre classification with paralleling recurrent
    convolutional neural network*, arXiv:1712.08370, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import ParallelCRNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(8, 32, 16))
    >>> y = ["jazz", "rock"] * 4
    >>> model = ParallelCRNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (8, 2)
    """

    _module = ParallelCRNN
    _module_params = (
        "channels",
        "kernel_size",
        "pool_sizes",
        "rnn_pool_size",
        "rnn_hidden_size",
        "dropout",
    )
    _reads_mel = True

    _parameter_constraints: dict = {
        **BaseGenreClassifier._parameter_constraints,
        "channels": ["array-like"],
        "kernel_size": ["array-like"],
        "pool_sizes": ["array-like"],
        "rnn_pool_size": ["array-like"],
        "rnn_hidden_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        channels=(16, 32, 64, 64, 64),
        *,
        kernel_size=(3, 1),
        pool_sizes=((2, 2), (2, 2), (2, 2), (4, 4), (4, 4)),
        rnn_pool_size=(4, 2),
        rnn_hidden_size=64,
        dropout=0.0,
        lr=1e-3,
        batch_size=32,
        max_epochs=50,
        weight_decay=0.0,
        normalize_input=True,
        mixup=0.0,
        spec_augment=0.0,
        label_smoothing=0.0,
        lr_schedule=None,
        class_weight=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=20,
        callbacks=None,
        warm_start=False,
        device="auto",
        precision="float32",
        compile=False,
        random_state=None,
        verbose=0,
        **net_params,
    ):
        self._store(locals())
