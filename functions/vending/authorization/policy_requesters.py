"""What a request policy says of one requester: its senders, its roles, and what it may ask for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from vending.authorization import principals
from vending.authorization.policy_values import Pattern, UnitPattern
from vending.authorization.sender import API_SOURCE, Sender
from vending.model import Model
from vending.request.account import DEFAULT_ROLE_NAME
from vending.request.fields import AccountId, RootFeature, Source, TagKey
from vending.request.patterns import ANY

ADMINISTRATOR = "administrator"
"""The requester of executions that are started by hand, and a role."""

UNKNOWN = "unknown"
"""The requester of senders that the policy does not have: nothing of theirs is ever vended."""

Role = Literal["requester", "approver", "operator", "administrator"]

APPROVING: tuple[Role, ...] = ("approver", "operator", "administrator")
"""Roles of requesters that a rule may name to approve."""


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
    tags: TagRules = TagRules.model_construct()
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
    ceilings: Ceilings = Ceilings.model_construct()

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
