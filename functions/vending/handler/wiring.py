"""The ledger, the creation queue, the bus and the organization, as the environment has them.

Most functions need few of these, and import what those are made of when they need them: a cold
start is mostly imports.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from vending.aws import clients
from vending.handler import settings
from vending.ledger.table import Table

if TYPE_CHECKING:
    from vending.authorization.request_policy import RequestPolicy
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.ledger import Ledger
    from vending.ledger.ou_path_cache import OuPathCache
    from vending.organization.preflight import Surroundings
    from vending.queueing.slots import Slots
    from vending.request.fields import PolicyType
    from vending.retirement.rows import Retirements

_CLOSING_COOLDOWN = 600.0
"""Seconds that the closing queue rests at most where others have all places."""


def table() -> Table:
    """The table that LEDGER_TABLE_NAME names."""
    return Table(client=clients.dynamodb(), name=settings.read(settings.LedgerSettings).table_name)


def ledger() -> Ledger:
    """The requests' rows in the table."""
    from vending.ledger.ledger import Ledger

    days = settings.read(settings.LedgerSettings).ended_rows_expire_days
    return Ledger(table=table(), ended_rows_expire_days=days)


def units() -> OuPathCache:
    """What the paths of organizational units led to, in the same table."""
    from vending.ledger.ou_path_cache import OuPathCache

    return OuPathCache(table=table())


@cache
def request_policy() -> RequestPolicy:
    """What was deployed with the functions."""
    from vending.authorization.request_policy import FILE_NAME, parse_policy

    path = Path(__file__).parents[2] / FILE_NAME
    return parse_policy(json.loads(path.read_text(encoding="utf-8")))


def surroundings() -> Surroundings:
    """The organization, and what the stack's settings allow there."""
    from vending.ledger.organization_cache import OrganizationCache
    from vending.organization.preflight import Allowed, Surroundings

    allowed = settings.read(settings.AllowanceSettings)
    return Surroundings(
        organizations=clients.organizations(),
        units=units(),
        seen=OrganizationCache(table=table()),
        allowed=Allowed(
            service_principals=allowed.service_principals.split(),
            forced_service_principals=allowed.forced_service_principals.split(),
            policy_types=allowed.policy_types.split(),
            invited_account_role_names=allowed.invited_account_role_names.split(),
        ),
    )


def policy_types() -> list[PolicyType]:
    """The types of policies that the stack allows."""
    from vending.request.fields import PolicyType

    allowed = settings.read(settings.AllowanceSettings).policy_types.split()
    return [one for one in get_args(PolicyType) if one in allowed]


def slots() -> Slots:
    """The creation queue, under the quota that CREATION_… give."""
    from vending.creation.slots import creation_slots
    from vending.queueing.queue import Quota

    quota = settings.read(settings.CreationQuotaSettings)
    return creation_slots(ledger(), clients.stepfunctions(), Quota(**asdict(quota)))


def retirements() -> Retirements:
    """The retirements' rows in the table."""
    from vending.retirement.rows import Retirements

    return Retirements(table=table())


def closing_slots() -> Slots:
    """The closing queue, under the quota that CLOSING_… give."""
    from vending.queueing.queue import Period, Quota
    from vending.retirement import closing

    settled = settings.read(settings.ClosingQuotaSettings)
    quota = Quota(
        rate_per_second=settled.rate_per_second,
        burst=1,
        in_progress=settled.in_progress,
        lease_seconds=settled.lease_seconds,
        slack_seconds=settled.slack_seconds,
        max_cooldown=_CLOSING_COOLDOWN,
        period=Period(least=settled.in_30_days),
    )
    return closing.closing_slots(table(), retirements(), clients.stepfunctions(), quota)


def event_publisher() -> EventPublisher:
    """The bus that EVENT_BUS_NAME names."""
    from vending.aws.event_publisher import EventPublisher

    return EventPublisher(
        client=clients.events(), bus_name=settings.read(settings.EventBusSettings).bus_name
    )
