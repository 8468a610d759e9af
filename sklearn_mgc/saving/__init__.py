"""Models that leave the machine: what may be loaded, ONNX, and a page about the model."""

from sklearn_mgc.saving.cards import model_card
from sklearn_mgc.saving.export import to_onnx
from sklearn_mgc.saving.trusted_types import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "model_card", "to_onnx"]
