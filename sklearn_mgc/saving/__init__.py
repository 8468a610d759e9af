"""What leaves the package: files of models, ONNX, a page about a model, genres in tags."""

from sklearn_mgc._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "TRUSTED_TYPES": "trusted_types",
        "load_model": "models",
        "model_card": "cards",
        "runs_code": "models",
        "save_model": "models",
        "to_onnx": "export",
    },
)
