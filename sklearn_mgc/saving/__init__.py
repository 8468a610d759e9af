"""What leaves the package: files of models, ONNX, a page about a model, genres in tags."""

from sklearn_mgc.saving.cards import model_card
from sklearn_mgc.saving.export import to_onnx
from sklearn_mgc.saving.models import load_model, runs_code, save_model
from sklearn_mgc.saving.trusted_types import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "load_model", "model_card", "runs_code", "save_model", "to_onnx"]
