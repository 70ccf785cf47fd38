"""What is wrong with a request policy that no check of a single value sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vending.authorization import approval_rules, principals
from vending.authorization.approval_rules import ApprovalRules
from vending.authorization.policy_requesters import (
    ADMINISTRATOR,
    APPROVING,
    UNKNOWN,
    Requester,
    SenderPattern,
)
from vending.request.patterns import ANY, matches
from vending.requesters import OWN_SOURCES


def problems_of(
    requesters: Mapping[str, Requester], approvals: ApprovalRules, *, is_demo: bool
) -> Iterator[str]:
    """Every mistake.

    Args:
        requesters: by name.
        approvals: the rules.
        is_demo: whether wildcards may stand for senders.
    """
    yield from _of_senders(requesters, is_demo=is_demo)
    yield from _of_approvals(requesters, approvals)
    for name, requester in requesters.items():
        place = f"requesters.{name}"
        if name in (ADMINISTRATOR, *OWN_SOURCES.values(), UNKNOWN):
            yield f"{place}: the name is the product's own"
        yield from _of_roles(place, requester)
        for pattern in requester.counts_as_approved:
            if not any(matches(rule, pattern) for rule in approvals.rules):
                yield f"{place}.countsAsApproved: there is no rule {pattern!r} in approvals.rules"
        if requester.is_administrator or not requester.may_request:
            yield from _without_effect(place, requester)
        elif "new" in requester.sources or "new-govcloud" in requester.sources:
            if not requester.emails:
                yield f"{place}.emails: is empty, so that no new account could have an address"
            if not requester.organizational_units:
                yield f"{place}.organizationalUnits: is empty, so that no account has a place"


def _of_roles(place: str, requester: Requester) -> Iterator[str]:
    if len(set(requester.roles)) < len(requester.roles):
        yield f"{place}.roles: names a role twice"
    if requester.is_administrator and len(requester.roles) > 1:
        yield f"{place}.roles: administrator includes every other role; leave those out"


def _of_approvals(requesters: Mapping[str, Requester], approvals: ApprovalRules) -> Iterator[str]:
    """Rules that nobody could satisfy."""
    for name, rule in approvals.rules.items():
        place = f"approvals.rules.{name}"
        yield from approval_rules.problems_of(place, rule)
        people: set[tuple[str | None, ...]] | None = set()
        for one in rule.by:
            requester = requesters.get(one)
            if requester is None:
                known = ", ".join(sorted(requesters)) or "none"
                yield f"{place}.by: there is no requester {one!r}; there is {known}"
            elif not requester.may_approve:
                yield (
                    f"{place}.by: requesters.{one}.roles has none of {', '.join(APPROVING)}, so "
                    "that it cannot approve"
                )
            people = _with_people_of(requester, people)
        if people is not None and len(people) < rule.approvals:
            yield (
                f"{place}.approvals: is {rule.approvals}, and the requesters that it names can "
                f"give {len(people)}: each of their senders approves once"
            )


def _with_people_of(
    requester: Requester | None, known: set[tuple[str | None, ...]] | None
) -> set[tuple[str | None, ...]] | None:
    """The senders that are told apart; None where one of them may be any number of people."""
    if requester is None or known is None:
        return None
    if any(one.is_many_people for one in requester.senders):
        return None
    return known | {(one.account, one.source, one.principal) for one in requester.senders}


def _of_senders(requesters: Mapping[str, Requester], *, is_demo: bool) -> Iterator[str]:
    known: dict[tuple[str | None, ...], str] = {}
    for name, requester in requesters.items():
        for index, one in enumerate(requester.senders):
            where = f"requesters.{name}.senders[{index}]"
            yield from _of_sender(where, one, is_demo=is_demo)
            principal = one.principal and principals.without_path(one.principal)
            other = known.setdefault((one.account, one.source, principal), where)
            if other != where:
                yield f"{where}: is {other} again; a sender is one requester's"


def _of_sender(where: str, one: SenderPattern, *, is_demo: bool) -> Iterator[str]:
    if one.principal is None:
        yield from _of_source(where, one, is_demo=is_demo)
        return
    if one.account is not None or one.source is not None:
        yield f"{where}: is either a principal, or an account and a source"
    if one.principal == ANY and not is_demo:
        yield f"{where}.principal: {ANY} is for a demo policy alone; name each principal"
    elif one.principal != ANY and (problem := principals.problem_of(one.principal)):
        yield f"{where}.principal: {problem}"


def _of_source(where: str, one: SenderPattern, *, is_demo: bool) -> Iterator[str]:
    if one.account is None:
        yield f"{where}.account: is required"
    if one.source is None:
        yield f"{where}.source: is required"
    elif one.source == ANY and not is_demo:
        yield f"{where}.source: {ANY} is for a demo policy alone; name each source"
    elif "*" in one.source and one.source != ANY:
        yield f"{where}.source: is compared as it is, so that it may have no *"


def _without_effect(place: str, requester: Requester) -> Iterator[str]:
    always = {"senders", "roles"}
    who = "one who is no requester"
    if requester.is_administrator:
        always |= {"ceilings", "counts_as_approved"}
        who = "an administrator"
    for field in sorted(requester.model_fields_set - always):
        alias = Requester.model_fields[field].alias or field
        yield f"{place}.{alias}: has no effect for {who}; leave it out"
