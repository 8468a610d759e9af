"""A page to drop a song on, and the same for programs: needs the ``web`` extra."""

from sklearn_mgc.web.application import create_app

__all__ = ["create_app"]
