"""A plan of many accounts, as it is shown, saved and carried out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cli.fleet.differences import Difference
from cli.watch.submission import Submission


class Kind(StrEnum):
    """What becomes of an account by its file."""

    UNCHANGED = "unchanged"
    NEW = "new"
    CHANGE = "change"
    RETIREMENT = "retirement"
    IN_PROGRESS = "inProgress"
    """An execution is carrying out just that."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one file would change.

    Attributes:
        file: the file, and which of its documents where it has several.
        kind: what becomes of the account.
        account_id: None of an account that is not there yet.
        revision: the account's; None where no request was carried out for it.
        submission: what is sent for it.
        document: as the file has it.
        reason: why the account is retired.
        resumes: whether just that was begun before, and failed.
        difference: what the document has other than the last one.
        changes, warnings, problems: what would be done and what AWS would refuse, as `vend plan`
            of one request has it.
    """

    file: str
    kind: Kind
    account_id: str | None
    name: str
    revision: int | None
    submission: Submission
    document: Mapping[str, Any]
    reason: str | None = None
    resumes: bool = False
    difference: Sequence[Difference] = ()
    changes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    problems: Sequence[Mapping[str, Any]] = ()

    @property
    def differs(self) -> bool:
        """Whether anything is to be done for the account."""
        return self.kind is not Kind.UNCHANGED

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "file": self.file,
            "kind": str(self.kind),
            "accountId": self.account_id,
            "name": self.name,
            "requestId": self.submission.request_id,
            "revision": self.revision,
            "reason": self.reason,
            "difference": list(self.difference),
            "changes": list(self.changes),
            "warnings": list(self.warnings),
            "problems": list(self.problems),
        }


@dataclass(frozen=True, kw_only=True)
class FleetPlan:
    """What all files would change.

    Attributes:
        entries: one for each file, in the order of the files.
        gone: accounts that the ledger has and no file is about; {accountId, name, ...}.
        not_adopted: ids of active accounts that neither the ledger nor a file knows.
    """

    entries: Sequence[Entry]
    gone: Sequence[Mapping[str, Any]] = ()
    not_adopted: Sequence[str] = ()

    @property
    def differing(self) -> list[Entry]:
        """The entries for which something is to be done."""
        return [one for one in self.entries if one.differs]

    @property
    def is_refused(self) -> bool:
        """Whether AWS, or the request policy, would refuse any of it."""
        return any(one.problems for one in self.entries)

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many accounts become what."""
        return Counter(one.kind for one in self.entries)

    def fingerprint(self) -> str:
        """Equal for plans that do the same to the same revisions of the same accounts."""
        seen = [one.as_dict() for one in self.differing]
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "counts": {str(kind): self.counts.get(kind, 0) for kind in Kind},
            "fingerprint": self.fingerprint(),
            "accounts": [one.as_dict() for one in self.entries],
            "gone": list(self.gone),
            "notAdopted": list(self.not_adopted),
        }
