"""Names of the package that it does not use itself: vulture reads them here, nothing runs this."""

from typing import Any

_: Any = None

_called_by_others = [
    # Python: lazy attributes of packages
    _.__getattr__,
    _.__dir__,
    # IPython and Jupyter
    _._repr_html_,
    # numba: its configuration, the cache of a function, and listeners of its events
    _.CACHE_DIR,
    _._cache,
    _.on_start,
    _.on_end,
    # scikit-learn: pages of estimators, tags, metadata requests, splitters, names of columns
    _.__metadata_request__fit,
    _._doc_link_module,
    _._doc_link_template,
    _._doc_link_url_param_generator,
    _.one_d_array,
    _.two_d_array,
    _.three_d_array,
    _.string,
    _.requires_fit,
    _.n_features_in_,
    _.intercept_,
    _.get_n_splits,
    _.input_features,
    # The constructors of networks store their arguments by `locals()`
    _.net_params,
    # skorch: what a network overrides, and callbacks
    _._default_callbacks,
    _.get_iterator,
    _.train_step,
    _.validation_step,
    _.on_train_begin,
    _.on_train_end,
    _.on_epoch_end,
    # torch: gradients, and the signature of a function mode
    _.grad,
    _.types,
    # onnxruntime: options of a session
    _.intra_op_num_threads,
    _.log_severity_level,
    # FastAPI: routes
    _.health,
    # columns of gtzan.csv, chosen by name
    _.artist_filtered,
    _.foleiss,
]

_called_by_users = [
    _.to_onnx,
    # what a file of `to_onnx` takes
    _.log_mel_windows,
    # displays
    _.from_audio,
    _.from_estimator,
    _.from_frame,
    _.from_results,
    _.axes_,
    _.confusion_,
    _.text_,
    # all estimators and results
    _.all_estimators,
    _.compare,
    _.history_frame,
    _.smoothed,
    # published recipes, each a function
    _.singh,
    _.lachmish,
    _.deepsound,
    _.choi_crnn,
    _.choi_spectrogram,
    _.parallel_crnn,
    # tests and benchmarks of one engine beside the other
    _.forced,
]
