"""Plots of what was learned and of what was heard; needs matplotlib."""

from sklearn_mgc.display.mel import MelSpectrogramDisplay
from sklearn_mgc.display.training import TrainingCurvesDisplay

__all__ = ["MelSpectrogramDisplay", "TrainingCurvesDisplay"]
