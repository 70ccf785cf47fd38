"""Settings of retirements are refused before anything is deployed, with every problem."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings import Settings


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"retirement_organizational_unit": "Suspended"}, "retirement_organizational_unit must"),
        ({"retirement_organizational_unit": "/"}, "must be a unit below the root"),
        ({"retirement_policy_name": ""}, "retirement_policy_name has 1 to 128"),
        ({"retirement_policy_name": "x" * 129}, "retirement_policy_name has 1 to 128"),
        ({"policy_types": ("TAG_POLICY",)}, "needs SERVICE_CONTROL_POLICY in policy_types"),
        ({"retirement_grace_days": 0}, "retirement_grace_days must be more than 0"),
        ({"retirement_grace_days": 181}, "at most 180"),
        ({"retirement_protected_tag": ""}, "retirement_protected_tag has 1 to 128"),
        ({"closing_rate_per_second": 0}, "closing_rate_per_second must be more than 0"),
        ({"closings_in_progress": 0}, "closings_in_progress must be more than 0"),
        ({"closings_in_30_days": 0}, "closings_in_30_days must be more than 0"),
        ({"closing_lease_seconds": 0}, "closing_lease_seconds must be more than 0"),
    ],
)
def test_setting_by_which_no_account_could_be_retired_is_refused(
    settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings(**settings)


def test_retirement_without_policy_and_tag_needs_no_type_of_policies() -> None:
    settings = Settings(policy_types=(), retirement_policy_name=None, retirement_protected_tag=None)

    assert settings.retirement_policy_name is None
