"""The request policy: which senders there are, and what each may ask for. Deny by default.

Data, in one file (`request-policy.yaml`), validated when the stack is synthesized, and carried by
the functions as JSON. `vend schema --request-policy` prints its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from vending.authorization import approval_rules, principals
from vending.authorization.approval_rules import ApprovalRules
from vending.authorization.policy_values import Pattern, RequesterName, UnitPattern
from vending.authorization.sender import API_SOURCE, Sender
from vending.errors.exceptions import RequestNotAllowed
from vending.model import Model
from vending.request import validators
from vending.request.account_request import (
    DEFAULT_ROLE_NAME,
    AccountId,
    RootFeature,
    Source,
    TagKey,
    best_effort_request_id,
)
from vending.request.patterns import ANY, matches
from vending.request.request_ids import namespace_of, qualified
from vending.request.validation_messages import problems_in
from vending.requesters import OWN_SOURCES

FILE_NAME = "request_policy.json"
"""The policy in the functions' bundle."""

ADMINISTRATOR = "administrator"
"""The requester of executions that are started by hand, and a role."""

Role = Literal["requester", "approver", "operator", "administrator"]

APPROVING: tuple[Role, ...] = ("approver", "operator", "administrator")
"""Roles of requesters that a rule may name to approve."""

UNKNOWN = "unknown"
"""The requester of senders that the policy does not have: nothing of theirs is ever vended."""

EMBEDDED_ACCOUNT = "111111111111"
"""The management account of the embedded AWS, the only one where a demo policy holds."""


class SenderPattern(Model):
    """A sender: an account and a source, as EventBridge knows them, or a principal of the API."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["account", "source"]}, {"required": ["principal"]}]
        }
    )

    account: AccountId | None = Field(
        default=None, description="The account whose credentials put the event."
    )
    source: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="The event's source, exactly. In a demo policy alone, * is any."
    )
    principal: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None,
        description="The ARN of the IAM role or user that calls the API; claim: and a value of the "
        "claim of its token, where tokens authorize calls. In a demo policy alone, * is any role "
        "or user.",
    )

    @property
    def is_anybody(self) -> bool:
        """Whether it is a demo's, which takes all."""
        return ANY in (self.source, self.principal)

    @property
    def is_many_people(self) -> bool:
        """Whether callers of this sender are told apart by more than its name here."""
        principal = self.principal
        return self.is_anybody or (principal is not None and principals.is_of_people(principal))

    def matches(self, sender: Sender) -> bool:
        """Whether it is this sender."""
        if sender.principal is not None or sender.source == API_SOURCE:
            # Of that source without a principal is nobody: the bus takes such events, too.
            if self.principal is None or sender.principal is None:
                return False
            if self.principal == ANY:
                return not principals.is_of_claim(sender.principal)
            return principals.without_path(self.principal) == sender.principal
        return (
            self.account is not None
            and self.account == sender.account
            and self.source in (sender.source, ANY)
        )


class TagRules(Model):
    """Tags by key. A key that is neither required nor allowed is refused."""

    required: dict[TagKey, list[Pattern]] = Field(
        default={}, description="Keys that every request has, and the values that each may have."
    )
    allowed: dict[Pattern, list[Pattern]] = Field(
        default={}, description="Keys that a request may have, by pattern, and their values."
    )
    forbidden: list[Pattern] = Field(
        default=[], description="Keys that it may not have all the same."
    )


class Ceilings(Model):
    """How many requests, of all senders of a requester together; absent: as many as they like."""

    in_progress: Annotated[int, Field(ge=1)] | None = Field(default=None, description="At once.")
    per_day: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Begun in a day (UTC)."
    )
    in_total: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Begun ever.")


