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
from pathlib import Path

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
    "leakage": "check whether a split tests what it trained on",
    "models": "list the pretrained networks, and download their weights",
    "predict": "print the genres of audio files",
    "reproduce": "run the systems of the paper under its protocol and under honest ones",
    "serve": "serve a page to drop a song on, and endpoints for programs",
    "tag": "write genres into the tags of audio files for which the model is sure",
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


@contextlib.contextmanager
def _streams():
    """Standard streams that are there, show any name, and have nothing left to flush."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed (>&-), as daemons are started
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not end a batch.
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # which Python would meet again at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@_streams()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    The exit status is 0 when everything worked, 1 when the command found something wrong (a file
    that could not be read, say), 2 for wrong arguments, 130 or 143 when it was interrupted.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    chosen = next((word for word in argv if word in COMMANDS), None)
    signals: list[int] = []
    try:
        with _interruptible(signals):
            args = _parser(chosen).parse_args(argv)
            module = _module(args.command)
            if signals:  # an import went on as if nothing had happened
                raise KeyboardInterrupt
            return _run(module, args)
    except BrokenPipeError:  # `| head` has seen enough
        return 0
    except (Exception, KeyboardInterrupt) as error:
        # An import that is interrupted may end in an ImportError, and so on.
        if signals or isinstance(error, KeyboardInterrupt):
            print("interrupted", file=sys.stderr)
            return 128 + (signals or [signal.SIGINT])[0]
        if not isinstance(error, (ValueError, OSError, ImportError)):
            raise
        with contextlib.suppress(OSError):
            _print_error(error)
        return 2


class _Listener:
    """A stream of text that may break off (``| head``, a full drive) while work goes on."""

    def __init__(self, stream):
        self._stream, self.error = stream, None

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, act) -> None:
        try:
            if self.error is None:
                act()
        except OSError as error:
            self.error = error


def _run(module, args: argparse.Namespace) -> int:
    """Run a command; one that writes a result does so, whether or not somebody listens."""
    out, err = _Listener(sys.stdout), _Listener(sys.stderr)
    writes = any(isinstance(getattr(args, name, None), Path) for name in ("output", "csv", "json"))
    with contextlib.ExitStack() as stack:
        if writes or getattr(args, "write", False):
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
        status = module.run(args)
        sys.stdout.flush()
    if out.error is not None and not isinstance(out.error, BrokenPipeError):
        raise out.error
    return status


def _print_error(error: Exception) -> None:
    text = f"error: {error}"
    if isinstance(error, OSError) and error.strerror:  # without Python's number
        named = f"{error.filename}: " if isinstance(error.filename, str) else ""
        text = f"error: {named}{error.strerror.lower()}"
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
