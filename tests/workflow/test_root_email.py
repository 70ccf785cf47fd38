"""A root user's email is changed with the code that AWS sends to the new address."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_request
from tests.interruptions import stop, when_entered
from tests.unit.embedded.time_travel import pass_days
from tests.workflow.email_codes import code_of
from tests.workflow.fleets import edit, seed
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflow.command import Command

SERVICE = "account.amazonaws.com"
NEW = "new.address@example.com"


def a_document(**changes: Any) -> dict[str, Any]:
    return a_request(serviceAccess=[SERVICE], **changes)


def with_new_email(request: dict[str, Any]) -> dict[str, Any]:
    return request | {"account": request["account"] | {"email": NEW}}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A change of a vended account's email: its execution waits for the code."""

    request: dict[str, Any]
    execution: str
    account_id: str

    @property
    def request_id(self) -> str:
        return str(self.request["requestId"])


@pytest.fixture
def waiting(vending: Vending) -> Waiting:
    request = a_document()
    account_id = str(vending.run(request).output["accountId"])
    execution = vending.start(with_new_email(request))
    await_code(vending, request["requestId"], execution)
    return Waiting(request=request, execution=execution, account_id=account_id)


def await_code(vending: Vending, request_id: str, execution: str | None = None) -> None:
    """Wait until the execution, or any one, has had AWS send a code and waits for it."""

    def is_awaited() -> bool:
        row = vending.row(request_id) or {}
        sent = row.get("emailCode") or {}
        is_its = execution in (None, sent.get("executionArn"))
        return row.get("state") == "AWAITING_CODE" and "sentAt" in sent and is_its

    eventually(is_awaited)


def state_of(vending: Vending, request_id: str) -> str:
    row = vending.row(request_id)
    assert row is not None
    return str(row["state"])


def email_of(vending: Vending, account_id: str) -> str:
    account = vending.organizations.describe_account(AccountId=account_id)["Account"]
    return str(account["Email"])


def test_code_that_is_given_changes_the_email(
    vending: Vending, vend: Command, waiting: Waiting
) -> None:
    assert email_of(vending, waiting.account_id) == waiting.request["account"]["email"]

    given = vend("confirm", waiting.request_id, code_of(waiting.account_id))

    assert given.status == 0, given
    assert vending.finish(waiting.execution).status == "SUCCEEDED"
    assert email_of(vending, waiting.account_id) == NEW
    row = vending.row(waiting.request_id)
    assert row is not None
    assert (row["state"], row["revision"]) == ("VENDED", 2)
    assert len(vending.accounts()) == 1
    late = vend("confirm", waiting.request_id, "ABC123")
    assert late.status == 1
    assert "is VENDED and waits for no code" in late.err


