"""Which approvals a request needs under the request policy.

Pure: what has to be looked up, such as where an account stands and what was counted, is passed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from vending.authorization import rules
from vending.authorization.approval_rules import ApprovalRule
from vending.authorization.rules import Unit
from vending.frozen import frozen
from vending.request.patterns import matches
from vending.requesters import OWN_SOURCES

if TYPE_CHECKING:
    from vending.authorization.request_policy import RequestPolicy
    from vending.ledger.item_types import Need
    from vending.request.account_request import AccountRequest


@frozen
class Counted:
    """What was counted of a requester, the request that is asked about included.

    Attributes:
        today: None where nothing is counted of it now.
        beyond: the ceilings that it is beyond, by their keys in the request policy, each with what
            is refused by it.
        earlier: rules that wanted an approval of the same request before.
    """

    today: int | None = None
    beyond: Mapping[str, str] = field(default_factory=dict)
    earlier: Collection[str] = ()


NOTHING_COUNTED = Counted()


def of_request(
    request: AccountRequest,
    policy: RequestPolicy,
    *,
    name: str,
    place: Unit | None = None,
    counted: Counted = NOTHING_COUNTED,
) -> list[Need]:
    """What the rules want for a request for an account, or for a change of one.

    Args:
        request: what is asked for.
        policy: the request policy.
        name: of the requester.
        place: where the account stands, of one that is there already.
        counted: of the requester.
    """
    return _needs(
        policy,
        name,
        [
            rule
            for rule, conditions in policy.approvals.rules.items()
            if conditions.retire is None and _holds(rule, conditions, request, name, place, counted)
        ],
    )


def of_retirement(unit: Unit, policy: RequestPolicy, *, name: str) -> list[Need]:
    """What the rules want for the retirement of an account that stands in the unit."""
    return _needs(
        policy,
        name,
        [
            rule
            for rule, conditions in policy.approvals.rules.items()
            if conditions.retire is not None
            and _is_of(conditions, name)
            and any(rules.is_within(unit, pattern) for pattern in conditions.retire)
        ],
    )


def looks_at_places(policy: RequestPolicy, name: str) -> bool:
    """Whether where an account of the requester stands makes a difference."""
    return any(
        conditions.organizational_units is not None and _is_of(conditions, name)
        for conditions in policy.approvals.rules.values()
    )


def counts_of(policy: RequestPolicy, name: str) -> bool:
    """Whether the requester's requests are to be counted."""
    return any(
        conditions.more_than_per_day is not None and _is_of(conditions, name)
        for conditions in policy.approvals.rules.values()
    )


def excuses_ceilings(needs: Sequence[Need], policy: RequestPolicy) -> bool:
    """Whether an approval is asked for where a ceiling would refuse the request."""
    return any(policy.approvals.rules[need["rule"]].beyond_ceilings for need in needs)


def _needs(policy: RequestPolicy, name: str, matched: Sequence[str]) -> list[Need]:
    if name in OWN_SOURCES.values():
        return []  # what somebody has approved is put back, and what the settings say is done
    requester = policy.requesters.get(name)
    waived = requester.counts_as_approved if requester else []
    found: list[Need] = []
    for rule in matched:
        conditions = policy.approvals.rules[rule]
        need: Need = {"rule": rule, "approvals": conditions.approvals, "by": list(conditions.by)}
        if any(matches(rule, pattern) for pattern in waived):
            need["isWaived"] = True
        found.append(need)
    return found


def _is_of(conditions: ApprovalRule, name: str) -> bool:
    return conditions.requesters is None or _any(name, conditions.requesters)


def _holds(
    rule: str,
    conditions: ApprovalRule,
    request: AccountRequest,
    name: str,
    place: Unit | None,
    counted: Counted,
) -> bool:
    return _is_of(conditions, name) and all(
        (
            *_conditions(conditions, request, place),
            rule in counted.earlier or all(_of_counts(conditions, counted)),
        )
    )


def _conditions(
    conditions: ApprovalRule, request: AccountRequest, place: Unit | None
) -> Iterator[bool]:
    if conditions.sources is not None:
        yield request.source in conditions.sources
    if conditions.organizational_units is not None:
        units = [unit for unit in (rules.wanted_unit(request), place) if unit is not None]
        yield any(rules.reads_within(unit, conditions.organizational_units) for unit in units)
    if conditions.policies is not None:
        yield any(_any(policy.name, conditions.policies) for policy in request.policies)
    if conditions.root_access is not None:
        yield any(feature in conditions.root_access for feature in request.root_access)


def _of_counts(conditions: ApprovalRule, counted: Counted) -> Iterator[bool]:
    if conditions.more_than_per_day is not None:
        yield counted.today is not None and counted.today > conditions.more_than_per_day
    if conditions.beyond_ceilings:
        yield bool(counted.beyond)


def _any(text: str, patterns: Sequence[str]) -> bool:
    return any(matches(text, pattern) for pattern in patterns)
