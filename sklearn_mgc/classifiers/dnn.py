"""The paper's first classifier: dense layers on handcrafted descriptors."""

from __future__ import annotations

from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.classifiers.compiled import DenseNet
from sklearn_mgc.networks import DNN


class DNNClassifier(BaseGenreClassifier):
    """Classify descriptors with dense layers, batch normalization and dropout.

    Standardize the descriptors first: put a ``StandardScaler`` before it in a pipeline.

    Parameters
    ----------
    hidden_sizes : sequence of int, default=(256, 128, 64, 32)
        Widths of the hidden layers.
    dropout : float, default=0.5
        Probability of dropping a hidden unit.
    lr : float, default=3e-3
        Learning rate of Adam.
    batch_size : int, default=32
        Samples per step. A trailing batch of one joins the batch before it.
    max_epochs : int, default=50
        Number of passes over the training data; fewer with early stopping.
    weight_decay : float, default=0.1
        Decoupled weight decay (AdamW).
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
    HandcraftedFeatures : The descriptors it reads.
    CRNNClassifier : Reads spectrograms.

    References
    ----------
    G. Gállego, C. Garcia, A. Cuxart and G. Cortès, *Music Genre Classification*, 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import DNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=20, random_state=0))
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    _module = DNN
    _net = DenseNet
    _module_params = (
        "hidden_sizes",
        "dropout",
    )
    _reads_mel = False

    _parameter_constraints: dict = {
        **BaseGenreClassifier._parameter_constraints,
        "hidden_sizes": ["array-like"],
    }

    def __init__(
        self,
        hidden_sizes=(256, 128, 64, 32),
        *,
        dropout=0.5,
        lr=3e-3,
        batch_size=32,
        max_epochs=50,
        weight_decay=0.1,
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
