"""The signals that end a command as Ctrl-C does."""

from __future__ import annotations

import signal

TERMINATION_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
