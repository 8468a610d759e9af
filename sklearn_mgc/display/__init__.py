"""Pictures and tables of what was learned and of what was heard; pictures need matplotlib."""

from sklearn_mgc.display.axes import genre_colors
from sklearn_mgc.display.comparison import ComparisonDisplay
from sklearn_mgc.display.confidence import CoverageDisplay, ReliabilityDisplay
from sklearn_mgc.display.confusion import ConfusionDisplay
from sklearn_mgc.display.descriptor import DescriptorDisplay
from sklearn_mgc.display.evaluation import EvaluationDisplay
from sklearn_mgc.display.explanation import ExplanationDisplay
from sklearn_mgc.display.importance import ImportanceDisplay
from sklearn_mgc.display.leakage import LeakageDisplay
from sklearn_mgc.display.mel import MelSpectrogramDisplay
from sklearn_mgc.display.players import AudioPlayers
from sklearn_mgc.display.robustness import RobustnessDisplay
from sklearn_mgc.display.scores import ScoresDisplay
from sklearn_mgc.display.timeline import GenreTimelineDisplay
from sklearn_mgc.display.training import TrainingCurvesDisplay

__all__ = [
    "AudioPlayers",
    "ComparisonDisplay",
    "ConfusionDisplay",
    "CoverageDisplay",
    "DescriptorDisplay",
    "EvaluationDisplay",
    "ExplanationDisplay",
    "GenreTimelineDisplay",
    "ImportanceDisplay",
    "LeakageDisplay",
    "MelSpectrogramDisplay",
    "ReliabilityDisplay",
    "RobustnessDisplay",
    "ScoresDisplay",
    "TrainingCurvesDisplay",
    "genre_colors",
]
