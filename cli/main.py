"""The entry point: which command runs, and how it ends.

Only what a command needs is imported, so that help and explanations come at once.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn, TextIO

from cli.arguments.vend import parser
from cli.output.failure import EXIT_INTERRUPTED, EXIT_NOT_VENDED, CommandError
from cli.signals import TERMINATION_SIGNALS

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status.

    Without `words`, which are those of this program then, its process may end here.
    """
    status = _status(words)
    if words is None and "embedded.cloud" in sys.modules:
        _leave(status)
    return status


def _status(words: Sequence[str] | None) -> int:
    if threading.current_thread() is threading.main_thread():
        for each in TERMINATION_SIGNALS:
            # Who starts a command with nohup wants it to outlive the terminal.
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, _terminated)
    try:
        return _run(words)
    except CommandError as failure:
        return _failed(failure)
    except KeyboardInterrupt:
        _write_error("\nStopped.\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader has what it wanted
        _discard(sys.stdout)
        _discard(sys.stderr)
        return EXIT_NOT_VENDED
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        _discard(sys.stdout)
        return _failed(CommandError(f"cannot write output: {error.strerror}"))


def _run(words: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(words)
        module, function = arguments.run.split(":")
        return int(getattr(importlib.import_module(module), function)(arguments))
    finally:
        # What is still in the buffer can fail to be written as well; after help, too.
        if sys.stdout is not None:
            sys.stdout.flush()


def _leave(status: int) -> NoReturn:
    """End at once: taking an embedded AWS apart that has ended already takes Python seconds."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.flush()
    os._exit(status)


def _discard(stream: TextIO | None) -> None:
    """Have Python not complain again when it flushes the stream at exit."""
    if stream is not None:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _failed(failure: CommandError) -> int:
    from cli.output.terminal import Terminal  # noqa: PLC0415

    terminal = Terminal.of(sys.stderr)
    text = f"{terminal.paint('Error:', 'bold', 'red')} {failure.what}\n"
    if failure.remedy:
        text += f"{failure.remedy}\n"
    _write_error(text)
    return failure.exit_code


def _write_error(text: str) -> None:
    """Write to the standard error output, if it is there: a terminal can be gone."""
    from cli.output.terminal import Terminal  # noqa: PLC0415

    try:
        Terminal.of(sys.stderr).write(text)
    except OSError:
        _discard(sys.stderr)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C, so that what was started is stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
