"""`vend submit` against a stack in memory: what is sent, what is said, how it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from tests.unit.cli.fakes import (
    FIRST,
    SECOND,
    FakeStack,
    Organizations,
    a_record,
    an_error,
    denied,
)
from tests.unit.cli.histories import History
from vending.request.account_request import parse

REQUEST = {
    "requestId": "r-sandbox",
    "account": {"name": "Sandbox", "email": "sandbox@example.com"},
}
FINGERPRINT = parse(REQUEST).fingerprint()


@pytest.fixture
def stack(stack: FakeStack) -> FakeStack:
    """The stack that the command finds; it vends whatever is asked for, at once."""
    stack.on_publish = lambda detail: vend(stack, detail)
    return stack


def vend(stack: FakeStack, detail: Mapping[str, Any], execution_arn: str = FIRST) -> None:
    arn = f"{execution_arn}-{detail['requestId']}"
    stack.put(a_record(request_id=detail["requestId"], executionArn=arn), FINGERPRINT)
    stack.histories[arn] = finished("RecordVended", "Vended", "Succeed", "ExecutionSucceeded")


def refuse(stack: FakeStack, detail: Mapping[str, Any]) -> None:
    stack.put(a_record("FAILED", request_id=detail["requestId"], error=an_error()), FINGERPRINT)
    stack.histories[FIRST] = finished("RecordFailure", "VendingFailed", "Fail", "ExecutionFailed")


def finished(last: str, end: str, kind: str, event: str) -> list[dict[str, Any]]:
    return History().step("AcceptRequest").step(last).enter(end, kind).add(event).events


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One request."""
    return write(tmp_path, REQUEST)


def write(folder: Path, content: Any) -> Path:
    path = folder / "request.json"
    path.write_text(json.dumps(content))
    return path


def three(folder: Path) -> Path:
    return write(
        folder,
        [
            {"requestId": f"r-{n}", "account": {"name": n, "email": f"{n}@example.com"}}
            for n in ("one", "two", "three")
        ],
    )


def test_submit_sends_follows_and_says_what_was_made(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["submit", str(file)])

    out, err = capsys.readouterr()
    assert status == 0
    assert stack.published == [REQUEST]
    assert out.startswith("Vended Sandbox in ")
    for made in (
        "123456789012",
        "/Workloads/Sandbox (ou-ab12-11111111)",
        "team=a",
        "account.amazonaws.com",
        "RootSessions",
        "Next  vend status r-sandbox",
    ):
        assert made in out
    assert "AcceptRequest done" in err
    assert "123456789012" not in err


def test_submit_prints_the_record_as_json(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["submit", str(file), "--json"])

    assert status == 0
    assert json.loads(capsys.readouterr().out) == stack.ledger.requests["r-sandbox"].record


def test_submit_prints_an_array_for_several(
    stack: FakeStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["submit", str(three(tmp_path)), "--json"])

    records = json.loads(capsys.readouterr().out)
    assert status == 0
    assert [record["requestId"] for record in records] == ["r-one", "r-two", "r-three"]


