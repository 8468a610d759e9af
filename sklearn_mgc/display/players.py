"""Clips to listen to in a notebook or a page."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from typing import Any

from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable


class AudioPlayers:
    """Players of named clips, which notebooks and Sphinx-Gallery show.

    Parameters
    ----------
    clips : dict of str to path-like or ndarray of shape (n_samples,)
        What is to be heard, by name.
    sample_rate : int, default=22050
        Rate of waveforms in Hz.

    Examples
    --------
    >>> from sklearn_mgc.datasets import make_music
    >>> from sklearn_mgc.display import AudioPlayers
    >>> music = make_music(n_tracks=6, duration=1.0, random_state=0)
    >>> AudioPlayers(dict(zip(music.target, music.data)))
    <AudioPlayers: classical, electronic, hiphop, jazz, reggae, rock>
    """

    def __init__(self, clips: Mapping[str, Any], *, sample_rate: int = 22050):
        self.clips = clips
        self.sample_rate = sample_rate

    def __repr__(self) -> str:
        return f"<AudioPlayers: {', '.join(printable(name) for name in self.clips)}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(printable(name))}</td><td>{self._player(clip)}</td></tr>"
            for name, clip in self.clips.items()
        )
        return f"<table><tbody>{rows}</tbody></table>"

    def _player(self, clip) -> str:
        soundfile = require("soundfile", what="sound files")

        from sklearn_mgc.audio import load_audio

        # Embedded, so that a page needs no files beside it.
        file = io.BytesIO()
        sound = load_audio(clip, sample_rate=self.sample_rate) if _is_file(clip) else clip
        soundfile.write(file, sound, self.sample_rate, format="MP3")
        data = base64.b64encode(file.getvalue()).decode("ascii")
        return f'<audio controls preload="none" src="data:audio/mpeg;base64,{data}"></audio>'


def _is_file(clip) -> bool:
    return not hasattr(clip, "dtype")
