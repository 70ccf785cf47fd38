"""Source `existing`: an account that is already a member gets the same baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded import ACCOUNT_ID
from tests.builders import a_request
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.workflow.vending import Vending


def an_account(vending: Vending, email: str = "made-elsewhere@example.com") -> str:
    """The id of an account that somebody else created, as soon as AWS's quota allows it."""

    def asked() -> str | None:
        try:
            answer = vending.organizations.create_account(Email=email, AccountName="Made elsewhere")
        except vending.organizations.exceptions.TooManyRequestsException:
            return None
        return str(answer["CreateAccountStatus"]["Id"])

    request_id = eventually(asked)

    def made() -> str | None:
        described = vending.organizations.describe_create_account_status(
            CreateAccountRequestId=request_id
        )["CreateAccountStatus"]
        return str(described["AccountId"]) if "AccountId" in described else None

    return str(eventually(made))


def test_existing_account_is_placed_tagged_and_equipped(vending: Vending) -> None:
    account_id = an_account(vending)
    request = a_request(source="existing", account={"accountId": account_id})

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["accountId"] == account_id
    assert vending.path(account_id) == "/Workloads/Sandbox"
    assert vending.tags(account_id)["cost-centre"] == "4711"
    assert vending.calls("organizations", "CreateAccount") == 0


@pytest.mark.slow
def test_existing_account_without_a_path_stays_where_it_is(vending: Vending) -> None:
    account_id = an_account(vending)
    vending.run(a_request(source="existing", account={"accountId": account_id}))
    request = a_request(source="existing", account={"accountId": account_id})
    del request["organizationalUnit"]

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert vending.path(account_id) == "/Workloads/Sandbox"


def test_management_account_is_not_vended(vending: Vending) -> None:
    request = a_request(source="existing", account={"accountId": ACCOUNT_ID})

    ended = vending.run(request)

    assert (ended.status, ended.error) == ("FAILED", "ManagementAccountNotVended"), ended
    assert vending.calls("organizations", "MoveAccount") == 0


def test_second_run_on_a_finished_account_changes_nothing(vending: Vending) -> None:
    account_id = an_account(vending)
    vending.run(a_request(source="existing", account={"accountId": account_id}))
    writes = ("MoveAccount", "CreateOrganizationalUnit", "EnableAWSServiceAccess")
    before = {name: vending.calls("organizations", name) for name in writes}

    ended = vending.run(a_request(source="existing", account={"accountId": account_id}))

    assert ended.status == "SUCCEEDED", ended
    assert {name: vending.calls("organizations", name) for name in writes} == before


def test_account_of_another_organization_is_refused_with_a_next_step(vending: Vending) -> None:
    request = a_request(source="existing", account={"accountId": "999999999999"})

    failed = vending.run(request)

    assert (failed.status, failed.error) == ("FAILED", "AccountNotFoundException")
    assert failed.cause["remedy"]
