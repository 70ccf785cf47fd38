"""Ways in which a request goes, so that every call site of its door is met by one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.faults import CallFault
from tests.builders import a_request
from tests.matrix import interruptions
from tests.matrix.definition import CREATIONS, Site, doors, sites_of
from tests.matrix.invariants import Wish
from tests.matrix.site_faults import SiteFault
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.matrix.lab import Lab
    from tests.workflow.vending import Ended, Vending

DENIED = CallFault(error="AccessDeniedException")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`run` submits the wish and returns how its executions ended."""

    name: str
    run: Callable[[Lab, Wish], list[Ended]]
    fails: bool = False
    """Whether it ends in a failure that is none of the cell's."""
    without: tuple[str, ...] = ()
    """What the request does not ask for."""


def a_wish(door: str, scenario: Scenario, vending: Vending) -> Wish:
    """A request for everything that a request may ask for, through the door."""
    request = a_request(source=door)
    request = {key: value for key, value in request.items() if key not in scenario.without}
    if door == "existing":
        account_id = an_account_made_by_hand(vending, request["account"]["email"])
        return Wish(request=request | {"account": {"accountId": account_id}}, account_id=account_id)
    if door == "new-govcloud":
        account = request["account"]
        return Wish(
            request=request | {"account": account | {"name": account["name"].replace(" ", "-")}}
        )
    if door == "invited":
        account_id = "222222222222"
        return Wish(request=request | {"account": {"accountId": account_id}}, account_id=account_id)
    return Wish(request=request)


def an_account_made_by_hand(vending: Vending, email: str) -> str:
    """A member that somebody created without this system."""
    status = vending.organizations.create_account(Email=email, AccountName="By hand")
    creation_id = status["CreateAccountStatus"]["Id"]

    def made() -> str | None:
        described = vending.organizations.describe_create_account_status(
            CreateAccountRequestId=creation_id
        )["CreateAccountStatus"]
        return str(described["AccountId"]) if "AccountId" in described else None

    return str(eventually(made))


def _by_event(lab: Lab, wish: Wish) -> list[Ended]:
    """As most requests come and go."""
    return lab.send(wish)


def _resumed(lab: Lab, wish: Wish) -> list[Ended]:
    """A second execution takes over from one that was stopped after it had the claim."""
    claimed = doors()[str(wish.request["source"])]
    with interruptions.when_entered(claimed, interruptions.stop):
        stopped = lab.run(wish)
    return [*stopped, *lab.run(wish)]


def _repeated_at_work(lab: Lab, wish: Wish) -> list[Ended]:
    """The same again while the first is at work."""
    lab.faults.replace([{"createAccount": {"calls": "all", "seconds": 300}}])
    first = lab.vending.start(wish.request)
    eventually(lambda: lab.vending.row(wish.request_id))
    return [*lab.run(wish), lab.finish(first)]


def _repeated_afterwards(lab: Lab, wish: Wish) -> list[Ended]:
    """The same again once it is vended."""
    return [*lab.run(wish), *lab.run(wish)]


def _refused_late(lab: Lab, wish: Wish) -> list[Ended]:
    """A failure that the ledger is to remember."""
    lab.faults.arm(
        SiteFault(
            site=Site("MoveAccount", "organizations", "MoveAccount"), fault=DENIED, lasts=True
        )
    )
    return lab.send(wish)


def _refused_early(lab: Lab, wish: Wish) -> list[Ended]:
    """A failure before there is a row."""
    lab.faults.arm(
        SiteFault(site=Site("AcceptRequest", "dynamodb", "PutItem"), fault=DENIED, lasts=True)
    )
    return lab.send(wish)


def _creation_unanswered(lab: Lab, wish: Wish) -> list[Ended]:
    """AWS acts, nobody hears of it: the account must be looked for, and is found."""
    _arm_creations(lab, wish, CallFault(lost=True))
    return lab.send(wish)


def _creation_uncertain(lab: Lab, wish: Wish) -> list[Ended]:
    """AWS does not act, nobody can be sure: the account must be looked for, and is not found."""
    _arm_creations(lab, wish, CallFault(error="ServiceException"))
    return lab.send(wish)


def _creation_fails_later(lab: Lab, wish: Wish) -> list[Ended]:
    """AWS says that the account is there already, and it is not."""
    lab.faults.replace([{"createAccount": {"calls": [1], "failureReason": "EMAIL_ALREADY_EXISTS"}}])
    return lab.send(wish)


def _arm_creations(lab: Lab, wish: Wish, fault: CallFault) -> None:
    for site in sites_of(str(wish.request["source"])):
        if site.operation in CREATIONS:
            lab.faults.arm(SiteFault(site=site, fault=fault))


def _left_behind(lab: Lab, wish: Wish) -> list[Ended]:
    """The account is being made for this request already, and this execution cannot know."""
    account = wish.request["account"]
    if "email" in account and wish.request["source"] == "new":
        lab.vending.organizations.create_account(
            Email=account["email"],
            AccountName=account["name"],
            Tags=[{"Key": "account-vending:request-id", "Value": wish.request_id}],
        )
    return lab.run(wish)


SCENARIOS = (
    Scenario(name="by event", run=_by_event),
    Scenario(name="resumed", run=_resumed),
    Scenario(name="repeated at work", run=_repeated_at_work),
    Scenario(name="repeated afterwards", run=_repeated_afterwards),
    Scenario(name="left in its place", run=_by_event, without=("organizationalUnit",)),
    Scenario(name="refused late", run=_refused_late, fails=True),
    Scenario(name="refused early", run=_refused_early, fails=True),
    Scenario(name="creation unanswered", run=_creation_unanswered),
    Scenario(name="creation uncertain", run=_creation_uncertain),
    Scenario(name="creation fails later", run=_creation_fails_later, fails=True),
    Scenario(name="left behind", run=_left_behind),
)
"""In the order in which they are tried for a call site or a state."""
