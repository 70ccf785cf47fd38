"""What one vend calls in a small organization and in a big one: it must be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.results import Measurement, Report
from bench.system import System, a_request, deployed
from embedded.core.clock import Clock

if TYPE_CHECKING:
    from embedded.core.context import Call
    from embedded.organizations.state import OrganizationState

_AT_THE_END = (
    "two of the calls are RecordVended's: DescribeAccount and ListParents, so that what ends "
    "VENDED was seen active and in its place at its end"
)
_SPEED = 10.0
_LEVELS = 2
"""Of the path in the requests."""

_CREATION_SECONDS = 0.5
"""Shorter than the first wait, so that every vend polls once and the counts can be compared."""


LOOKS = {
    "organizations:DescribeOrganization": "what is asked for needs all features",
    "organizations:DescribeOrganizationalUnit": "a unit of the path is still there, one a level",
}
"""Why AcceptRequest calls Organizations for a request whose path is known, before it is too late.

A request for policies adds ListPolicies for each of their types, and for all types where one is to
be made; ListAWSServiceAccessForOrganization is called where a service could be refused.
"""


@dataclass(frozen=True, kw_only=True)
class Size:
    """An organization: member accounts and organizational units."""

    accounts: int
    units: int

    def __str__(self) -> str:
        """In words."""
        return f"{self.accounts:,} accounts, {self.units:,} OUs"


SIZES = (Size(accounts=10, units=2), Size(accounts=5000, units=500))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Calls of the deployed roles by operation: of the first vend into a path, and of the next.

    `looks` are those of the next by AcceptRequest to Organizations.
    """

    size: Size
    first: Counter[str]
    next: Counter[str]
    looks: Counter[str]


def fill(organization: OrganizationState, size: Size) -> None:
    """Make the organization as big, half of its units beside each level of the requests' path.

    The path's own units come last, where a reader of whole lists finds them last.
    """
    from embedded.organizations.seeding import seed  # noqa: PLC0415
    from embedded.organizations.state import LOCK  # noqa: PLC0415
    from embedded.organizations.units import Units  # noqa: PLC0415

    units = Units(organization)
    with LOCK:
        root = organization.root.id
        beside = (size.units - 2) // 2
        for number in range(beside):
            units.create_organizational_unit(Name=f"unit {number}", ParentId=root)
        workloads = units.create_organizational_unit(Name="Workloads", ParentId=root)
        parent = workloads["OrganizationalUnit"]["Id"]
        for number in range(size.units - 2 - beside):
            units.create_organizational_unit(Name=f"unit {number}", ParentId=parent)
        units.create_organizational_unit(Name="Sandbox", ParentId=parent)
    seed(organization, size.accounts - len(organization.accounts) + 1, units=0)


def count(size: Size) -> Outcome:
    """Vend twice in an organization of this size, with its trusted access as requests want it."""
    from embedded.organizations import OrganizationSettings  # noqa: PLC0415

    settings = OrganizationSettings(
        account_limit=size.accounts + 10, creation_seconds=_CREATION_SECONDS
    )
    with deployed(Clock(_SPEED), organization=settings) as system:
        elsewhere = {**a_request(0, prefix="elsewhere"), "organizationalUnit": "/"}
        _calls_of(system, elsewhere)
        fill(system.organization, size)
        first = _calls_of(system, a_request(1))
        following = _calls_of(system, a_request(2))
        looks = Counter(
            _name(call)
            for call in system.aws.context.calls
            if "AcceptRequest" in call.caller and call.service == "organizations"
        )
        return Outcome(size=size, first=first, next=following, looks=looks)


def _calls_of(system: System, request: dict[str, object]) -> Counter[str]:
    system.aws.context.calls.clear()
    status = system.await_end(system.start(request))
    if status != "SUCCEEDED":
        raise RuntimeError(f"the request ended {status}")
    return Counter(_name(call) for call in system.aws.context.calls if system.is_ours(call))


def _name(call: Call) -> str:
    return f"{call.service}:{call.operation}"


def measure(sizes: Sequence[Size] = SIZES) -> Report:
    """Calls per vend by size; that the bigger organization needs more is a broken limit."""
    outcomes = [count(size) for size in sizes]
    small, big = outcomes[0], outcomes[-1]
    grown = big.next - small.next
    return Report(
        part="sizes",
        title="Calls of one vend by the size of the organization",
        headings=["organization", "calls", "of which Organizations", "first into a path"],
        table=[
            [
                str(one.size),
                f"{one.next.total()}",
                f"{_organizations(one.next)}",
                f"{one.first.total()}",
            ]
            for one in outcomes
        ],
        measurements=[
            Measurement(
                name="calls of a vend, big / small organization",
                value=big.next.total() / small.next.total(),
                at_most=1.0,
            ),
            Measurement(
                name="ListAccounts calls of a vend",
                value=max(one.next["organizations:ListAccounts"] for one in outcomes),
                at_most=0,
            ),
            Measurement(
                name="Organizations calls of a vend before its account, one and one a level",
                value=max(one.looks.total() for one in outcomes),
                at_most=1 + _LEVELS,
            ),
        ],
        notes=[
            _AT_THE_END,
            *(f"more in the big one: {name} +{more}" for name, more in sorted(grown.items())),
            *(
                f"before the account: {name.partition(':')[2]}, {LOOKS[name]}"
                for name in sorted(big.looks)
            ),
        ],
        data={
            "vends": [
                {
                    "accounts": one.size.accounts,
                    "units": one.size.units,
                    "first": dict(sorted(one.first.items())),
                    "next": dict(sorted(one.next.items())),
                }
                for one in outcomes
            ]
        },
    )


def _organizations(calls: Counter[str]) -> int:
    return sum(count for name, count in calls.items() if name.startswith("organizations:"))
