"""How a command ends when it cannot do what it was asked."""

from __future__ import annotations

EXIT_VENDED = 0
EXIT_NOT_VENDED = 1
EXIT_USAGE = 2
EXIT_CHANGES = 2
"""Of a plan that was asked for a detailed status, as Terraform's users know it."""
EXIT_INTERRUPTED = 130


class CommandError(Exception):
    """A command ends here, with what happened, why, and what to do next; never with a traceback.

    Args:
        what: one line or several, complete sentences without the final stop.
        remedy: what the user can do about it; may be empty.
        exit_code: 1 for "not vended" and AWS's refusals, 2 for bad input or usage.
    """

    def __init__(self, what: str, *, remedy: str = "", exit_code: int = EXIT_NOT_VENDED) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.exit_code = exit_code


class InputError(CommandError):
    """What the user gave cannot be used; nothing was sent anywhere."""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what, remedy=remedy, exit_code=EXIT_USAGE)
