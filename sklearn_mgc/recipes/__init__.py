"""Ready-made pipelines: the paper's, those of related publications, and our best."""

from sklearn_mgc._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "best": "recommended",
        "best_handcrafted": "recommended",
        "choice": "candidates",
        "chosen_columns": "candidates",
        "descriptor_vote": "candidates",
        "ready_card": "ready",
        "ready_model": "ready",
        "voting_crnn": "recommended",
    },
    ("paper", "published", "systems"),
)