class Requester(Model):
    """What the senders of one requester may ask for. What is not granted here is refused."""

    senders: Annotated[list[SenderPattern], Field(min_length=1)]
    roles: Annotated[list[Role], Field(min_length=1)] = Field(
        default=["requester"],
        description="A requester may ask for what is granted here. An approver decides on requests "
        "of rules that name it. An operator sees and cancels every request, and decides like an "
        "approver. An administrator may do all of that, may ask for everything but what is "
        "protected, and acts on every request by its full id.",
    )
    counts_as_approved: list[Pattern] = Field(
        default=[],
        description="Rules of approvals, by name, that its requests need no approval under: they "
        "come from a pipeline that carries out reviewed pull requests, and from nowhere else.",
    )
    sources: list[Source] = Field(default=["new"], description="Where accounts may come from.")
    organizational_units: list[UnitPattern] = Field(
        default=[],
        description="Where accounts may be put, and taken from by sources existing and invited: "
        "these units and all below them. / is the root alone, /* is everywhere.",
    )
    account_ids: list[Pattern] = Field(
        default=[], description="Accounts that sources existing and invited may name."
    )
    emails: list[Pattern] = Field(
        default=[], description="Addresses of accounts, in any letter case."
    )
    account_names: list[Pattern] = Field(default=[ANY], description="Names of new accounts.")
    role_names: list[Pattern] = Field(
        default=[DEFAULT_ROLE_NAME], description="Roles that account.roleName may name."
    )
    tags: TagRules = TagRules()
    policies: list[Pattern] = Field(
        default=[],
        description="Policies that may be attached, by name. Their content is for administrators.",
    )
    service_access: list[Pattern] = Field(default=[], description="Services that may be enabled.")
    root_access: list[RootFeature] = Field(
        default=[], description="Root features that may be enabled."
    )
    contacts: bool = Field(
        default=False, description="Whether alternate contacts may be set: they get AWS's mail."
    )
    retire: list[UnitPattern] = Field(
        default=[],
        description="Where accounts may be retired from, and restored to: these units and all "
        "below them.",
    )
    ceilings: Ceilings = Ceilings()

    @property
    def is_administrator(self) -> bool:
        """Whether everything may be asked for that is not protected."""
        return ADMINISTRATOR in self.roles

    @property
    def sees_everything(self) -> bool:
        """Whether every request and account is shown to it."""
        return self.is_administrator or "operator" in self.roles

    @property
    def may_request(self) -> bool:
        """Whether it may ask for anything."""
        return self.is_administrator or "requester" in self.roles

    @property
    def may_approve(self) -> bool:
        """Whether a rule may name it."""
        return any(role in self.roles for role in APPROVING)


class Protected(Model):
    """What no request touches, whoever sends it."""

    accounts: list[AccountId] = Field(default=[], description="By their ids.")
    organizational_units: list[UnitPattern] = Field(
        default=[], description="Units, with all below, that nothing is put into or taken out of."
    )
    tags: list[Pattern] = Field(default=[], description="Keys of tags that no request sets.")


