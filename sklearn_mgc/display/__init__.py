"""Pictures and tables of what was learned and of what was heard; pictures need matplotlib."""

from sklearn_mgc.display.colors import genre_colors
from sklearn_mgc.display.coverage import CoverageDisplay
from sklearn_mgc.display.explanation import ExplanationDisplay
from sklearn_mgc.display.mel import MelSpectrogramDisplay
from sklearn_mgc.display.timeline import GenreTimelineDisplay
from sklearn_mgc.display.training import TrainingCurvesDisplay

__all__ = [
    "CoverageDisplay",
    "ExplanationDisplay",
    "GenreTimelineDisplay",
    "MelSpectrogramDisplay",
    "TrainingCurvesDisplay",
    "genre_colors",
]
