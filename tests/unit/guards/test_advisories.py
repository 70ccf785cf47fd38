"""Advisories fail the check; that none could be looked up is said aloud, and fails on request."""

import json

import pytest

from guards import advisories

NONE = {"name": "six", "version": "1.17.0", "vulns": []}
ONE = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}],
}
SKIPPED = {"name": "six", "skip_reason": "not found on the index"}


def answers(*dependencies: object) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


@pytest.mark.parametrize(
    ("output", "required", "code", "expected"),
    [
        (answers(NONE), True, 0, ""),
        (answers(NONE, ONE), False, 1, "urllib3 1.0: PYSEC-1, mended in 1.1"),
        (answers(SKIPPED, ONE), False, 1, "PYSEC-1"),
        ("", False, 0, "WARNING: NO ADVISORIES WERE LOOKED UP"),
        ("", True, 1, "WARNING: NO ADVISORIES WERE LOOKED UP"),
        (answers(SKIPPED), True, 1, "WARNING: NO ADVISORIES WERE LOOKED UP"),
        (answers(), True, 1, "WARNING: NO ADVISORIES WERE LOOKED UP"),
    ],
)
def test_advisories_fail_and_silence_is_said(
    output: str,
    required: bool,
    code: int,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(advisories, "ask", lambda _lock: output)

    ended = advisories.main(required)

    printed = capsys.readouterr().err
    assert ended == code
    assert expected in printed
    assert bool(printed) == bool(expected)
