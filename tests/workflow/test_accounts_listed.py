"""The inventory of a deployed system: accounts as they were vended, changed and retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import a_request

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending


def test_vended_and_changed_account_is_listed_with_its_history(
    vending: Vending, vend: Command
) -> None:
    request = a_request(requestedBy="payments")
    ended = vending.run(request)
    assert ended.status == "SUCCEEDED", ended
    account_id = ended.output["accountId"]
    vending.run(request | {"organizationalUnit": "/Workloads/Production"})

    (listed,) = vend("accounts", "--json").json
    status = vend("status", account_id, "--json").json

    assert (listed["accountId"], listed["state"]) == (account_id, "ACTIVE")
    assert (listed["revision"], listed["owner"]) == (2, "payments")
    assert listed["organizationalUnit"] == "/Workloads/Production"
    assert [one["revision"] for one in status["revisions"]] == [2, 1]
    (change,) = status["revisions"][0]["changes"]
    assert change.endswith("-> /Workloads/Production")
