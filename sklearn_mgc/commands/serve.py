"""``python -m sklearn_mgc serve``: a page to drop a song on, and endpoints for programs."""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys

import sklearn_mgc as mgc  # rooms of torch load on first use: `--help` needs none
from sklearn_mgc._optional import require
from sklearn_mgc.commands.answers import check_asking, sure_from

EXAMPLE = "model.skops"

# What is being answered may end; an upload that drips must not keep the server alive.
_LAST_SECONDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "model",
        nargs="?",
        help="a model saved by train or demo (default: a ready-made one for GTZAN's genres)",
    )
    parser.add_argument(
        "--trust",
        action="store_true",
        help="load a joblib file, which runs code from it; a .skops file needs no trust",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this "
                        "machine alone)")  # fmt: skip
    parser.add_argument("--port", type=int, default=8000, help="port (default: 8000; 0: any)")
    parser.add_argument(
        "--min-confidence",
        type=float,
        metavar="P",
        help='say "not sure" below this probability (default: as `predict`)',
    )
    parser.add_argument(
        "--max-megabytes", type=float, default=100, help="size of an upload (default: 100)"
    )
    parser.add_argument(
        "--max-seconds", type=float, default=900, help="length of an upload (default: 900)"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    check_asking(args)
    uvicorn = require("uvicorn", extra="web", what="the page and its endpoints")
    from sklearn_mgc.web import create_app

    with _listen(args.host, args.port) as listening:
        app = create_app(
            _model(args),
            max_bytes=int(args.max_megabytes * 1e6),
            max_seconds=args.max_seconds,
            min_confidence=args.min_confidence or 0.0,
        )
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_LAST_SECONDS)
        host = f"[{args.host}]" if ":" in args.host else args.host
        address = f"http://{host}:{listening.getsockname()[1]}"
        print(f"Drop a song on {address} (Ctrl-C ends it).", file=sys.stderr, flush=True)
        with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again at its end
            uvicorn.Server(config).run(sockets=[listening])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is bound before anything is loaded or told."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise OSError(f"cannot listen on {host}, port {port}: {why}; choose another") from error


def _model(args: argparse.Namespace):
    if args.model is None:
        if args.min_confidence is None:
            args.min_confidence = sure_from()
        return mgc.recipes.ready_model("gtzan")
    return mgc.saving.load_model(args.model, trust=args.trust)
