"""CreateAccount: accepted at once, decided later, told by status and by event.

API reference: CreateAccount, DescribeCreateAccountStatus, ListCreateAccountStatus.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from embedded import cloudtrail
from embedded.context import caller, current
from embedded.organizations.errors import (
    OrganizationsError,
    constraint_violation,
    invalid_input,
)
from embedded.organizations.member_role import create_member_role
from embedded.organizations.paging import page
from embedded.organizations.state import Account, OrganizationState
from embedded.organizations.tags import merged

if TYPE_CHECKING:
    import datetime

_EMAIL = re.compile(
    r"""(?!\.)[^\s"'()<>\[\]:;,\\|%&@]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?""", re.ASCII
)


@dataclass(kw_only=True)
class Creation:
    """One accepted request for an account; times are virtual."""

    id: str
    name: str
    email: str
    role_name: str
    tags: dict[str, str]
    requested_at: datetime.datetime
    state: str = "IN_PROGRESS"
    completed_at: datetime.datetime | None = None
    account_id: str | None = None
    failure_reason: str | None = None
    iam_user_access_to_billing: str = "ALLOW"

    def describe(self) -> dict[str, Any]:
        """The CreateAccountStatus shape; members that do not apply are absent. No email."""
        status = {
            "Id": self.id,
            "AccountName": self.name,
            "State": self.state,
            "RequestedTimestamp": self.requested_at,
            "CompletedTimestamp": self.completed_at,
            "AccountId": self.account_id,
            "FailureReason": self.failure_reason,
        }
        return {name: value for name, value in status.items() if value is not None}


class Creations(OrganizationState):
    """Accounts in the making."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.creations: dict[str, Creation] = {}

    def create_account(self, **request: Any) -> dict[str, Any]:
        """Accept a request for an account and answer IN_PROGRESS.

        Raises:
            OrganizationsError: FinalizingOrganizationException; InvalidInputException for the role
                name or the tags; ConstraintViolationException for tags, accounts or creations
                above their limit.
        """
        role_name = request.get("RoleName", "OrganizationAccountAccessRole")
        if role_name.lower().startswith("awsservicerolefor"):
            raise invalid_input("INVALID_ROLE_NAME")
        creation = Creation(
            id=f"car-{mock_random.uuid4().hex}",
            name=request["AccountName"],
            email=request["Email"],
            role_name=role_name,
            tags=merged({}, request.get("Tags", [])),
            requested_at=self.now(),
            iam_user_access_to_billing=request.get("IamUserAccessToBilling", "ALLOW"),
        )
        self._refuse_creation_above_limits()
        self._start(creation)
        answer = {"CreateAccountStatus": creation.describe()}
        self.announce(cloudtrail.create_account(caller.get(), request, creation))
        return answer

    def describe_create_account_status(self, **request: Any) -> dict[str, Any]:
        """The status, or CreateAccountStatusNotFoundException."""
        creation = self.creations.get(request["CreateAccountRequestId"])
        if creation is None:
            raise OrganizationsError("CreateAccountStatusNotFoundException")
        return {"CreateAccountStatus": creation.describe()}

    def list_create_account_status(self, **request: Any) -> dict[str, Any]:
        """All statuses, or those in one of `States`, oldest first."""
        states = request.get("States")
        entries = [c.describe() for c in self.creations.values() if not states or c.state in states]
        return page("ListCreateAccountStatus", "CreateAccountStatuses", entries, request)

    def _refuse_creation_above_limits(self) -> None:
        settings = self.settings
        if current().clock.now() < settings.finalizing_until:
            raise OrganizationsError("FinalizingOrganizationException")
        pending = len(self._in_progress())
        if pending >= settings.creations_in_progress:
            if settings.creation_limit_error == "ConstraintViolationException":
                raise constraint_violation("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")
            raise OrganizationsError(settings.creation_limit_error)
        if len(self.accounts) + pending >= settings.account_limit:
            raise constraint_violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED")

    def _in_progress(self) -> list[Creation]:
        return [c for c in self.creations.values() if c.state == "IN_PROGRESS"]

    def _start(self, creation: Creation) -> None:
        twin = any(_same(c.email, creation.email) for c in self._in_progress())
        fault = current().faults.for_creation()
        seconds = self.settings.creation_seconds
        if fault is not None and fault.seconds is not None:
            seconds = fault.seconds
        failure = "CONCURRENT_ACCOUNT_MODIFICATION" if twin else None
        if fault is not None and fault.failure_reason is not None:
            failure = fault.failure_reason
        self.creations[creation.id] = creation
        self.later(seconds, lambda: self._complete(creation, failure))

    def _complete(self, creation: Creation, failure: str | None) -> None:
        failure = failure or self._reason_against(creation.email)
        creation.completed_at = ended = self.now()
        if failure is None:
            creation.account_id = self._make_account(creation, ended)
            creation.state = "SUCCEEDED"
        else:
            creation.failure_reason = failure
            creation.state = "FAILED"
        self.announce(cloudtrail.create_account_result(self.account_id, creation))

    def _reason_against(self, email: str) -> str | None:
        # The model's pattern is looser than the documented rules for an address. What passes the
        # one and breaks the other is accepted and fails afterwards.
        if not _is_valid(email):
            return "INVALID_EMAIL"
        taken = {*self.settings.emails_elsewhere, *(account.email for account in self.accounts)}
        return "EMAIL_ALREADY_EXISTS" if any(_same(email, one) for one in taken) else None

    def _make_account(self, creation: Creation, joined_at: datetime.datetime) -> str:
        account_id = _new_account_id(taken={account.id for account in self.accounts})
        create_member_role(account_id, creation.role_name, trusting=self.account_id)
        self.add_account(
            Account(
                self.org,
                account_id=account_id,
                name=creation.name,
                email=creation.email,
                joined_at=joined_at,
                joined_method="CREATED",
                tags=creation.tags,
            )
        )
        return account_id


def _is_valid(email: str) -> bool:
    _, _, domain = email.partition("@")
    return email.isascii() and _EMAIL.fullmatch(email) is not None and "." in domain


def _same(email: str, other: str) -> bool:
    return email.lower() == other.lower()


def _new_account_id(*, taken: set[str]) -> str:
    while True:
        account_id = f"{mock_random.randrange(10**11, 10**12)}"
        if account_id not in taken:
            return account_id
