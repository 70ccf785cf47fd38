"""What a test run used of the grants is compared with what the template gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests import grants_used
from tests.infra.synthesized import read_template

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_grant_that_nobody_used_is_named() -> None:
    grants = grants_used.given(read_template())
    left = next(grant for grant, name in grants.items() if "token#*" in name)

    found = grants_used.unused(set(grants) - {left}, grants)

    assert len(grants) > 100
    assert found == [grants[left]]


def test_files_of_several_processes_are_one_run_and_roles_may_have_short_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grants = sorted(grants_used.given(read_template()))
    for name, part in (("1", grants[1::2]), ("2", grants[2::2])):
        (tmp_path / name).with_suffix(".json").write_text(
            json.dumps([(role[:-4], *rest) for role, *rest in part])
        )

    grants_used.main(tmp_path)

    *named, ended = capsys.readouterr().out.splitlines()
    assert named == [grants_used.given(read_template())[grants[0]]]
    assert ended == f"1 of {len(grants)} grants were not used"
