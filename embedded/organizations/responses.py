"""Requests to AWS Organizations: throttled, validated, admitted, then answered one at a time."""

from __future__ import annotations

import json
from typing import Any, cast

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.organizations.models import organizations_backends
from moto.organizations.responses import OrganizationsResponse

from embedded import cloudtrail
from embedded.context import caller, current
from embedded.organizations.access import OUTSIDERS, may_call
from embedded.organizations.backend import Organizations
from embedded.organizations.errors import OrganizationsError, SerializationException
from embedded.organizations.state import LOCK
from embedded.organizations.validation import validate
from embedded.partitions import REGIONS

OWN_OPERATIONS = frozenset(
    {
        "AcceptHandshake",
        "AttachPolicy",
        "CancelHandshake",
        "CloseAccount",
        "CreateAccount",
        "CreateGovCloudAccount",
        "CreateOrganization",
        "CreateOrganizationalUnit",
        "CreatePolicy",
        "DeclineHandshake",
        "DeleteOrganization",
        "DeleteOrganizationalUnit",
        "DeletePolicy",
        "DeregisterDelegatedAdministrator",
        "DescribeAccount",
        "DescribeCreateAccountStatus",
        "DescribeHandshake",
        "DescribeOrganization",
        "DescribeOrganizationalUnit",
        "DescribePolicy",
        "DetachPolicy",
        "DisableAWSServiceAccess",
        "DisablePolicyType",
        "EnableAWSServiceAccess",
        "EnableAllFeatures",
        "EnablePolicyType",
        "InviteAccountToOrganization",
        "LeaveOrganization",
        "ListAWSServiceAccessForOrganization",
        "ListAccounts",
        "ListAccountsForParent",
        "ListChildren",
        "ListCreateAccountStatus",
        "ListDelegatedAdministrators",
        "ListDelegatedServicesForAccount",
        "ListHandshakesForAccount",
        "ListHandshakesForOrganization",
        "ListOrganizationalUnitsForParent",
        "ListParents",
        "ListPolicies",
        "ListPoliciesForTarget",
        "ListRoots",
        "ListTagsForResource",
        "ListTargetsForPolicy",
        "MoveAccount",
        "RegisterDelegatedAdministrator",
        "RemoveAccountFromOrganization",
        "TagResource",
        "UntagResource",
        "UpdateOrganizationalUnit",
        "UpdatePolicy",
    }
)
"""Answered by the backend's method of that name; all others by moto's response methods."""

_READS = ("Describe", "List")
_TELL_THEMSELVES = frozenset(
    {
        "AcceptHandshake",
        "CancelHandshake",
        "CreateAccount",
        "CreateGovCloudAccount",
        "DeclineHandshake",
        "EnableAllFeatures",
        "InviteAccountToOrganization",
    }
)
"""Operations whose CloudTrail events have a form of their own."""


class OrganizationsResponses(OrganizationsResponse):
    """moto's response class with the caller's own account and AWS's order of checks."""

    def get_current_account(self) -> str:
        """The account that calls."""
        return caller.get().account_id

    @property
    def organizations_backend(self) -> Organizations:
        """The organization that the caller is in, else the caller's own empty backend."""
        account_id = self.get_current_account()
        own = organizations_backends[account_id][self.partition]
        return cast("Organizations", Organizations.of(account_id) or own)

    def call_action(self) -> Any:
        """Answer one request while no other one and no timer runs."""
        with LOCK:
            try:
                request = self._admit(self._get_action())
                if self._get_action() not in OWN_OPERATIONS:
                    return super().call_action()
                result = self._answer(self._get_action(), request)
            except SerializationException as error:
                return _serialization(error)
            except ServiceException as error:
                result = error
            status, headers, body = self.serialized(ActionResult(result))
        headers, body = self._enrich_response(headers, body)
        return status, headers, body

    def _answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        backend = self.organizations_backend
        method = getattr(backend, camelcase_to_underscores(operation))
        answer: dict[str, Any] | None = method(**request)
        if not operation.startswith(_READS) and operation not in _TELL_THEMSELVES:
            principal, region = caller.get(), REGIONS[backend.partition]
            event = cloudtrail.other_call(
                principal, operation, request, answer, backend.now(), region
            )
            # Most are not, and a timer costs more than all else here.
            if cloudtrail.is_awaited(event):
                backend.announce(event)
        return answer

    def _admit(self, operation: str) -> dict[str, Any]:
        """The validated request.

        Raises:
            ServiceException: the request is one too many, malformed, or not this caller's to make.
        """
        account_id = self.get_current_account()
        organization = Organizations.of(account_id)
        if organization is not None and organization.clean():
            organization = Organizations.of(account_id)  # None where the caller's own has gone
        if organization is not None and organization.settings.throttled:
            now = current().clock.now()
            if not organization.throttle.admits(operation, account_id, now):
                raise OrganizationsError("TooManyRequestsException")
        request = validate(operation, self._json())
        if organization is None:
            if operation not in OUTSIDERS:
                raise OrganizationsError("AWSOrganizationsNotInUseException")
        elif not may_call(
            operation,
            manages=organization.account_id == account_id,
            administers=organization.administers(account_id),
        ):
            raise OrganizationsError("AccessDeniedException")
        return request

    def _json(self) -> Any:
        try:
            return json.loads(self.body or "{}")
        except ValueError:
            raise SerializationException("JSON expected") from None


def _serialization(error: SerializationException) -> tuple[int, dict[str, str], str]:
    # No service's model has this error, so moto's serializer, which goes by the model, can't.
    body = {"__type": "SerializationException", "Message": str(error)}
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amzn-Errortype": "SerializationException",
    }
    return 400, headers, json.dumps(body)
