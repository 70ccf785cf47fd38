"""CreateAccount: accepted at once, decided later, reported by status and by events.

API reference: CreateAccount, DescribeCreateAccountStatus, ListCreateAccountStatus.
"""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from embedded.core.context import current
from embedded.core.principal import caller
from embedded.eventbridge import cloudtrail
from embedded.organizations import directory
from embedded.organizations.creation import Creation
from embedded.organizations.directory import AwsAccount
from embedded.organizations.email import is_valid, same
from embedded.organizations.errors import (
    OrganizationsError,
    constraint_violation,
    invalid_input,
)
from embedded.organizations.invitations import Invitations
from embedded.organizations.member_role import DEFAULT_ROLE, create_member_role
from embedded.organizations.membership import Membership
from embedded.organizations.paging import page
from embedded.organizations.service import Service
from embedded.organizations.state import Account, OrganizationState
from embedded.organizations.tags import merged


class Creations(Service):
    """Accounts in the making."""

    def __init__(self, state: OrganizationState) -> None:
        super().__init__(state)
        self.invitations = Invitations(state)
        self.membership = Membership(state)

    def create_account(self, **request: Any) -> dict[str, Any]:
        """Accept a request for an account and answer IN_PROGRESS.

        Raises:
            OrganizationsError: FinalizingOrganizationException; InvalidInputException for the role
                name or the tags; ConstraintViolationException for tags, accounts or creations
                above their limit.
        """
        return self.accept_creation("CreateAccount", request)

    def accept_creation(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Start a creation of either kind, and answer with its status."""
        role_name = request.get("RoleName", DEFAULT_ROLE)
        if role_name.lower().startswith("awsservicerolefor"):
            raise invalid_input("INVALID_ROLE_NAME")
        creation = Creation(
            id=f"car-{mock_random.uuid4().hex}",
            name=request["AccountName"],
            email=request["Email"],
            role_name=role_name,
            tags=merged({}, request.get("Tags", [])),
            requested_at=self.state.now(),
            is_govcloud=operation == "CreateGovCloudAccount",
            iam_user_access_to_billing=request.get("IamUserAccessToBilling", "ALLOW"),
        )
        self._refuse_creation_above_limits()
        self._start(creation)
        answer = {"CreateAccountStatus": creation.describe()}
        principal = caller.get()
        self.state.announce(
            cloudtrail.create_account(principal, operation, request, creation.describe())
        )
        return answer

    def describe_create_account_status(self, **request: Any) -> dict[str, Any]:
        """The status, or CreateAccountStatusNotFoundException."""
        creation = self.state.creations.get(request["CreateAccountRequestId"])
        if creation is None:
            raise OrganizationsError("CreateAccountStatusNotFoundException")
        return {"CreateAccountStatus": creation.describe()}

    def list_create_account_status(self, **request: Any) -> dict[str, Any]:
        """All statuses, or those in one of `States`, oldest first."""
        states = request.get("States")
        entries = [
            c.describe() for c in self.state.creations.values() if not states or c.state in states
        ]
        return page("ListCreateAccountStatus", "CreateAccountStatuses", entries, request)

    def _refuse_creation_above_limits(self) -> None:
        self.state.refuse_while_finalizing()
        settings = self.state.settings
        pending = len(self._in_progress())
        if pending >= settings.creations_in_progress:
            if settings.creation_limit_error == "ConstraintViolationException":
                raise constraint_violation("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")
            raise OrganizationsError(settings.creation_limit_error)
        if (
            len(self.state.accounts) + pending + len(self.invitations.open_invitations())
            >= settings.account_limit
        ):
            raise constraint_violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED")

    def _in_progress(self) -> list[Creation]:
        return [c for c in self.state.creations.values() if c.state == "IN_PROGRESS"]

    def _start(self, creation: Creation) -> None:
        twin = any(same(c.email, creation.email) for c in self._in_progress())
        fault = current().faults.for_creation()
        seconds = self.state.settings.creation_seconds
        if fault is not None and fault.seconds is not None:
            seconds = fault.seconds
        failure = "CONCURRENT_ACCOUNT_MODIFICATION" if twin else None
        if fault is not None and fault.failure_reason is not None:
            failure = fault.failure_reason
        self.state.creations[creation.id] = creation
        self.state.later(seconds, lambda: self.complete(creation, failure))

    def complete(self, creation: Creation, failure: str | None) -> None:
        """Decide a creation: it fails for `failure`, or for what is against it by now."""
        failure = failure or self.reason_against(creation)
        creation.completed_at = self.state.now()
        if failure is None:
            self.make_accounts(creation)
            creation.state = "SUCCEEDED"
        else:
            creation.failure_reason = failure
            creation.state = "FAILED"
        account_id = self.state.account_id
        self.state.announce(cloudtrail.create_account_result(account_id, creation.describe()))

    def reason_against(self, creation: Creation) -> str | None:
        """Why no account of that email can be made; None when one can."""
        if len(self.state.accounts) >= self.state.settings.account_limit:
            # Invited accounts have come in the meantime.
            return "ACCOUNT_LIMIT_EXCEEDED"
        # The model's pattern is looser than the documented rules for an address. What passes the
        # one and breaks the other is accepted and fails afterwards.
        email = creation.email
        if not is_valid(email):
            return "INVALID_EMAIL"
        taken = directory.by_email(self.state.partition, email) is not None or any(
            same(email, one) for one in self.state.settings.emails_elsewhere
        )
        return "EMAIL_ALREADY_EXISTS" if taken else None

    def make_accounts(self, creation: Creation) -> None:
        """Make the account, with its role, a member of the organization."""
        made = directory.register(
            AwsAccount(
                id=directory.new_account_id(),
                email=creation.email,
                name=creation.name,
                partition=self.state.partition,
            )
        )
        create_member_role(
            made.id,
            creation.role_name,
            trusting=self.state.account_id,
            partition=self.state.partition,
        )
        creation.account_id = made.id
        self.membership.join(
            Account(
                self.state.org,
                account_id=made.id,
                name=made.name,
                email=made.email,
                joined_at=creation.completed_at or self.state.now(),
                joined_method="CREATED",
                tags=creation.tags,
            )
        )
