"""Yes and no, by another person in another browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.commands import portal_samples
from tests.workflow.fleets import seed

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.portal.conftest import People

RESTRICTED = "/Workloads/Restricted"


def test_request_is_approved_by_another_person_and_both_see_it_vended(people: People) -> None:
    dana, robin = people("Dana"), people("Robin")
    dana.ask("Payroll", unit=RESTRICTED)
    dana.send()
    dana.sees_state("awaiting approval")
    before = dana.lights("runs")

    robin.go("approvals")
    robin.follow("Payroll")
    robin.sees("The rule restricted wants an approval by approvers.")
    robin.page.get_by_label("Reason (required to reject)").fill("agreed with the team")
    robin.press("Approve")

    robin.sees_state("vended")
    robin.sees("Approved by robin")
    robin.sees("agreed with the team")
    dana.sees_state("vended")
    dana.sees("Approved by robin")
    assert before == {"AwaitApproval"}
    robin.go("approvals")
    robin.sees("Nothing waits for approval.")


def test_rejection_ends_the_request_with_its_reason(people: People) -> None:
    dana, robin = people("Dana"), people("Robin")
    dana.ask("Secret lab", unit=RESTRICTED)
    robin.go(f"requests/{dana.send()}")
    robin.sees("It waits for approval")

    is_enabled = robin.page.get_by_role("button", name="Reject").is_enabled()
    robin.page.get_by_label("Reason (required to reject)").fill("use the sandbox")
    robin.press("Reject")

    robin.sees_state("rejected")
    dana.sees_state("rejected")
    dana.sees("use the sandbox")
    assert not is_enabled


def test_nobody_approves_what_they_asked_for(people: People) -> None:
    dana = people("Dana")
    dana.ask("Own", unit=RESTRICTED)
    dana.send()
    dana.sees("It waits for approval")

    dana.press("Approve")

    dana.page.get_by_role("alert").wait_for()
    dana.sees_state("awaiting approval")
    assert dana.page.get_by_role("alert").text_content()


@pytest.fixture
def waiting(aws: EmbeddedAws) -> str:
    """An account that Dana asks to retire, which needs an approval; its id."""
    dana, robin = (portal_samples.Caller.of(aws, name) for name in ("dana", "robin"))
    request = {**portal_samples.asked_for("Archive"), "organizationalUnit": RESTRICTED}
    request_id = dana("POST /requests", request)["requestId"]
    portal_samples.approved(robin, request_id)
    account_id = str(portal_samples.ended(dana, request_id)["accountId"])
    dana(f"POST /accounts/{account_id}/retire", {"reason": "Nobody reads it."})
    return account_id


def test_retirement_is_approved_by_another_person(people: People, waiting: str) -> None:
    dana, robin = people("Dana"), people("Robin")
    dana.go(f"accounts/{waiting}")
    dana.sees_state("awaiting approval")

    robin.go("approvals")
    robin.page.get_by_role("heading", name="Retirements").wait_for()
    robin.page.get_by_role(
        "row", name=f"{waiting} Archive {RESTRICTED} Nobody reads it."
    ).wait_for()
    robin.follow(waiting)
    robin.sees("Its retirement waits for approval")
    robin.sees("The rule restricted-retirements wants an approval by approvers.")
    robin.page.get_by_label("Reason (required to reject)").fill("it is empty")
    robin.press("Approve")

    robin.sees_state("retiring")
    robin.sees("it is empty")
    dana.sees_state("retiring")
    dana.sees("Approved by robin")
    robin.go("approvals")
    robin.sees("Nothing waits for approval.")


def test_retirement_of_an_account_that_was_never_vended_is_approved(
    people: People, aws: EmbeddedAws
) -> None:
    (account_id,) = seed(1, units=0)
    organizations = aws.client("organizations")
    root = place = organizations.list_roots()["Roots"][0]["Id"]
    for name in RESTRICTED.strip("/").split("/"):
        made = organizations.create_organizational_unit(ParentId=place, Name=name)
        place = made["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=account_id, SourceParentId=root, DestinationParentId=place)
    asked = {
        "EventBusName": aws.outputs["EventBusName"],
        "Source": "account-vending.cli",
        "DetailType": "AccountRetirementRequested",
        "Detail": json.dumps({"accountId": account_id, "reason": "It is empty."}),
    }
    aws.client("events").put_events(Entries=[asked])
    robin = people("Robin")

    robin.go("approvals")
    robin.follow(account_id)
    robin.sees("It was never vended.")
    robin.press("Approve")

    robin.sees_state("retiring")
    robin.sees("Approved by robin")
    assert robin.page.get_by_role("button", name="Restore").count() == 0


def test_rejected_retirement_leaves_the_account(people: People, waiting: str) -> None:
    robin = people("Robin")
    robin.go(f"accounts/{waiting}")
    robin.sees_state("awaiting approval")

    robin.page.get_by_label("Reason (required to reject)").fill("auditors need it")
    robin.press("Reject")

    robin.sees_state("active")
    robin.sees("Rejected by robin")
    robin.sees("auditors need it")


def test_retirement_that_waits_is_cancelled_by_who_asked_and_approved_by_others_only(
    people: People, waiting: str
) -> None:
    dana = people("Dana")
    dana.go(f"accounts/{waiting}")
    dana.sees("Its retirement waits for approval")

    dana.press("Approve")
    dana.page.get_by_role("alert").wait_for()
    dana.sees_state("awaiting approval")
    dana.press("Cancel retirement")

    dana.sees_state("active")
    assert dana.page.get_by_role("button", name="Approve").count() == 0
