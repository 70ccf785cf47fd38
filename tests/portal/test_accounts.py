"""An account's life on the page: changed, retired, restored, and found to differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cli.commands import portal_samples

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.portal.conftest import People
    from tests.portal.person import Person


def vended(dana: Person, aws: EmbeddedAws, name: str) -> str:
    """Have an account vended, and open it; its id."""
    call = portal_samples.Caller.of(aws, "dana")
    started = call("POST /requests", portal_samples.asked_for(name))
    account_id = str(portal_samples.ended(call, started["requestId"])["accountId"])
    dana.go(f"accounts/{account_id}")
    dana.sees_state("active")
    return account_id


def test_account_is_changed_retired_and_restored(people: People, aws: EmbeddedAws) -> None:
    dana = people("Dana")
    account_id = vended(dana, aws, "Changing")

    dana.follow("Change")
    dana.fill("organizationalUnit", "/Workloads/Other")
    dana.press("Add tag")
    dana.page.get_by_label("Tag 2: key").fill("owner")
    dana.page.get_by_label("Tag 2: value").fill("dana@example.com")
    dana.press("Show the plan")
    dana.sees("organizational unit /Workloads/Sandbox -> /Workloads/Other")
    dana.sees("tag owner added")
    dana.send()
    dana.page.locator("dl.facts div", has_text=re.compile("Revision.*2")).wait_for(timeout=30_000)
    dana.go(f"accounts/{account_id}")
    dana.sees("tag owner added")
    tags = aws.client("organizations").list_tags_for_resource(ResourceId=account_id)["Tags"]
    assert {"Key": "owner", "Value": "dana@example.com"} in tags

    dana.press("Retire …")
    dana.page.get_by_label("Why?").fill("The project is over.")
    dana.press("Retire")
    dana.sees_state("retiring")
    dana.sees("The project is over.")
    dana.press("Restore")

    dana.sees_state("active")


def test_retiring_is_asked_about_and_can_be_left(people: People, aws: EmbeddedAws) -> None:
    dana = people("Dana")
    vended(dana, aws, "Kept")

    dana.press("Retire …")
    dana.press("Retire")  # without a reason
    is_open = dana.page.locator("dialog").evaluate("dialog => dialog.open")
    dana.page.keyboard.press("Escape")

    dana.page.locator("dialog").wait_for(state="detached")
    assert is_open
    dana.sees_state("active")


def test_change_of_an_account_that_was_changed_meanwhile_is_refused(
    people: People, aws: EmbeddedAws
) -> None:
    dana = people("Dana")
    account_id = vended(dana, aws, "Contended")
    dana.follow("Change")
    dana.fill("organizationalUnit", "/Workloads/Mine")
    call = portal_samples.Caller.of(aws, "dana")
    document = call(f"GET /accounts/{account_id}")["document"]
    request = call(f"PUT /accounts/{account_id}", {**document, "tags": {"owner": "other"}})
    portal_samples.ended(call, request["requestId"], revision=2)

    dana.press("Show the plan")

    dana.sees("ifRevision: is 1, and the account is at revision 2.")
    assert dana.page.get_by_role("button", name="Send the request").count() == 0


def test_difference_from_the_document_is_shown(people: People, aws: EmbeddedAws) -> None:
    dana = people("Dana")
    account_id = vended(dana, aws, "Drifting")

    portal_samples.drift(aws, account_id)
    dana.go("accounts")
    dana.page.get_by_role("link", name=account_id).wait_for()
    dana.go(f"accounts/{account_id}")

    dana.sees("It differs from its document")
    assert dana.page.get_by_text("9999").count() >= 1
