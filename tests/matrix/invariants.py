"""What must hold whatever broke: read from the organization and the ledger, never from the run.

Each check returns its violations in words; an empty list is a pass.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from tests.workflow.vending import Ended, Vending
from vending.errors.catalogue import explain
from vending.errors.caught_error import CaughtError, from_catch
from vending.request.validators import ATTACHED_BY_AWS, REQUEST_ID_TAG
from vending.states import IN_FLIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

IN_PROGRESS = tuple(IN_FLIGHT)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A request as it was submitted, and the account it is about where that was there before."""

    request: dict[str, Any]
    account_id: str | None = None

    @property
    def request_id(self) -> str:
        """The id under which the ledger knows it."""
        return str(self.request["requestId"])

    @property
    def email(self) -> str | None:
        """The email that it asks an account for."""
        email = self.request["account"].get("email")
        return str(email) if email else None


def accounts_of(vending: Vending, submission: Submission) -> set[str]:
    """The ids of all accounts that this request has: by email, by tag, by its own words."""
    found = set()
    for account in vending.accounts():
        email = (account.get("Email") or "").lower()
        tagged = vending.tags(account["Id"]).get(REQUEST_ID_TAG) == submission.request_id
        if (
            tagged
            or account["Id"] == submission.account_id
            or (submission.email or "?").lower() == email
        ):
            found.add(account["Id"])
    return found


def at_most_one_account(vending: Vending, submission: Submission) -> list[str]:
    """Exactly once, the first half."""
    found = accounts_of(vending, submission)
    made = _made(vending, submission)
    problems = []
    if len(found) > 1:
        problems.append(f"{submission.request_id} has {len(found)} accounts: {sorted(found)}")
    if made > 1:
        problems.append(f"{made} creations for {submission.request_id} succeeded")
    return problems


def was_refused(ended: Sequence[Ended]) -> bool:
    """Whether the last one failed: a change that is refused leaves the row VENDED as it was."""
    return bool(ended) and ended[-1].status == "FAILED"


def ended_well(vending: Vending, submission: Submission, ended: Sequence[Ended]) -> list[str]:
    """Of executions that are over: at most one account, and each failure tells what to do next."""
    problems = at_most_one_account(vending, submission)
    row = vending.row(submission.request_id)
    if row is not None and row["state"] in {"FAILED", "REJECTED"}:
        problems += _explained(row.get("error"), f"the row of {submission.request_id}")
    if row is not None and row["state"] == "VENDED" and not was_refused(ended):
        problems += equipped(vending, submission, row)
    for one in ended:
        if one.status == "FAILED":
            problems += _explained(
                _error_reported(one), f"the execution {one.arn.rsplit(':', 1)[1]}"
            )
    return problems


def vended(vending: Vending, submission: Submission) -> list[str]:
    """Exactly once, both halves: the row is VENDED and its one account is as it was asked for."""
    row = vending.row(submission.request_id)
    if row is None or row["state"] != "VENDED":
        state, error = (row["state"], row.get("error")) if row else (None, None)
        return [f"{submission.request_id} is {state}, not VENDED: {error}"]
    return [*at_most_one_account(vending, submission), *equipped(vending, submission, row)]


