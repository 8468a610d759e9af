"""What a fitted model hears: genre over time, and which seconds and bands decided."""

from sklearn_mgc.inspection.explanation import Explanation, explain
from sklearn_mgc.inspection.timeline import GenreTimeline, genre_timeline

__all__ = ["Explanation", "GenreTimeline", "explain", "genre_timeline"]
