"""Records in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cli.output.records import account_fields, aligned, error_fields, listing, table
from cli.output.terminal import Terminal, width
from tests.unit.cli.fakes import a_record, a_terminal, an_error

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def test_only_what_is_known_is_said() -> None:
    bare = {"requestId": "r-1", "state": "REJECTED", "request": None, "error": None}

    assert account_fields(bare) == [("request", "r-1")]
    assert error_fields(bare) == []


def test_steps_say_what_they_made_in_the_definitions_order() -> None:
    record = a_record("VENDED", revision=2)
    record["request"]["policies"] = [{"name": "NoLeaving"}, {"name": "Guard"}]

    fields = account_fields(record)

    assert fields == [
        ("account", "123456789012"),
        ("email", "sandbox@example.com"),
        ("policies", "NoLeaving, Guard"),
        ("organizational unit", "/Workloads/Sandbox (ou-ab12-11111111)"),
        ("tags", "team=a"),
        ("service access", "account.amazonaws.com"),
        ("root access", "RootSessions"),
        ("revision", "2"),
        ("request", "r-sandbox"),
    ]


@pytest.mark.parametrize("odd", [1, ["a"], {"a": 1}, [None]])
def test_rejected_request_that_is_none_is_shown_all_the_same(odd: Any) -> None:
    keys = ("organizationalUnit", "tags", "policies", "serviceAccess", "rootAccess")
    record = a_record("REJECTED", request=dict.fromkeys(keys, odd))

    assert ("request", "r-sandbox") in account_fields(record)


def test_path_is_quoted_where_a_name_on_it_needs_it() -> None:
    record = a_record("VENDED", organizationalUnitId="ou-ab12-34567890")
    record["request"]["organizationalUnit"] = "/Sand\u200bbox"

    fields = dict(account_fields(record))

    assert fields["organizational unit"] == r"'/Sand\u200bbox' (ou-ab12-34567890)"


def test_error_is_said_with_code_reason_and_remedy() -> None:
    assert error_fields(a_record("FAILED", error=an_error())) == [
        ("error", "AccountCreationFailed/EMAIL_ALREADY_EXISTS"),
        ("what happened", "The email belongs to another account."),
        ("what to do", "Choose another email."),
    ]


@pytest.mark.parametrize(
    ("owner", "wait", "expected"),
    [
        ("requester", None, [("action by", "the requester")]),
        ("retry", 3600, [("action by", "none (it passes)"), ("retry after", "1 hour")]),
        ("somebody-of-next-year", None, [("action by", "somebody-of-next-year")]),
    ],
)
def test_error_says_who_must_act(
    owner: str, wait: int | None, expected: list[tuple[str, str]]
) -> None:
    error = an_error(owner=owner, wait=wait)

    assert error_fields(a_record("FAILED", error=error))[3:] == expected


def test_long_texts_wrap_under_themselves() -> None:
    lines = aligned([("a", "word " * 30), ("long label", "x")], a_terminal(), 60)

    assert len(lines) > 3
    assert max(map(width, lines)) <= 60
    assert all(line.startswith(" " * 14 + "word") for line in lines[1:-1])


def test_every_line_of_a_message_is_kept() -> None:
    lines = aligned([("what happened", "account.email: one\ntags: two")], a_terminal(), 80)

    assert [line.strip() for line in lines] == ["what happened  account.email: one", "tags: two"]


@pytest.mark.parametrize(("live", "whole"), [(True, False), (False, True)])
def test_table_is_cut_for_a_terminal_and_whole_in_a_file(
    live: bool, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (30, 10))

    lines = table(("A", "B"), [("x" * 20, "y" * 20)], a_terminal(live=live))

    assert lines[1].endswith("y" * 20) is whole
    assert (max(map(width, lines)) <= 30) is not whole


LONG: dict[str, Any] = {
    "accountName": "An account with a long name",
    "request_id": "r-c75836053705322f0649",
    "error": an_error(),
}


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("columns", [40, 41, 44, 52, 60, 80, 100, 120, 160])
def test_listing_clips_no_id_and_fits(
    columns: int, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (columns, 24))
    records = [a_record(**LONG), a_record("FAILED", **LONG)]

    header, *lines = listing(records, a_terminal(live=True, colour=colour))

    assert "REQUEST" in header
    assert all("r-c75836053705322f0649" in line for line in lines)
    assert "123456789012" in lines[0]
    assert max(width(ESCAPES.sub("", line)) for line in [header, *lines]) <= columns


def test_listing_of_usual_width_keeps_when_and_gives_the_rest_to_name_and_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (80, 24))

    header, line = listing([a_record("FAILED", **LONG)], a_terminal(live=True))

    assert header.split() == ["STATE", "NAME", "ACCOUNT", "REQUEST", "UPDATED", "(UTC)"]
    assert line.startswith("FAILED  An account …")
    assert "2026-11-20 12:00" in line
    assert "EMAIL_" in line


def test_id_that_is_wider_than_the_terminal_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (40, 24))

    lines = listing([a_record(request_id="x" * 64)], a_terminal(live=True))

    assert "x" * 64 in lines[1]


def test_listing_cannot_steer_the_terminal() -> None:
    lines = listing([a_record(accountName="\x1b[2Jname\n")], a_terminal())

    assert "\x1b" not in "".join(lines)
    assert len(lines) == 2