def equipped(vending: Vending, submission: Submission, row: dict[str, Any]) -> list[str]:
    """A row that says VENDED tells the truth."""
    request, account_id = submission.request, str(row.get("accountId"))
    found = accounts_of(vending, submission)
    if found != {account_id}:
        return [
            f"{submission.request_id} is VENDED as {account_id}, its accounts are {sorted(found)}"
        ]
    problems = []
    path = request.get("organizationalUnit")
    if path is not None and vending.path(account_id) != path:
        problems.append(f"{account_id} is in {vending.path(account_id)}, not in {path}")
    wanted = {**request.get("tags", {}), REQUEST_ID_TAG: submission.request_id}
    tags = vending.tags(account_id)
    if wanted != tags:
        problems.append(f"{account_id} has the tags {tags}, not {wanted}")
    problems += _named(vending, account_id, request["account"])
    principals = set(request.get("serviceAccess", []))
    if not principals <= vending.service_access():
        problems.append(f"service access is {vending.service_access()}, without {principals}")
    features = set(request.get("rootAccess", []))
    if not features <= vending.root_features():
        problems.append(f"root features are {vending.root_features()}, without {features}")
    for policy in request.get("policies", []):
        attached = vending.organizations.list_policies_for_target(
            TargetId=account_id, Filter=policy["type"]
        )["Policies"]
        there = {one["Name"] for one in attached} - set(ATTACHED_BY_AWS.values())
        asked = {one["name"] for one in request["policies"] if one["type"] == policy["type"]}
        if there != asked:
            problems.append(f"{account_id} has the policies {there}, not {asked}")
    contacts = vending.contacts(account_id)
    if contacts != request.get("contacts", {}):
        problems.append(f"{account_id} has the contacts {contacts}")
    if row.get("error"):
        problems.append(f"{submission.request_id} is VENDED with an error: {row['error']}")
    return problems


def _named(vending: Vending, account_id: str, account: dict[str, Any]) -> list[str]:
    (found,) = (one for one in vending.accounts() if one["Id"] == account_id)
    return [
        f"{account_id} has the {key} {found[key.title()]}, not {account[key]}"
        for key in ("name", "email")
        if account.get(key) not in (None, found[key.title()])
    ]


def nothing_left(vending: Vending) -> list[str]:
    """No execution runs, no row waits, nobody holds a lease in the queue, no event is dead."""
    machine, table = (vending.aws.outputs[key] for key in ("StateMachineArn", "LedgerTableName"))
    running = vending.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
    problems = [f"{one['executionArn']} is RUNNING" for one in running["executions"]]
    plain = TypeDeserializer()
    for page in vending.dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            row = {key: plain.deserialize(value) for key, value in item.items()}
            if row.get("state") in IN_PROGRESS:
                problems.append(f"{row['pk']} is {row['state']}")
            if str(row["pk"]).startswith("gate#"):
                # A place whose lease has run out is free: nobody needs to notice.
                now = vending.aws.clock.now()
                places = [one for one, each in row["places"].items() if float(each["until"]) > now]
                held = {
                    key: value
                    for key, value in (("places", places), ("waiting", row["waiting"]))
                    if value
                }
                problems += [f"{row['pk']} has {key}: {value}" for key, value in held.items()]
    return problems


def _made(vending: Vending, submission: Submission) -> int:
    """Creations under the request's account name that succeeded."""
    name = submission.request["account"].get("name")
    pages = vending.organizations.get_paginator("list_create_account_status")
    made = [
        s for page in pages.paginate(States=["SUCCEEDED"]) for s in page["CreateAccountStatuses"]
    ]
    owned = accounts_of(vending, submission)
    return sum(s.get("AccountName") == name and s.get("AccountId") in owned for s in made)


def _error_reported(ended: Ended) -> dict[str, str | None]:
    if isinstance(ended.cause, dict) and "remedy" in ended.cause:
        return {key: ended.cause.get(key) for key in ("code", "reason", "message", "remedy")}
    cause = ended.cause if isinstance(ended.cause, str) else json.dumps(ended.cause)
    return from_catch(CaughtError.model_validate({"Error": ended.error or "", "Cause": cause}))


def _explained(error: Any, where: str) -> list[str]:
    if not isinstance(error, dict):
        return [f"{where} has no error"]
    problems = [
        f"{where} has no {key}: {error}" for key in ("message", "remedy") if not error.get(key)
    ]
    code, reason = error.get("code"), error.get("reason")
    if not explain(code or "", reason).known:
        problems.append(f"{where}: the catalogue does not know {code}/{reason}")
    return problems
