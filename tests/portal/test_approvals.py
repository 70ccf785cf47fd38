"""Yes and no, by another person in another browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    robin.sees("The rule restricted wants 1 of approvers.")
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
