"""What a fitted model hears: genre over time, which seconds, bands and descriptors decided."""

from sklearn_mgc.inspection.explanation import Explanation, explain
from sklearn_mgc.inspection.importance import DescriptorImportance, descriptor_importance
from sklearn_mgc.inspection.timeline import GenreTimeline, genre_timeline

__all__ = [
    "DescriptorImportance",
    "Explanation",
    "GenreTimeline",
    "descriptor_importance",
    "explain",
    "genre_timeline",
]
