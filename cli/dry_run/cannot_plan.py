"""What a plan ends with where it would leave something out."""

from __future__ import annotations

from cli.output.failure import CommandError


class CannotPlan(CommandError):
    """A state, an operation or a call that the plan does not know how to follow.

    Args:
        what: its name.
        why: what is not known of it, in a clause.
    """

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"Cannot plan {what}: {why}",
            remedy="Nothing was changed; the workflow itself is not affected",
        )
