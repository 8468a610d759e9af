"""Models that leave the machine: what may be loaded, ONNX, and a page about the model."""

from sklearn_mgc.saving._card import model_card
from sklearn_mgc.saving._onnx import to_onnx
from sklearn_mgc.saving._trusted import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "model_card", "to_onnx"]
