"""One file for each account that is there, as it is, and a revision of it in the ledger.

Three things are held against each other for an account that is known: what it is, what its last
revision says, and its file. A file that says what the revision says is written anew once the
account is another; one that a person has changed is not, and is said.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.aws.adopted_accounts import AdoptedAccounts
from cli.aws.inventory import KnownAccount, known_accounts, requests_in
from cli.aws.organization_reader import WORKERS, OrganizationReader, Placed
from cli.aws.pace import Pace
from cli.aws.stack import Stack
from cli.fleet import document_text
from cli.fleet.differences import between
from cli.input import fleet
from cli.input.fleet import AccountFile
from vending.errors.exceptions import RequestInvalid
from vending.ledger.item_types import Row
from vending.organization import eligibility
from vending.request.account_request import AccountRequest, parse
from vending.request.merge import same_document
from vending.request.validators import REQUEST_ID_TAG
from vending.states import IN_FLIGHT

JOURNAL = ".vend-adopt"
"""Of a run that has not come to its end: the accounts that are done, one a line."""

JOURNAL_LASTS = 24 * 3600
"""Seconds after which what was looked at may be another by now."""

_OF_DOCUMENT = ("serviceAccess", "rootAccess", "manage")
"""Keys that no account shows: they stay as the last revision has them."""


@dataclass(kw_only=True)
class Adoption:
    """What came of it: accounts by what was done with their files, and what to look at.

    Attributes:
        written, updated, unchanged: file names of new, of replaced, and of other files.
        edited: files that a person has changed, and that say other than the account is: left.
        problems: accounts that no file can describe, and why.
        recorded: how many revisions were written to the ledger.
        resumed: accounts that an earlier run had done.
        are_contacts_known: whether contacts could be read.
    """

    written: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    edited: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    recorded: int = 0
    resumed: int = 0
    are_contacts_known: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "written": self.written,
            "updated": self.updated,
            "unchanged": len(self.unchanged),
            "edited": self.edited,
            "problems": self.problems,
            "recorded": self.recorded,
            "resumed": self.resumed,
            "contactsRead": self.are_contacts_known,
        }


def adopt(
    stack: Stack,
    folder: Path,
    *,
    pace: Pace | None = None,
    report: Callable[[int, int], None] = lambda *_: None,
) -> Adoption:
    """Write the files and the ledger, account by account.

    Args:
        stack: whose organization and ledger.
        folder: where the files are; made where it is missing.
        pace: holds up calls.
        report: is given how many accounts are done, of how many.

    Raises:
        InputError: with all that is wrong with any file that is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = _Files.read(folder, stack)
    reader = OrganizationReader(
        stack.client("organizations"), stack.client("account"), pace=pace or Pace()
    )
    done = _Journal(folder / JOURNAL)
    run = _Run(
        files=files,
        known=known_accounts(stack),
        in_flight=requests_in(stack, IN_FLIGHT),
        ledger=AdoptedAccounts(stack),
    )
    active = [one for one in reader.accounts() if eligibility.refusal(one.account) is None]  # type: ignore[arg-type]
    active = [one for one in active if run.is_here_to_stay(one)]
    todo = [one for one in active if one.id not in done.ids]
    run.adoption.resumed = len(active) - len(todo)
    policies = reader.policies(stack.policy_types)

    def look(placed: Placed) -> tuple[Placed, dict[str, Any]]:
        return placed, {
            "tags": reader.tags(placed.id),
            "policies": policies.get(placed.id, []),
            "contacts": reader.contacts(placed.id),
        }

    pool = ThreadPoolExecutor(WORKERS)
    try:
        looks = [pool.submit(look, one) for one in todo]
        for count, each in enumerate(as_completed(looks), start=1):
            placed, found = each.result()
            run.take_in(placed, found)
            done.add(placed.id)
            report(run.adoption.resumed + count, len(active))
    finally:
        pool.shutdown(cancel_futures=True)
    done.clear()
    run.adoption.are_contacts_known = reader.are_contacts_known
    return run.adoption


def document_of(
    placed: Placed, found: Mapping[str, Any], known: KnownAccount | None
) -> dict[str, Any]:
    """The account's document, as it is.

    Args:
        placed: the account, and where it is.
        found: {tags, policies, contacts}, as AWS has them; contacts are None where nobody may know,
            and stay as the last revision has them.
        known: what the ledger has of it.
    """
    last = known.document if known else {}
    written = {(one["type"], one["name"]): one for one in last.get("policies", ())}
    document: dict[str, Any] = {
        "source": "existing",
        "account": {
            "accountId": placed.id,
            "name": placed.account.get("Name"),
            "email": placed.account.get("Email"),
        },
        "organizationalUnit": placed.path,
        "tags": {
            key: value
            for key, value in sorted(found["tags"].items())
            if not key.lower().startswith("aws:") and key != REQUEST_ID_TAG
        },
        "policies": [
            _without_defaults(written.get((one["type"], one["name"]), one))
            for one in found["policies"]
        ],
        "contacts": last.get("contacts", {}) if found["contacts"] is None else found["contacts"],
        **{key: last[key] for key in _OF_DOCUMENT if last.get(key) not in (None, [], "merge")},
    }
    if known and known.row.get("executionArn") and known.row.get("requestedBy"):
        document["requestedBy"] = known.row["requestedBy"]
    account = {key: value for key, value in document["account"].items() if value is not None}
    return {
        key: value
        for key, value in {**document, "account": account}.items()
        if value not in ({}, [])
    }


