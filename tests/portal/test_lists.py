"""Lists that are longer than a page of the API: everything in them can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.commands import portal_samples
from tests.portal.person import until
from tests.workflow.ledger_rows import LedgerRows
from vending.ledger import keys

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.portal.conftest import People

RESTRICTED = "/Workloads/Restricted"


def test_everything_that_waits_for_approval_can_be_shown(people: People, aws: EmbeddedAws) -> None:
    dana, ledger = portal_samples.Caller.of(aws, "dana"), LedgerRows(aws)
    request = {**portal_samples.asked_for("Payroll"), "organizationalUnit": RESTRICTED}
    request_id = dana("POST /requests", request)["requestId"]
    until(lambda: len(dana("GET /requests?state=AWAITING_APPROVAL")["requests"]), 1)
    one = ledger.row(keys.request(request_id))
    ledger.put(
        [
            {**one, "pk": keys.request(f"{request_id}-{n}"), "requestId": f"{request_id}-{n}"}
            for n in range(204)
        ]
    )
    of_account = {
        "action": "retire",
        "reason": "over",
        **{key: one[key] for key in ("approval", "sender", "state", "updatedAt", "requestedAt")},
    }
    ledger.put(
        [
            {**of_account, "pk": keys.retirement(account), "accountId": account}
            for account in map(str, range(300000000000, 300000000102))
        ]
    )
    robin = people("Robin")

    robin.go("approvals")
    requests, retirements = (
        robin.page.get_by_role("region", name=name, exact=True)
        for name in ("Requests", "Retirements")
    )
    shown = requests.locator("tbody tr").count
    until(shown, 100)
    until(retirements.locator("tbody tr").count, 100)
    retirements.get_by_role("button", name="Show more").click()
    until(retirements.locator("tbody tr").count, 102)
    brought = retirements.locator("tbody tr").nth(100).locator("a")
    until(lambda: brought.evaluate("link => link === document.activeElement"), wanted=True)
    requests.get_by_role("button", name="Show more").click()
    until(shown, 200)
    requests.get_by_role("button", name="Show more").click()

    until(shown, 205)
    until(robin.page.get_by_role("button", name="Show more").count, 0)


def test_account_shows_its_oldest_revision(people: People, aws: EmbeddedAws) -> None:
    call, ledger = portal_samples.Caller.of(aws, "dana"), LedgerRows(aws)
    started = call("POST /requests", portal_samples.asked_for("Old"))
    account_id = portal_samples.ended(call, started["requestId"])["accountId"]
    record = ledger.row(keys.account_record(account_id))
    first = ledger.row(keys.revision(account_id, 1))
    ledger.put(
        [
            {**record, "revision": 130},
            *({**first, "pk": keys.revision(account_id, n), "revision": n} for n in range(2, 131)),
        ]
    )
    dana = people("Dana")

    dana.go(f"accounts/{account_id}")
    revisions = dana.page.locator("ol.revisions > li")
    until(revisions.count, 20)
    dana.press("Show more")
    until(revisions.count, 100)
    until(lambda: dana.page.evaluate("document.activeElement.value"), 110)
    dana.press("Show more")

    until(revisions.count, 130)
    assert revisions.last.get_attribute("value") == "1"
