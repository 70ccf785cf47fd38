"""`vend list --watch`: requests as they change, on a screen and in lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from cli.commands import watch
from cli.main import main
from cli.output.terminal import Terminal
from tests.unit.cli.fakes import FakeStack, a_record, a_terminal, an_error, written

Looks = Callable[[Sequence[Callable[[], None]]], list[float]]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Have something happen after each look, at last Ctrl-C; says how long each wait is."""

    def between(happenings: Sequence[Callable[[], None]]) -> list[float]:
        left, waited = list(happenings), list[float]()

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr("cli.commands.watch.time.sleep", sleep)
        return waited

    return between


def test_file_gets_a_line_for_each_change_and_no_other(
    stack: FakeStack, looks: Looks, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("CREATING"))
    failed = a_record("FAILED", request_id="r-other", accountName="Other", error=an_error())
    waited = looks([lambda: None, lambda: stack.put(a_record()), lambda: stack.put(failed)])

    assert main(["list", "--watch"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1:4] for line in lines] == [
        ["CREATING", "r-sandbox", "Sandbox"],
        ["VENDED", "r-sandbox", "Sandbox"],
        ["FAILED", "r-other", "Other"],
    ]
    assert "EMAIL_ALREADY_EXISTS" in lines[-1]
    assert len(waited) == 4


def test_scripts_get_each_change_as_json(
    stack: FakeStack, looks: Looks, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("CREATING"))
    looks([lambda: stack.put(a_record())])

    assert main(["list", "--watch", "--json", "--state", "vended"]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == stack.ledger.requests["r-sandbox"].record


@pytest.mark.parametrize(
    ("on_this_machine", "seconds"), [(True, watch.NEAR_SECONDS), (False, watch.FAR_SECONDS)]
)
def test_aws_is_asked_less_often_than_this_machine(
    on_this_machine: bool, seconds: float, stack: FakeStack, looks: Looks
) -> None:
    stack.is_on_this_machine = on_this_machine
    waited = looks([])

    assert main(["list", "--watch"]) == 0
    assert waited == [seconds]


def test_screen_shows_as_many_as_there_is_room_for_and_counts_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (100, 10))
    terminal = a_terminal(live=True)
    records = [a_record("QUEUED", request_id=f"r-{number}") for number in range(20)]
    view = watch._view(terminal, as_json=False)

    view.show([])
    view.show([a_record(), *records])
    view.close()

    first, _, second = written(terminal).partition("Ctrl-C ends it")
    assert "The ledger has none yet" in first
    assert "15 more; 20 queued, 1 vended; Ctrl-C ends it" in second
    assert "r-4" in second
    assert "r-5" not in second
    assert written(terminal).endswith("\x1b[?25h")


def test_terminal_that_wants_json_is_not_redrawn() -> None:
    terminal = a_terminal(live=True)
    view = watch._view(terminal, as_json=True)

    view.show([a_record()])
    view.close()

    assert json.loads(written(terminal)) == a_record()