def test_code_that_aws_refuses_leaves_the_wait_as_it_was(
    vending: Vending, vend: Command, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = vend("confirm", waiting.request_id, "zzzzzz")
    assert wrong.status == 1
    assert "AWS did not accept the code" in wrong.out
    first = code_of(waiting.account_id)
    assert vending.calls("account", "StartPrimaryEmailUpdate") == 1
    resent = vend("confirm", waiting.request_id, "--resend")
    assert resent.status == 0, resent
    assert vending.calls("account", "StartPrimaryEmailUpdate") == 2
    assert code_of(waiting.account_id) != first
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{code_of(waiting.account_id)}\n"))
    right = vend("confirm", waiting.request_id, "-")

    assert right.status == 0, right
    assert vending.finish(waiting.execution).status == "SUCCEEDED"
    assert email_of(vending, waiting.account_id) == NEW


@pytest.mark.slow
def test_code_that_has_expired_is_refused_and_another_one_is_taken(
    vending: Vending, vend: Command, waiting: Waiting
) -> None:
    old = code_of(waiting.account_id)
    pass_days(vending.aws.clock, 1)

    assert vend("confirm", waiting.request_id, old).status == 1
    assert vend("confirm", waiting.request_id, "--resend").status == 0
    assert vend("confirm", waiting.request_id, code_of(waiting.account_id)).status == 0

    assert vending.finish(waiting.execution).status == "SUCCEEDED"


def test_wait_that_nobody_ends_fails_after_a_week_and_is_resumed(
    vending: Vending, vend: Command, waiting: Waiting
) -> None:
    # The step that waits keeps its time; the one after it knows how long it has been.
    pass_days(vending.aws.clock, 8)
    assert vend("confirm", waiting.request_id, "--resend").status == 1
    ended = vending.finish(waiting.execution)

    assert (ended.status, ended.error) == ("FAILED", "EmailNotConfirmed"), ended
    assert vend("confirm", waiting.request_id, code_of(waiting.account_id)).status == 1
    resumed = vending.start(with_new_email(waiting.request))
    await_code(vending, waiting.request_id, resumed)
    assert vend("confirm", waiting.request_id, code_of(waiting.account_id)).status == 0
    assert vending.finish(resumed).status == "SUCCEEDED"
    assert email_of(vending, waiting.account_id) == NEW


@pytest.mark.slow
def test_execution_that_is_killed_while_it_waits_is_resumed(
    vending: Vending, vend: Command, waiting: Waiting
) -> None:
    vending.states.stop_execution(executionArn=waiting.execution)
    eventually(lambda: state_of(vending, waiting.request_id) == "FAILED")

    late = vend("confirm", waiting.request_id, code_of(waiting.account_id))
    resumed = vending.start(with_new_email(waiting.request))
    await_code(vending, waiting.request_id, resumed)
    given = vend("confirm", waiting.request_id, code_of(waiting.account_id))

    assert (late.status, given.status) == (1, 0)
    assert "vend resume" in late.err
    assert vending.finish(resumed).status == "SUCCEEDED"
    assert email_of(vending, waiting.account_id) == NEW


@pytest.mark.slow
def test_request_delivered_again_while_it_waits_is_a_duplicate(
    vending: Vending, vend: Command, waiting: Waiting
) -> None:
    again = vending.run(with_new_email(waiting.request))
    other = vending.run(waiting.request | {"tags": {"other": "1"}})

    assert again.output["outcome"] == "DUPLICATE"
    assert (other.status, other.error) == ("FAILED", "RequestConflict")
    assert state_of(vending, waiting.request_id) == "AWAITING_CODE"
    assert vend("confirm", waiting.request_id, code_of(waiting.account_id)).status == 0
    assert vending.finish(waiting.execution).status == "SUCCEEDED"


@pytest.mark.slow
def test_email_that_was_changed_before_the_execution_died_needs_no_second_code(
    vending: Vending, vend: Command, waiting: Waiting
) -> None:
    with when_entered("RecordVended", stop):
        vend("confirm", waiting.request_id, code_of(waiting.account_id))
        assert vending.finish(waiting.execution).status == "ABORTED"
    assert email_of(vending, waiting.account_id) == NEW

    resumed = vending.run(with_new_email(waiting.request))

    assert resumed.status == "SUCCEEDED", resumed
    assert vending.calls("account", "StartPrimaryEmailUpdate") == 1
    assert resumed.output["revision"] == 2


@pytest.mark.slow
def test_email_of_another_account_is_refused_by_name(vending: Vending) -> None:
    request = a_document()
    other = a_request()
    vending.run(other)
    vending.run(request)
    taken = other["account"]["email"]

    ended = vending.run(request | {"account": request["account"] | {"email": taken}})

    assert (ended.status, ended.error) == ("FAILED", "EmailInUse"), ended
    corrected = vending.run(request)
    assert corrected.status == "SUCCEEDED"


@pytest.fixture
def adopted(vending: Vending, vend: Command, tmp_path: Path) -> tuple[str, Path]:
    """An account that grew by hand, and its file."""
    (account_id, _) = seed(2)
    vending.organizations.enable_aws_service_access(ServicePrincipal=SERVICE)
    assert vend("adopt", "--out", str(tmp_path)).status == 0
    (path,) = tmp_path.glob(f"*-{account_id}.yaml")
    return account_id, path


def an_email(account_id: str, email: str) -> dict[str, Any]:
    return {"accountId": account_id, "name": "Account 0", "email": email}


@pytest.mark.slow
def test_email_of_an_adopted_account_is_changed_by_its_file(
    vending: Vending, vend: Command, adopted: tuple[str, Path]
) -> None:
    account_id, path = adopted
    edit(path, account=an_email(account_id, NEW))

    planned = vend("plan", str(path.parent), "--json")
    applied = vend("apply", str(path.parent), "--yes", "--no-wait", "--json")
    await_code(vending, f"a-{account_id}")
    given = vend("confirm", f"a-{account_id}", code_of(account_id))
    (execution,) = vending.executions()
    ended = vending.finish(execution)
    again = vend("plan", str(path.parent), "--json")

    (entry,) = (one for one in planned.json["accounts"] if one["kind"] == "change")
    before = "account0@example.com"
    assert entry["difference"] == [{"key": "account.email", "before": before, "after": NEW}]
    assert (planned.status, applied.status, given.status) == (0, 0, 0), applied
    assert ended.status == "SUCCEEDED", ended
    assert email_of(vending, account_id) == NEW
    assert again.json["counts"]["unchanged"] == 2
    assert again.json["accounts"][0]["revision"] == 2


def test_email_that_no_revision_can_have_led_to_is_a_mistake_of_the_file(
    vending: Vending, vend: Command, adopted: tuple[str, Path]
) -> None:
    account_id, path = adopted
    edit(path, account=an_email(account_id, "account1@example.com"))
    other = vend("plan", str(path.parent))
    organization = vending.organizations.describe_account(AccountId=account_id)["Account"]
    edit(path, account=an_email(account_id, organization["Email"].upper()))
    same = vend("plan", str(path.parent), "--json")

    assert other.status == 2
    assert "account.email: is that of the account 200000000001" in other.err
    assert (same.status, same.json["counts"]["unchanged"]) == (0, 2)
    assert vending.calls("account", "StartPrimaryEmailUpdate") == 0