class RequestPolicy(Model):
    """All of it. Without requesters, only executions that are started by hand are accepted."""

    demo: bool = Field(
        default=False,
        description="For the embedded AWS alone: refused everywhere else, and by deploy.",
    )
    requesters: dict[RequesterName, Requester] = Field(default={}, description="By name.")
    approvals: ApprovalRules = ApprovalRules()
    protected: Protected = Protected()

    def requester_of(self, sender: Sender, *, here: str) -> tuple[str, Requester | None]:
        """The requester's name, and what it may ask for: None where no rule limits it.

        Args:
            sender: of the request.
            here: the account of this installation.

        Raises:
            RequestNotAllowed: the policy does not have the sender, or is a demo's.
        """
        if sender.is_by_hand:
            return ADMINISTRATOR, None
        own = OWN_SOURCES.get(sender.source or "")
        if own is not None and sender.account == here:
            return own, None
        if self.demo and here != EMBEDDED_ACCOUNT:
            raise RequestNotAllowed(
                ["the request policy is the demo's, which holds on the embedded AWS alone"],
                remedy="Whoever operates account vending deploys it with a request policy of its "
                "own (docs/request-policy.md).",
            )
        known = [
            (one, name)
            for name, requester in self.requesters.items()
            for one in requester.senders
            if one.matches(sender)
        ]
        if known:
            # Whom a demo names it means, whoever else may come.
            _, name = min(known, key=lambda each: each[0].is_anybody)
            found = self.requesters[name]
            return name, None if found.is_administrator else found
        if sender.principal is not None:
            raise RequestNotAllowed(
                [f"sender: no requester has the principal {validators.shown(sender.principal)}"],
                remedy="Call with a principal that the request policy has for you; or have whoever "
                "operates account vending add this one to it.",
            )
        source, account = (validators.shown(each or "") for each in (sender.source, sender.account))
        raise RequestNotAllowed(
            [f"sender: no requester of the request policy has the source {source} of {account}"],
            remedy="Send from the account, and with the event source, that the request policy has "
            "for you; or have whoever operates account vending add this sender to it.",
        )

    def remembered(self, raw: object, sender: Sender, *, here: str) -> tuple[str | None, str]:
        """What a request is remembered by, however wrong it is: its id, and its requester.

        The id is None where there is none, or it is another requester's. The requester is UNKNOWN
        for a sender that the policy does not have.
        """
        try:
            name, requester = self.requester_of(sender, here=here)
            is_administrator = requester is None
        except RequestNotAllowed:
            name, is_administrator = UNKNOWN, False
        request_id = best_effort_request_id(raw)
        if request_id is None or is_administrator:
            return request_id, name
        return own_id(request_id, name), name


def own_id(request_id: str, requester: str) -> str | None:
    """The id among those of a requester who is no administrator; None where it is another's."""
    own = qualified(request_id, requester)
    return own if namespace_of(own) == requester else None


class RequestPolicyInvalid(ValueError):
    """The file is no request policy; `problems` are all that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n- ".join(["the request policy cannot be used:", *problems]))
        self.problems = problems


def parse_policy(raw: object) -> RequestPolicy:
    """The policy that decoded YAML or JSON says.

    Raises:
        RequestPolicyInvalid: with every problem.
    """
    if not isinstance(raw, dict):
        raise RequestPolicyInvalid(["it must be an object, with the key requesters"])
    try:
        policy = RequestPolicy.model_validate(raw)
    except ValidationError as error:
        raise RequestPolicyInvalid(problems_in(error, RequestPolicy)) from None
    if problems := list(_problems(policy)):
        raise RequestPolicyInvalid(problems)
    return policy


def schema() -> dict[str, Any]:
    """The JSON Schema of a request policy."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RequestPolicy.model_json_schema(by_alias=True),
        "title": "Request policy",
    }


def _problems(policy: RequestPolicy) -> Iterator[str]:
    """What no check of a single value sees."""
    yield from _of_senders(policy)
    yield from _of_approvals(policy)
    for name, requester in policy.requesters.items():
        place = f"requesters.{name}"
        if name in (ADMINISTRATOR, *OWN_SOURCES.values(), UNKNOWN):
            yield f"{place}: the name is the product's own"
        yield from _of_roles(place, requester)
        for pattern in requester.counts_as_approved:
            if not any(matches(rule, pattern) for rule in policy.approvals.rules):
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


def _of_approvals(policy: RequestPolicy) -> Iterator[str]:
    """Rules that nobody could satisfy."""
    for name, rule in policy.approvals.rules.items():
        place = f"approvals.rules.{name}"
        yield from approval_rules.problems_of(place, rule)
        people: set[tuple[str | None, ...]] | None = set()
        for one in rule.by:
            requester = policy.requesters.get(one)
            if requester is None:
                known = ", ".join(sorted(policy.requesters)) or "none"
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


def _of_senders(policy: RequestPolicy) -> Iterator[str]:
    known: dict[tuple[str | None, ...], str] = {}
    for name, requester in policy.requesters.items():
        for index, one in enumerate(requester.senders):
            where = f"requesters.{name}.senders[{index}]"
            yield from _of_sender(where, one, is_demo=policy.demo)
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
