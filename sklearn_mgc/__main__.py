"""Command line: ``python -m sklearn_mgc COMMAND`` or ``sklearn-mgc COMMAND``."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence

from sklearn_mgc import __version__
from sklearn_mgc._optional import require

# A command is a module of `commands` with `add_arguments(parser)`, `run(args) -> int` and an
# `EXAMPLE`. The module of the command that is run is the only one imported: `--help` is instant.
COMMANDS = {
    "cache": "list, shrink or check a folder of stored features",
    "check": "report what is wrong with the audio files of a folder",
    "data": "list and describe the public data sets, and verify a copy",
    "demo": "train and compare the networks on generated music, or on a folder of your own",
    "features": "write a table of descriptors of audio files",
    "leakage": "say whether a split tests what it trained on",
    "models": "list the pretrained networks, and bring their weights",
    "predict": "print the genres of audio files",
    "reproduce": "run the systems of the paper by its protocol and by honest ones",
    "serve": "a page to drop a song on, and endpoints for programs",
    "tag": "write genres into the tags of audio files, where the model is sure",
    "tags": "print the tags that a pretrained network hears in audio files",
    "train": "train a model on a folder of your own, and say how good it is",
}


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_mgc",
        description="Classify music by genre.",
        epilog="example: python -m sklearn_mgc demo",
    )
    parser.add_argument("--version", action="version", version=f"sklearn_mgc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        if name == chosen:
            module = _module(name)
            command.epilog = f"example: python -m sklearn_mgc {name} {module.EXAMPLE}"
            module.add_arguments(command)
    return parser


def _module(name: str):
    return require(f"sklearn_mgc.commands.{name}", what="commands")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    The exit status is 0 when everything worked, 1 when the command found something wrong (a file
    that could not be read, say), 2 for wrong arguments, 130 or 143 when it was interrupted.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    chosen = next((word for word in argv if word in COMMANDS), None)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed (>&-), as daemons are started
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not end a batch.
            stream.reconfigure(errors="backslashreplace")
    signals: list[int] = []
    try:
        with _interruptible(signals):
            args = _parser(chosen).parse_args(argv)
            module = _module(args.command)
            if signals:  # an import went on as if nothing had happened
                raise KeyboardInterrupt
            status = module.run(args)
            sys.stdout.flush()
            return status
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing left to flush to
        return 0
    except (Exception, KeyboardInterrupt) as error:
        # An import that is interrupted may end in an ImportError, and so on.
        if signals or isinstance(error, KeyboardInterrupt):
            print("interrupted", file=sys.stderr)
            return 128 + (signals or [signal.SIGINT])[0]
        if not isinstance(error, (ValueError, OSError, ImportError)):
            raise
        _print_error(error)
        return 2


def _print_error(error: Exception) -> None:
    text = f"error: {error}"
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str):
        text = f"error: {error.filename}: {error.strerror.lower()}"  # without Python's number
    with contextlib.suppress(ImportError):  # which may be the error
        from sklearn_mgc.audio import printable

        text = "\n".join(map(printable, text.splitlines()))
    print(text, file=sys.stderr)


@contextlib.contextmanager
def _interruptible(signals: list[int]):
    """Let SIGINT and SIGTERM unwind the stack, so that nothing half written is left behind.

    Those that came are noted in ``signals``. Only a main thread may ask for that, and what is
    ignored, as after ``nohup``, remains so.
    """

    def stop(number, frame):
        signals.append(number)
        raise KeyboardInterrupt

    usual = (signal.default_int_handler, signal.SIG_DFL)
    ours = threading.current_thread() is threading.main_thread()
    numbers = [signal.SIGINT, signal.SIGTERM] if ours else []
    before = {number: signal.getsignal(number) for number in numbers}
    changed = {number: handler for number, handler in before.items() if handler in usual}
    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in changed.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
