"""What a run used of the grants is held against what is given, in both directions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from permissions.never_used import NEVER_USED
from tests import grants_used
from tests.infra.synthesized import read_template

if TYPE_CHECKING:
    from pathlib import Path


def test_grants_that_were_all_used_are_in_order() -> None:
    grants = grants_used.given(read_template())

    possible = {grant for grant, name in grants.items() if name not in NEVER_USED}

    assert len(grants) > 100
    assert grants_used.problems(possible, grants) == []


def test_grant_that_nobody_used_is_named() -> None:
    grants = grants_used.given(read_template())
    unused = next(grant for grant, name in grants.items() if "token#*" in name)

    found = grants_used.problems(set(grants) - {unused}, grants)

    assert f"given and never used: {grants[unused]}" in found


def test_exception_that_is_used_after_all_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    grants = grants_used.given(read_template())
    used = next(iter(grants.values()))
    monkeypatch.setattr(grants_used, "NEVER_USED", {used: "it cannot be"})

    found = grants_used.problems(set(grants), grants)

    assert found == [f"used, or not given, after all: {used}"]


def test_files_of_several_processes_are_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grants = sorted(grants_used.given(read_template()))
    for name, part in (("1", grants[::2]), ("2", grants[1::2])):
        (tmp_path / f"{name}.json").write_text(json.dumps(part))

    status = grants_used.main(tmp_path)

    unused = "used, or not given, after all" in capsys.readouterr().out
    assert status == (1 if unused else 0)
    assert unused == bool(NEVER_USED)
