"""Who may put what on the bus: nobody but who announces, and other accounts requests only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_events as events
from constructs import Construct

from infra.narrower_grants import ANNOUNCEMENTS_SOURCE, events_of
from infra.settings import Settings
from vending.authorization.sender import CLOUDFORMATION_SOURCE
from vending.requesters import DISCOVERED_ACCOUNTS_SOURCE, DRIFT_REPAIRS_SOURCE

REQUESTED = "AccountRequested"
"""The detail-type of requests."""

RETIREMENT_REQUESTED = "AccountRetirementRequested"
"""The detail-type of requests to end an account, or to put it back."""

APPROVAL_DECIDED = "AccountApprovalDecided"
"""The detail-type of decisions on requests that wait for approval."""


class BusPolicy(Construct):
    """The bus's resource policy, a statement each.

    `announcers` are the ARNs of the roles that announce what this system does, `discoverers` those
    of the roles that ask for the baseline of accounts that were made elsewhere, `repairers` those
    of the roles that have put back what others changed in accounts. What is denied here
    is denied to administrators, too: whoever hears an announcement can rely on it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        bus: events.IEventBus,
        announcers: Sequence[str],
        discoverers: Sequence[str],
        repairers: Sequence[str],
        settings: Settings,
    ) -> None:
        super().__init__(scope, id_)
        self._bus = bus
        self._state(
            "OnlyAnnouncersAnnounce",
            effect="Deny",
            principal="*",
            condition={
                "ForAnyValue:StringEquals": {"events:source": ANNOUNCEMENTS_SOURCE},
                "ArnNotEquals": {"aws:PrincipalArn": list(announcers)},
            },
        )
        for sid, source, roles in (
            ("OnlyDiscoverersDiscover", DISCOVERED_ACCOUNTS_SOURCE, discoverers),
            ("OnlyRepairersRepair", DRIFT_REPAIRS_SOURCE, repairers),
            # Its requests are no events: they start their executions.
            ("NobodyIsCloudFormation", CLOUDFORMATION_SOURCE, ()),
        ):
            nobody_else = {"ArnNotEquals": {"aws:PrincipalArn": list(roles)}} if roles else {}
            self._state(
                sid,
                effect="Deny",
                principal="*",
                condition={"ForAnyValue:StringEquals": {"events:source": source}, **nobody_else},
            )
        requests = events_of(None, (REQUESTED, RETIREMENT_REQUESTED))
        if settings.requesting_accounts:
            self._state(
                "AccountsRequest",
                effect="Allow",
                principal={
                    "AWS": [
                        f"arn:{Aws.PARTITION}:iam::{account}:root"
                        for account in settings.requesting_accounts
                    ]
                },
                condition=requests,
            )
        if settings.requesting_organizations:
            self._state(
                "OrganizationsRequest",
                effect="Allow",
                principal="*",
                condition={
                    **requests,
                    "StringEquals": {"aws:PrincipalOrgID": list(settings.requesting_organizations)},
                    # To a principal of this account an allowance here would be a grant.
                    "StringNotEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID},
                },
            )

    def _state(
        self, sid: str, *, effect: str, principal: Any, condition: Mapping[str, Any]
    ) -> None:
        events.CfnEventBusPolicy(
            self,
            sid,
            event_bus_name=self._bus.event_bus_name,
            statement_id=sid,
            statement={
                "Sid": sid,
                "Effect": effect,
                "Principal": principal,
                "Action": "events:PutEvents",
                "Resource": self._bus.event_bus_arn,
                "Condition": condition,
            },
        )