def _without_defaults(policy: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {"description": "", "existing": "same"}
    return {key: value for key, value in policy.items() if defaults.get(key) != value}


@dataclass(kw_only=True)
class _Files:
    """The files that are there, by their accounts."""

    folder: Path
    by_account: Mapping[str, AccountFile]
    taken: set[Path]

    @classmethod
    def read(cls, folder: Path, stack: Stack) -> _Files:
        """Those of the folder, which have to be right."""
        if not any(each.suffix in fleet.SUFFIXES for each in folder.rglob("*")):
            return cls(folder=folder, by_account={}, taken=set())
        found = fleet.read([str(folder)])
        if not found.is_usable:
            raise found.refused()
        rows = stack.ledger.rows([one.submission.request_id for one in found.files])
        by_account = {}
        for one in found.files:
            row = rows.get(one.submission.request_id)
            account_id = one.account.get("accountId") or (row and row.record["accountId"])
            if account_id:
                by_account[str(account_id)] = one
        return cls(
            folder=folder,
            by_account=by_account,
            taken={Path(one.label) for one in found.files},
        )

    def new(self, placed: Placed) -> Path:
        """A file for an account that has none."""
        name = str(placed.account.get("Name", ""))
        path = self.folder / document_text.file_name(name, placed.id)
        if path in self.taken or path.exists():
            path = self.folder / f"{placed.id}.adopted.yaml"
        return path


@dataclass(kw_only=True)
class _Run:
    """One run of an adoption."""

    files: _Files
    known: Mapping[str, KnownAccount]
    in_flight: Mapping[str, Row]
    ledger: AdoptedAccounts
    adoption: Adoption = field(default_factory=Adoption)

    def is_here_to_stay(self, placed: Placed) -> bool:
        """Whether the account is not on its way out."""
        known = self.known.get(placed.id)
        return known is None or known.state == "ACTIVE"

    def take_in(self, placed: Placed, found: Mapping[str, Any]) -> None:
        """Bring one account's file and its record to what it is."""
        known = self.known.get(placed.id)
        document = document_of(placed, found, known)
        try:
            request = parse(document)
        except RequestInvalid as invalid:
            self.adoption.problems[placed.id] = list(invalid.problems)
            return
        if (row := self.in_flight.get(placed.id)) is not None:
            problem = f"the request {row['requestId']} is {row['state']}: adopt it again afterwards"
            self.adoption.problems[placed.id] = [problem]
            return
        if self._bring_file(placed, document, request):
            self._bring_record(placed, request, known)

    def _bring_file(
        self, placed: Placed, document: Mapping[str, Any], request: AccountRequest
    ) -> bool:
        """Write the account's file, unless it is a person's; whether it says what is there."""
        file = self.files.by_account.get(placed.id)
        text, wanted = document_text.text_of(document), request.normalised()
        if file is None:
            path = self.files.new(placed)
            document_text.write(path, text)
            self.adoption.written.append(str(path))
            return True
        path = Path(file.label)
        content = file.submission.content
        if same_document(wanted, content) and not file.is_retired:
            self.adoption.unchanged.append(str(path))
            return True
        base = self.known[placed.id].document if placed.id in self.known else {}
        if base and same_document(base, wanted):
            # The account is as its revision says: what the file says more is still to be applied.
            self.adoption.unchanged.append(str(path))
            return True
        if not file.is_retired and same_document(base, content) and _is_as_written(path):
            document_text.write(path, text)
            self.adoption.updated.append(str(path))
            return True
        self.adoption.edited[str(path)] = [
            f"{one['key']}: the file has {_said(one['before'])}, the account {_said(one['after'])}"
            for one in between(content, wanted)
        ]
        return False

    def _bring_record(
        self, placed: Placed, request: AccountRequest, known: KnownAccount | None
    ) -> None:
        has_record = known is not None and "accountId" in known.record
        wanted = request.normalised()
        if known is not None and has_record and same_document(known.document, wanted):
            return
        number, why = self.ledger.record(placed, request, has_row=bool(known and known.row))
        if number is None:
            self.adoption.problems[placed.id] = [why]
        else:
            self.adoption.recorded += 1


def _is_as_written(path: Path) -> bool:
    """Whether a file's text is one that this would write: without a person's comments or order."""
    try:
        text = path.read_text(encoding="utf-8")
        return document_text.text_of(yaml.safe_load(text)) == text
    except (yaml.YAMLError, TypeError, ValueError, OSError):
        return False


def _said(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


class _Journal:
    """Which accounts a run has done, so that one that was stopped goes on where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.ids = set(self._read())

    def _read(self) -> Iterator[str]:
        try:
            is_old = time.time() - self._path.stat().st_mtime > JOURNAL_LASTS
            lines = [] if is_old else self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        yield from lines

    def add(self, account_id: str) -> None:
        """An account is done."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{account_id}\n")

    def clear(self) -> None:
        """All are done."""
        self._path.unlink(missing_ok=True)
