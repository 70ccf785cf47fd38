"""The setting by which rows of ended requests go."""

import pytest

from infra.settings import Settings
from statemachines import definitions
from tests.infra.extremes import FULL
from tests.infra.synthesized import SynthesizedTemplate
from vending.ledger.expiry import DELETE_AT
from vending.ledger.waiting_tokens import KEPT_SECONDS


def _days(template: SynthesizedTemplate) -> set[str]:
    """What the functions that use the ledger get in their environment."""
    return {
        variables.get("ENDED_ROWS_EXPIRE_DAYS", "never")
        for function in template.of_type("AWS::Lambda::Function").values()
        for variables in [function["Properties"]["Environment"]["Variables"]]
        if "LEDGER_TABLE_NAME" in variables
    }


def test_rows_of_requests_stay_by_default_and_task_tokens_go(
    template: SynthesizedTemplate,
) -> None:
    table = template.only("AWS::DynamoDB::Table")["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": DELETE_AT, "Enabled": True}
    assert _days(template) == {"never"}


def test_task_token_is_kept_for_as_long_as_an_execution_can_wait_under_it() -> None:
    longest = definitions.definition("account_vending")["TimeoutSeconds"]

    assert longest < KEPT_SECONDS < 2 * longest


def test_rows_go_after_the_days_of_the_setting(full: SynthesizedTemplate) -> None:
    table = full.only("AWS::DynamoDB::Table")["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "deleteAt", "Enabled": True}
    assert _days(full) == {str(FULL.ended_rows_expire_days)}


def test_days_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="ended_rows_expire_days"):
        Settings(ended_rows_expire_days=0)