def test_submit_of_a_failed_request_says_why_and_what_to_do(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.on_publish = lambda detail: refuse(stack, detail)

    status = main(["submit", str(file)])

    out = capsys.readouterr().out
    assert status == 1
    assert out.startswith("Failed: Sandbox (")
    assert "AccountCreationFailed/EMAIL_ALREADY_EXISTS" in out
    assert "The email belongs to another account." in out
    assert "Choose another email." in out
    assert "Next  vend explain AccountCreationFailed/EMAIL_ALREADY_EXISTS" in out


def test_submit_of_a_rejected_request_is_reported_as_rejected(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reject(detail: Mapping[str, Any]) -> None:
        refuse(stack, detail)
        stack.put(a_record("REJECTED", error=an_error()), FINGERPRINT)

    stack.on_publish = reject

    status = main(["submit", str(file)])

    assert status == 1
    assert capsys.readouterr().out.startswith("Rejected: Sandbox (")


def test_request_already_vended_among_several_is_marked_in_the_table(
    stack: FakeStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = {"requestId": "r-one", "account": {"name": "one", "email": "one@example.com"}}
    stack.put(a_record(request_id="r-one"), parse(earlier).fingerprint())

    status = main(["submit", str(three(tmp_path))])

    row = next(line for line in capsys.readouterr().out.splitlines() if "r-one" in line)
    assert status == 0
    assert row.split()[-3:] == ["-", "already", "vended"]


def test_one_failure_among_several_is_reported_and_decides_the_exit_status(
    stack: FakeStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.on_publish = lambda detail: (
        refuse(stack, detail) if detail["requestId"] == "r-two" else vend(stack, detail)
    )

    status = main(["submit", str(three(tmp_path))])

    out = capsys.readouterr().out
    assert status == 1
    assert "2 of 3 vended in " in out
    assert "Choose another email." in out
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["VENDED", "FAILED", "VENDED"]


def test_invalid_requests_are_all_reported_and_nothing_is_sent(
    stack: FakeStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [REQUEST, {"account": {"name": "", "email": "x"}}, {"color": "blue"}]

    status = main(["submit", str(write(tmp_path, bad))])

    out, err = capsys.readouterr()
    assert status == 2
    assert stack.published == []
    assert out == ""
    assert "request 2" in err
    assert "request 3" in err


def test_request_that_was_vended_before_is_answered_at_once(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record(), FINGERPRINT)

    status = main(["submit", str(file)])

    assert status == 0
    assert stack.published == []
    assert "Sandbox is already vended" in capsys.readouterr().out


def test_account_that_has_left_since_it_was_vended_is_reported_with_a_remedy(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.clients["organizations"] = Organizations(state=None)
    stack.put(a_record(), FINGERPRINT)

    status = main(["submit", str(file)])

    out = " ".join(capsys.readouterr().out.split())
    assert status == 1
    assert stack.published == []
    assert "Failed: Sandbox" in out
    assert "123456789012 belongs to this request, and is no longer in" in out
    assert "new requestId" in out


@pytest.mark.parametrize("source", ["new", "new-govcloud", "existing", "invited"])
def test_account_that_was_closed_since_it_was_vended_is_reported_with_a_remedy(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    stack.clients["organizations"] = Organizations(state="PENDING_CLOSURE")
    stack.put(a_record(source=source), FINGERPRINT)

    status = main(["submit", str(file)])

    out = " ".join(capsys.readouterr().out.split())
    assert status == 1
    assert stack.published == []
    assert "The account 123456789012 is PENDING_CLOSURE, not ACTIVE." in out
    assert "reopen it" in out


def test_account_that_was_moved_since_it_was_vended_is_there(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.clients["organizations"] = Organizations(parent_id="ou-ab12-22222222")
    stack.put(a_record(warnings=["known before"]), FINGERPRINT)

    status = main(["submit", str(file), "--json"])

    assert status == 0
    before, since = json.loads(capsys.readouterr().out)["warnings"]
    assert before == "known before"
    assert "moved to ou-ab12-22222222" in since


def test_account_that_may_not_be_looked_at_was_vended_before_as_far_as_is_known(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    organizations = Organizations(error=denied("DescribeAccount"))
    stack.clients["organizations"] = organizations
    stack.put(a_record(), FINGERPRINT)

    status = main(["submit", str(file)])

    out = " ".join(capsys.readouterr().out.split())
    assert status == 0
    assert organizations.asked == ["123456789012"]
    assert "Sandbox is already vended" in out
    assert "The account 123456789012 was not checked." in out


def test_request_under_way_is_followed_instead_of_sent(stack: FakeStack, file: Path) -> None:
    stack.put(a_record("CREATING"), FINGERPRINT)
    stack.statuses[FIRST] = "RUNNING"
    stack.histories[FIRST] = finished("RecordVended", "Vended", "Succeed", "ExecutionSucceeded")
    asked: list[str] = []
    original = stack.ledger.row

    def row(request_id: str) -> Any:
        asked.append(request_id)
        stack.put(a_record(), FINGERPRINT)
        return original(request_id)

    stack.ledger.row = row  # type: ignore[method-assign]

    status = main(["submit", str(file)])

    assert status == 0
    assert stack.published == []
    assert asked == ["r-sandbox"]


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT", None])
def test_request_whose_execution_is_gone_is_sent_again(
    stack: FakeStack, file: Path, status: str | None
) -> None:
    stack.put(a_record("CREATING", executionArn=SECOND), FINGERPRINT)
    if status:
        stack.statuses[SECOND] = status

    assert main(["submit", str(file)]) == 0
    assert stack.published == [REQUEST]


@pytest.mark.parametrize("state", ["FAILED", "REJECTED"])
def test_request_that_failed_before_is_sent_again(stack: FakeStack, file: Path, state: str) -> None:
    stack.put(a_record(state, executionArn=SECOND, error=an_error()), FINGERPRINT)

    assert main(["submit", str(file)]) == 0
    assert stack.published == [REQUEST]


def test_same_id_with_different_content_is_refused_while_the_first_is_under_way(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("CREATING"), "another fingerprint")
    stack.statuses[FIRST] = "RUNNING"

    status = main(["submit", str(file)])

    out = capsys.readouterr().out
    assert status == 1
    assert stack.published == []
    assert "RequestConflict" in out
    assert "different content" in out
    assert "Wait until it has ended" in " ".join(out.split())


def test_new_content_for_a_vended_account_is_sent(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = parse({**REQUEST, "tags": {"before": "1"}})
    stack.put(
        a_record("VENDED", accountId="123456789012", request=asked.normalised()),
        asked.fingerprint(),
    )

    assert main(["submit", str(file), "--no-wait"]) == 0
    assert stack.published == [REQUEST]
    assert "In progress" in capsys.readouterr().out


def test_revision_that_the_account_has_left_is_not_sent(
    stack: FakeStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = parse({**REQUEST, "tags": {"before": "1"}})
    record = a_record("VENDED", accountId="123456789012", request=asked.normalised())
    stack.put(record, asked.fingerprint())
    stack.ledger.account_records[asked.request_id] = {"revision": 3, "document": asked.normalised()}
    file = tmp_path / "request.json"
    file.write_text(json.dumps({**REQUEST, "ifRevision": 2}))

    assert main(["submit", str(file), "--json"]) == 1

    answer = json.loads(capsys.readouterr().out)
    assert answer["error"]["code"] == "Superseded"
    assert "the account is at revision 3" in answer["error"]["message"]
    assert stack.published == []


def test_failed_request_may_be_corrected_under_its_id(stack: FakeStack, file: Path) -> None:
    stack.put(a_record("FAILED", executionArn=SECOND, error=an_error()), "another fingerprint")

    assert main(["submit", str(file)]) == 0
    assert stack.published == [REQUEST]


def test_what_a_made_account_keeps_is_refused_before_anything_is_sent(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = {"name": "Sandbox", "email": "sandbox@example.com", "roleName": "Other"}
    asked = parse({**REQUEST, "account": account})
    failed = a_record("FAILED", accountId="123456789012", request=asked.normalised())
    stack.put(failed, asked.fingerprint())

    assert main(["submit", str(file), "--json"]) == 1

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "RequestConflict"
    assert "account.roleName is 'Other', and" in error["message"]
    assert stack.published == []


def test_rejected_request_may_be_corrected_under_its_id(stack: FakeStack, file: Path) -> None:
    stack.put(a_record("REJECTED", executionArn=SECOND), "another fingerprint")

    assert main(["submit", str(file)]) == 0
    assert stack.published == [REQUEST]


def test_account_that_was_only_recorded_may_be_asked_something_for(
    stack: FakeStack, file: Path
) -> None:
    stack.put(a_record(request_id="a-123456789012", executionArn=None), "another fingerprint")
    request = {"source": "existing", "account": {"accountId": "123456789012"}}

    main(["submit", str(write(file.parent, request)), "--no-wait"])

    assert stack.published == [{**request, "requestId": "a-123456789012"}]


def test_event_that_eventbridge_refuses_is_reported(
    stack: FakeStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.refusals["r-two"] = "InternalFailure: try later"

    status = main(["submit", str(three(tmp_path)), "--json"])

    records = json.loads(capsys.readouterr().out)
    assert status == 1
    assert [record["state"] for record in records] == ["VENDED", "FAILED", "VENDED"]
    assert records[1]["error"]["code"] == "EventNotTaken"
    assert "InternalFailure" in records[1]["error"]["message"]


def test_no_wait_sends_and_says_how_to_look(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.on_publish = lambda _detail: None

    status = main(["submit", str(file), "--no-wait"])

    out = capsys.readouterr().out
    assert status == 0
    assert stack.published == [REQUEST]
    assert "In progress  Sandbox" in out
    assert "Next  vend status r-sandbox" in out


def test_no_wait_prints_what_is_known_as_json(
    stack: FakeStack, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.on_publish = lambda _detail: None

    main(["submit", str(file), "--no-wait", "--json"])

    record = json.loads(capsys.readouterr().out)
    assert (record["requestId"], record["state"]) == ("r-sandbox", "REQUESTED")


def test_interrupt_says_that_the_request_goes_on(
    stack: FakeStack,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    stack.on_publish = lambda _detail: None
    monkeypatch.setattr("cli.commands.follow.Follower.run", interrupt)

    status = main(["submit", str(file)])

    err = capsys.readouterr().err
    assert status == 130
    assert "continues in AWS" in err
    assert "vend status r-sandbox" in err


def test_interrupt_before_anything_was_sent_says_so(
    stack: FakeStack,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(stack.ledger, "rows", interrupt)

    assert main(["submit", str(file)]) == 130
    assert "nothing was sent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--faults", "x.json"], "--local"),
        (["--speed", "2"], "--local"),
        (["--local", "--no-wait"], "--no-wait"),
        (["--speed", "0", "--local"], "above 0"),
        (["--speed", "nan", "--local"], "above 0"),
        (["--speed", "fast", "--local"], "above 0"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(
    stack: FakeStack,
    file: Path,
    options: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["submit", str(file), *options]) == 2
    assert expected in capsys.readouterr().err
    assert stack.published == []


def test_file_that_is_missing_is_bad_input(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", "nowhere.yaml"]) == 2
    assert "nowhere.yaml does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("on_this_machine", "expected"),
    [
        (True, "AWS at http://127.0.0.1:5111, account 111111111111"),
        (False, "AWS, account 111111111111, us-east-1"),
    ],
)
def test_header_says_what_runs_where(
    stack: FakeStack,
    file: Path,
    on_this_machine: bool,
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack.is_on_this_machine = on_this_machine

    main(["submit", str(file)])

    assert expected in capsys.readouterr().err
