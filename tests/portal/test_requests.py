"""Asking on the page, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.commands import portal_samples
from tests.portal.person import until

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.portal.conftest import People

REFUSED = {"createAccount": {"calls": [1], "failureReason": "ACCOUNT_LIMIT_EXCEEDED"}}
WATCHED = {"createAccount": {"calls": "all", "seconds": 15}}
SLOW = {"createAccount": {"calls": "all", "seconds": 3_600}}


def test_account_is_asked_for_planned_sent_and_watched(people: People, aws: EmbeddedAws) -> None:
    aws.faults.replace([WATCHED])
    dana = people("Dana")

    dana.ask("Sandbox one")
    dana.sees("Create the account Sandbox one (aws+sandbox-one@example.com).")
    dana.sees("Move it to /Workloads/Sandbox, made where missing.")
    dana.send()

    dana.page.locator('svg [data-light="runs"]').first.wait_for()
    dana.sees_state("vended")
    dana.page.locator('svg [data-state="Vended"][data-light="done"]').wait_for()
    done = dana.lights("done")
    assert {"AcceptRequest", "CreateAccount", "MoveAccount", "RecordVended", "Vended"} <= done
    assert {"IsRequestNew", "ChooseSource", "WhichPartition", "IsAccountReady"} <= done
    assert not {"InviteAccountToOrganization", "VendingFailed", "PutAccountName"} & done
    assert dana.lights("runs") == dana.lights("failed") == set()
    steps = dana.page.locator("table.steps tbody tr")
    assert steps.filter(has_text="MoveAccount").locator("td.number").text_content().endswith(" s")
    dana.page.locator("dl.facts a").click()
    dana.sees_state("active")
    assert dana.page.get_by_role("heading", level=1).text_content().startswith("Sandbox one")


def test_failed_request_says_what_to_do_and_is_resumed(people: People, aws: EmbeddedAws) -> None:
    aws.faults.replace([REFUSED])
    dana = people("Dana")
    dana.ask("Refused")
    dana.send()

    dana.sees_state("failed")
    dana.sees("What went wrong")
    dana.sees("ACCOUNT_LIMIT_EXCEEDED")
    failure = dana.page.locator("section", has=dana.page.locator("#failure")).text_content()
    dana.press("Resume")

    dana.sees_state("vended")
    assert "What to do:" in failure
    assert "who must act: " in failure
    assert dana.page.locator("#failure").count() == 0
    assert "VendingFailed" not in dana.lights("failed")


def test_mistakes_are_said_in_the_apis_words_as_one_types(people: People, aws: EmbeddedAws) -> None:
    dana = people("Dana")
    dana.go("new")

    dana.fill("account.email", "nobody")
    dana.sees("must have exactly one @, as in team@example.com")
    dana.fill("organizationalUnit", "Sandbox")
    dana.sees("must begin with /, as in /Workloads/Sandbox")
    not_yet = dana.mistake("account.name")
    dana.press("Show the plan")
    dana.sees("account.name: is required for source 'new'")

    assert not_yet == ""
    assert "is required for source 'new'" in dana.mistake("account.name")
    until(lambda: dana.page.evaluate("document.activeElement.name"), "account.name")
    assert dana.page.get_by_role("button", name="Send the request").count() == 0
    machine = aws.outputs["StateMachineArn"]
    executions = aws.client("stepfunctions").list_executions(stateMachineArn=machine)
    assert executions["executions"] == []


def test_what_the_request_policy_does_not_grant_is_refused_before_it_is_sent(
    people: People,
) -> None:
    dana = people("Dana")
    dana.go("new")
    dana.fill("account.name", "Elsewhere")
    dana.fill("account.email", "aws+elsewhere@example.com")
    dana.fill("organizationalUnit", "/Security")

    dana.press("Show the plan")

    dana.sees("organizationalUnit: requesters.developers.organizationalUnits does not grant")
    assert dana.page.get_by_role("button", name="Send the request").count() == 0


def test_fields_are_those_of_the_source(people: People) -> None:
    dana = people("Dana")
    dana.go("new")
    dana.page.locator('[name="account.roleName"]').wait_for()

    dana.choose("source", "existing")

    dana.page.locator('[name="account.roleName"]').wait_for(state="detached")
    assert dana.page.locator('[name="account.iamUserAccessToBilling"]').count() == 0
    assert dana.page.locator('[name="account.accountId"]').get_attribute("required") is not None


def test_guest_learns_why_there_is_nothing_to_see(people: People) -> None:
    guest = people("Guest")

    for place in ("requests", "accounts", "approvals"):
        guest.go(place)
        guest.sees("sender: no requester has the principal 'claim:guests'")


def test_request_that_waits_for_its_turn_is_cancelled(people: People, aws: EmbeddedAws) -> None:
    aws.faults.replace([SLOW])
    call = portal_samples.Caller.of(aws, "dana")
    for number in range(5):  # as many as AWS creates at a time
        call("POST /requests", portal_samples.asked_for(f"Slow {number}"))
    dana = people("Dana")
    dana.ask("Queued")
    dana.send()

    dana.sees_state("queued")
    dana.press("Cancel")

    dana.sees_state("failed")
    dana.sees("ExecutionAborted")


def test_one_requesters_request_is_not_shown_to_strangers(people: People) -> None:
    dana, guest = people("Dana"), people("Guest")
    dana.ask("Secret")
    request_id = dana.send()

    guest.go(f"requests/{request_id}")

    guest.sees("sender: no requester has the principal 'claim:guests'", seconds=25)
    assert guest.page.get_by_text("Secret").count() == 0


def test_tables_are_filtered_by_state_and_unit(people: People) -> None:
    dana = people("Dana")
    dana.ask("One")
    dana.send()
    dana.sees_state("vended")
    dana.follow("Requests")

    dana.page.get_by_role("link", name="One").wait_for()
    dana.page.get_by_label("State").select_option("FAILED")
    dana.sees("No request matches.")
    dana.page.get_by_label("State").select_option("VENDED")
    dana.page.get_by_label("Organizational unit").fill("/Other")
    dana.page.keyboard.press("Tab")
    dana.sees("No request matches.")
    dana.page.get_by_label("Organizational unit").fill("/Workloads")
    dana.page.keyboard.press("Tab")

    dana.page.get_by_role("link", name="One").wait_for()


def test_what_somebody_types_stays_while_the_list_is_looked_at_again(people: People) -> None:
    dana = people("Dana")
    field = dana.page.get_by_label("Organizational unit")
    dana.sees("No requests yet.")

    field.press_sequentially("/Work")
    with dana.page.expect_response(lambda answer: "/requests" in answer.url):
        pass  # of the next look at the list

    assert field.input_value() == "/Work"


@pytest.mark.parametrize("place", ["requests/nobody-s", "requests/%E0%A4", "accounts/1"])
def test_address_of_nothing_says_so(people: People, place: str) -> None:
    dana = people("Dana")

    dana.page.clock.install()
    dana.go(place)
    dana.page.clock.fast_forward(20_000)  # milliseconds, after which nothing is awaited any more

    dana.sees("that you may see")


@pytest.mark.parametrize("answer", ["?code=forged&state=forged", "?error=access_denied&state=x"])
def test_answer_to_a_sign_in_that_was_not_begun_here_is_refused(
    people: People, answer: str
) -> None:
    dana = people("Dana")
    dana.press("Sign out")

    dana.page.goto(f"{dana.url}{answer}")

    dana.sees("This sign-in was not begun here")
    assert "code=" not in dana.page.url


def test_session_that_has_ended_leads_to_the_sign_in(people: People, aws: EmbeddedAws) -> None:
    dana = people("Dana")
    dana.page.evaluate(
        """() => {
            const kept = JSON.parse(sessionStorage.getItem("session"));
            sessionStorage.setItem("session", JSON.stringify({ ...kept, token: "ended" }));
        }"""
    )

    dana.page.reload()

    dana.sees("Your session has ended.")
    dana.press("Sign in")
    dana.page.get_by_role("button", name="Dana").click()
    dana.page.get_by_role("heading", name="Requests").wait_for()
