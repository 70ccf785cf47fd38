"""Which requests need how many approvals, by whom: the part of the request policy that says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from vending.authorization.policy_values import Pattern, RequesterName, UnitPattern
from vending.model import Model
from vending.request.fields import RootFeature, Source

EXPIRE_AFTER_DAYS = 14
EXPIRE_AFTER_DAYS_MAX = 30
"""An execution lasts longer than this and the longest of its other waits together."""

APPROVALS_MAX = 10

_ABOUT_REQUESTS = (
    "organizational_units",
    "sources",
    "policies",
    "root_access",
    "more_than_per_day",
    "beyond_ceilings",
)


class ApprovalRule(Model):
    """Requests that need approvals: those for which all that is said here holds.

    A key that is left out holds for every request. A rule with `retire` is about retirements alone,
    every other about requests for accounts and for changes of accounts.
    """

    requesters: Annotated[list[Pattern], Field(min_length=1)] | None = Field(
        default=None, description="Of these requesters."
    )
    organizational_units: Annotated[list[UnitPattern], Field(min_length=1)] | None = Field(
        default=None,
        description="For accounts that are to be put into one of these units, or are there "
        "already: with all below them. / is the root alone, /* is everywhere.",
    )
    sources: Annotated[list[Source], Field(min_length=1)] | None = Field(
        default=None, description="Of these sources."
    )
    policies: Annotated[list[Pattern], Field(min_length=1)] | None = Field(
        default=None, description="That attach a policy of such a name."
    )
    root_access: Annotated[list[RootFeature], Field(min_length=1)] | None = Field(
        default=None, description="That enable one of these root features."
    )
    more_than_per_day: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Once the requester has begun this many in a day (UTC); 20 means from the 21st "
        "on.",
    )
    beyond_ceilings: bool = Field(
        default=False,
        description="Beyond a ceiling of the requester, which refuses nothing then.",
    )
    retire: Annotated[list[UnitPattern], Field(min_length=1)] | None = Field(
        default=None,
        description="Retirements of accounts in these units, with all below. /* is everywhere.",
    )
    approvals: Annotated[int, Field(ge=1, le=APPROVALS_MAX)] = Field(
        default=1, description="How many different people have to approve."
    )
    by: Annotated[list[RequesterName], Field(min_length=1)] = Field(
        description="The requesters that may approve; each has the role approver, operator or "
        "administrator."
    )

    @property
    def counts(self) -> bool:
        """Whether it is about how many requests there are."""
        return self.more_than_per_day is not None or self.beyond_ceilings


class ApprovalRules(Model):
    """All rules, and how long a request waits. Without rules, nothing needs an approval."""

    expire_after_days: Annotated[int, Field(ge=1, le=EXPIRE_AFTER_DAYS_MAX)] = Field(
        default=EXPIRE_AFTER_DAYS, description="Days after which a request that waits fails."
    )
    rules: dict[RequesterName, ApprovalRule] = Field(default={}, description="By name.")


def problems_of(place: str, rule: ApprovalRule) -> Iterator[str]:
    """What no check of a single value sees."""
    if len(set(rule.by)) < len(rule.by):
        yield f"{place}.by: names a requester twice"
    if rule.retire is None:
        return
    for field in _ABOUT_REQUESTS:
        if field in rule.model_fields_set:
            alias = ApprovalRule.model_fields[field].alias or field
            yield f"{place}.{alias}: has no effect beside retire; make a rule of its own of it"
