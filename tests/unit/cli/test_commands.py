"""The other commands, the help, and how every command ends."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from cli.arguments.vend import parser
from cli.aws import stack as stack_module
from cli.input import fleet
from cli.input.documents import Document
from cli.main import main
from cli.output.failure import CommandError
from tests.unit.cli.fakes import PROJECT, FakeStack, a_record, an_error
from vending.api import openapi
from vending.states import State


def commands() -> dict[str, argparse.ArgumentParser]:
    found = next(
        action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return dict(found.choices)


def test_status_shows_what_was_made(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.put(a_record())

    assert main(["status", "r-sandbox"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("VENDED  Sandbox")
    assert "123456789012" in out
    assert "execution" in out


def test_status_of_a_failure_shows_remedy_and_next_command(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("FAILED", error=an_error()))

    assert main(["status", "r-sandbox"]) == 0
    out = capsys.readouterr().out
    assert "Choose another email." in out
    assert "Next  vend explain AccountCreationFailed/EMAIL_ALREADY_EXISTS" in out


def test_status_as_json_is_the_record(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.put(a_record("CREATING"))

    main(["status", "r-sandbox", "--json"])

    assert json.loads(capsys.readouterr().out) == stack.ledger.requests["r-sandbox"].record


def test_status_of_an_unknown_id_hints_where_to_look(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "r-nobody"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "r-nobody" in err
    assert "vend list" in err


def test_list_shows_every_request(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.put(a_record())
    stack.put(a_record("FAILED", request_id="r-other", error=an_error()))

    assert main(["list"]) == 0
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["STATE", "NAME", "EMAIL", "ACCOUNT"]
    assert "sandbox@example.com" in first
    assert second.endswith("  EMAIL_ALREADY_EXISTS")


def test_list_of_one_state_shows_only_that(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record())
    stack.put(a_record("FAILED", request_id="r-other", error=an_error()))

    assert main(["list", "--state", "failed", "--json"]) == 0
    assert [one["requestId"] for one in json.loads(capsys.readouterr().out)] == ["r-other"]


def test_list_is_of_one_requester_and_of_one_unit_with_all_below(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    of_portal = [("portal", "/Workloads/A"), ("portal", "/Workloads2")]
    for number, (requester, unit) in enumerate([*of_portal, ("other", "/Workloads"), (None, None)]):
        record = a_record(request_id=f"r-{number}", sender=requester and {"requester": requester})
        record["request"]["organizationalUnit"] = unit
        stack.put(record)

    def listed(*options: str) -> set[str]:
        assert main(["list", "--json", *options]) == 0
        return {one["requestId"] for one in json.loads(capsys.readouterr().out)}

    assert listed("--requester", "portal") == {"r-0", "r-1"}
    assert listed("--ou", "/Workloads") == {"r-0", "r-2"}
    assert listed("--ou", "/Workloads", "--requester", "portal") == {"r-0"}
    assert main(["list", "--ou", "Workloads"]) == 2
    assert main(["list", "--ou", "/Nothing"]) == 0
    assert "no such request" in capsys.readouterr().err


def test_list_of_nothing_is_no_failure(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("asked", ["VENDED ", "GONE", ""])
def test_list_of_an_unknown_state_names_the_known_ones(
    asked: str, stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--state", asked]) == 2
    err = capsys.readouterr().err
    assert all(state in err for state in State)


@pytest.mark.parametrize(
    ("asked", "code", "reason"),
    [
        ("ConstraintViolationException", "ConstraintViolationException", None),
        (
            "ConstraintViolationException/ACCOUNT_NUMBER_LIMIT_EXCEEDED",
            "ConstraintViolationException",
            "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
        ),
        (
            "account_number_limit_exceeded",
            "ConstraintViolationException",
            "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
        ),
        ("requestconflict", "RequestConflict", None),
        ("ServiceAccessNotEnabled", "ServiceAccessNotEnabledException", None),
        ("callerisnotmanagementaccount", "CallerIsNotManagementAccountException", None),
    ],
)
def test_explain_finds_codes_and_reasons(
    asked: str, code: str, reason: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", asked, "--json"]) == 0
    explanation = json.loads(capsys.readouterr().out)
    assert (explanation["code"], explanation["reason"]) == (code, reason)
    assert explanation["remedy"]


def test_explain_without_an_error_lists_every_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json"]) == 0
    known = json.loads(capsys.readouterr().out)
    assert main(["explain"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()

    assert len(known) == len(lines) > 100
    assert header.split() == ["ERROR", "ACTION", "BY"]
    assert any(line.startswith("AccountCreationFailed/EMAIL_ALREADY_EXISTS") for line in lines)


def test_explain_says_what_it_means_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "ACCOUNT_NUMBER_LIMIT_EXCEEDED"]) == 0
    out = capsys.readouterr().out
    for part in ("what it means", "what to do", "action by", "handling"):
        assert part in out


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("AccountCreationFaild", "AccountCreationFailed"),
        ("EMAIL_ALREADY_EXIST", "EMAIL_ALREADY_EXISTS"),
        ("RequestConflit/X", "RequestConflict"),
    ],
)
def test_explain_of_an_unknown_error_names_near_ones(
    asked: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", asked]) == 2
    assert near in capsys.readouterr().err


def test_explain_of_an_unknown_reason_says_that_it_is_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "ConstraintViolationException/SOMETHING_NEW"]) == 0
    assert "does not know this reason" in capsys.readouterr().out


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "account" in json.loads(capsys.readouterr().out)["properties"]


def test_schema_of_the_api_is_its_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--api"]) == 0
    assert json.loads(capsys.readouterr().out) == openapi.document()


@pytest.mark.parametrize(
    ("changes", "is_valid"),
    [
        ({}, True),
        ({"lifecycle": "retired", "reason": "over"}, True),
        ({"lifecycle": "gone"}, False),
        ({"reason": "over"}, False),
        ({"lifecycle": "active", "reason": "over"}, False),
        ({"color": "red"}, False),
    ],
    ids=str,
)
def test_schema_of_a_file_holds_as_the_command_does(
    changes: dict[str, str], is_valid: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    value = {"source": "existing", "account": {"accountId": "123456789012"}} | changes

    assert main(["schema", "--account-file"]) == 0
    schema = json.loads(capsys.readouterr().out)
    found = fleet.of_documents([Document(label="a.yaml", value=value)])

    assert Draft202012Validator(schema).is_valid(value) is is_valid
    assert found.is_usable is is_valid


def test_every_command_of_this_version_is_there() -> None:
    assert set(commands()) == {
        "submit",
        "setup",
        "adopt",
        "plan",
        "apply",
        "status",
        "list",
        "accounts",
        "resume",
        "cancel",
        "approve",
        "reject",
        "retire",
        "restore",
        "drift",
        "confirm",
        "redrive",
        "audit",
        "doctor",
        "explain",
        "schema",
        "completion",
        "local",
        "portal",
    }


def test_every_command_and_every_option_has_help() -> None:
    for name, command in commands().items():
        assert command.description, name
        assert [a.option_strings or a.dest for a in command._actions if not a.help] == [], name
    listed = parser().format_help()
    assert all(f"    {name} " in listed for name in commands())


def test_help_shows_examples_and_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert "vend submit examples/requests/sandbox.yaml --local" in out
    assert "exit status" in out


def test_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("vend 0.")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["vend"],
        ["submit"],
        ["status"],
        ["local", "--port", "70000"],
        ["local", "--calls-kept", "0"],
        ["list", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_points_to_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "--help`" in capsys.readouterr().err


def test_failure_is_one_message_with_a_remedy_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_cls: object) -> FakeStack:
        raise CommandError("it is not there", remedy="Put it there")

    monkeypatch.setattr(stack_module.Stack, "from_environment", classmethod(fail))

    assert main(["list"]) == 1
    assert capsys.readouterr().err == "Error: it is not there\nPut it there\n"


@pytest.mark.parametrize("words", [["--help"], ["explain", "Throttled"], ["schema"]], ids=" ".join)
def test_commands_without_aws_import_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'functions']\n"
        "from cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'moto', 'boto3', 'botocore', 'embedded', 'werkzeug'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")


COMMAND = (
    "import sys; sys.path[:0] = ['.', 'functions']; from cli.main import main; sys.exit(main())"
)


@pytest.mark.parametrize(
    ("line", "status", "expected"),
    [
        pytest.param("schema >/dev/full", 1, "No space left", id="full"),
        pytest.param("--version >/dev/full", 1, "No space left", id="full, version"),
        pytest.param("explain Throttled >/dev/full", 1, "No space left", id="full, little to say"),
        pytest.param("explain Nothing 2>/dev/full", 2, "", id="full, error"),
        pytest.param("schema >&-", 0, "", id="closed output"),
        pytest.param("explain Throttled >&-", 0, "", id="closed output, in words"),
        pytest.param("explain Nothing 2>&-", 2, "", id="closed error"),
        pytest.param("submit - --local <&-", 2, "standard input is closed", id="closed input"),
    ],
)
def test_stream_that_is_closed_or_full_is_no_traceback(
    line: str, status: int, expected: str
) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "{COMMAND}" {line}'],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == status
    assert expected in ended.stderr
    assert len(ended.stderr.splitlines()) <= 2


def test_reader_that_leaves_early_is_no_error() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'functions']; from cli.main import main; main(['schema'])"
    )

    ended = subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "{code}" | head -c 1'],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.stdout, ended.stderr) == ("{", "")
