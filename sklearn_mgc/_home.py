"""The folder of data sets and weights.

At the root, because `features` and `datasets` both keep files there.
"""

from __future__ import annotations

import os
from pathlib import Path

from sklearn_mgc.audio import as_path


def locate_data_home(data_home: str | os.PathLike | None = None) -> Path:
    """The folder given, else that of ``SKLEARN_MGC_DATA``, else one in the user's own folder."""
    if data_home is None:
        data_home = os.environ.get("SKLEARN_MGC_DATA") or Path("~", "sklearn_mgc_data")
    place = as_path(data_home)
    if place.parts[:1] == ("~",):
        raise FileNotFoundError(
            f"{place}: this user has no home, as in some containers; set HOME, or name a folder in "
            "the environment variable SKLEARN_MGC_DATA"
        )
    return place
