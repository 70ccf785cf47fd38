"""What steps did or would do, as sentences: what is changed, and what was there already."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Report:
    """Sentences in the order of the steps; a second run of the same document changes nothing.

    Each operation says its own, by the `report` in its module.
    """

    changes: list[str] = field(default_factory=list)
    already_there: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What sentences call that which has an id: a policy, a target, an account."""

    def say(self, what: str, *, changed: bool) -> None:
        """Add one thing, once: what a step before has changed is not there already."""
        if what not in self.changes and what not in self.already_there:
            (self.changes if changed else self.already_there).append(what)

    def name_of(self, known_id: str) -> str:
        """What sentences call it; its id where nothing has named it."""
        return self.names.get(known_id, known_id)
