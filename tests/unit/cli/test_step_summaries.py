"""What progress says of a step that is done."""

from __future__ import annotations

import pytest

from cli.watch import step_summaries


@pytest.mark.parametrize(
    ("state", "waiting", "expected"),
    [
        ("ENABLED", [], "on"),
        ("OPEN", [], "every invited account has agreed"),
        ("ACCEPTED", [], "every invited account has agreed"),
        ("REQUESTED", ["222222222222"], "waits for 222222222222 until 2027-04-15"),
    ],
)
def test_all_features_show_how_far_they_have_come(
    state: str, waiting: list[str], expected: str
) -> None:
    result = {"state": state, "waitingFor": waiting, "expiresAt": "2027-04-15T08:00:00.000Z"}

    assert step_summaries.of_result("EnableAllFeatures", result) == expected


def test_all_features_that_wait_for_nobody_are_not_called_agreed_to() -> None:
    result = {"state": "REQUESTED", "waitingFor": [], "expiresAt": "2027-04-15T08:00:00.000Z"}

    assert "declined" in step_summaries.of_result("EnableAllFeatures", result)
