"""Requests to AWS Organizations: throttled, validated, admitted, then answered one at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.organizations.models import organizations_backends
from moto.organizations.responses import OrganizationsResponse

from embedded.core.context import current
from embedded.core.partitions import REGIONS
from embedded.core.principal import caller
from embedded.core.service_models import operation_names
from embedded.eventbridge import cloudtrail
from embedded.organizations.access import OUTSIDERS, may_call
from embedded.organizations.accounts import Accounts
from embedded.organizations.all_features import AllFeatures
from embedded.organizations.errors import OrganizationsError, SerializationException
from embedded.organizations.govcloud import GovCloudCreations
from embedded.organizations.handshakes import Handshakes
from embedded.organizations.invitations import Invitations
from embedded.organizations.lifecycle import Lifecycle
from embedded.organizations.membership import Membership
from embedded.organizations.policies import Policies
from embedded.organizations.service import Service
from embedded.organizations.state import LOCK, OrganizationState, organization_of
from embedded.organizations.tags import Tags
from embedded.organizations.trusted_access import TrustedAccess
from embedded.organizations.units import Units
from embedded.organizations.validation import validate

SERVICES: tuple[type[Service], ...] = (
    Accounts,
    AllFeatures,
    GovCloudCreations,
    Handshakes,
    Invitations,
    Lifecycle,
    Membership,
    Policies,
    Tags,
    TrustedAccess,
    Units,
)


@cache
def own_operations() -> Mapping[str, tuple[type[Service], str]]:
    """Those answered by this package, each with the service and its method; moto's response methods
    answer all others.
    """
    found = {}
    for operation in operation_names("organizations"):
        method = camelcase_to_underscores(operation)
        for service in SERVICES:
            if hasattr(service, method):
                found[operation] = service, method
    return found


_READS = ("Describe", "List")
SELF_REPORTING = frozenset(
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
    def organizations_backend(self) -> OrganizationState:
        """The organization that the caller is in, else the caller's own empty backend."""
        account_id = self.get_current_account()
        own = organizations_backends[account_id][self.partition]
        return cast("OrganizationState", organization_of(account_id) or own)

    def call_action(self) -> Any:
        """Answer one request while no other one and no timer runs."""
        with LOCK:
            try:
                request = self._admit(self._get_action())
                if self._get_action() not in own_operations():
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
        service, method = own_operations()[operation]
        answer: dict[str, Any] | None = getattr(service(backend), method)(**request)
        if not operation.startswith(_READS) and operation not in SELF_REPORTING:
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
        organization = organization_of(account_id)
        if organization is not None and Membership(organization).clean():
            organization = organization_of(account_id)  # None where the caller's own has gone
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
