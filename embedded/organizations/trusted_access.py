"""AWS services that work with the organization, and member accounts that administer them.

API reference: EnableAWSServiceAccess, DisableAWSServiceAccess, ListAWSServiceAccessForOrganization,
Register- and DeregisterDelegatedAdministrator, ListDelegatedAdministrators,
ListDelegatedServicesForAccount.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from embedded.organizations.errors import (
    OrganizationsError,
    constraint_violation,
    invalid_input,
)
from embedded.organizations.paging import page
from embedded.organizations.service import Service

PRINCIPALS: frozenset[str] = frozenset(
    json.loads(Path(__file__).with_name("service_principals.json").read_text())
)
"""Services that can be integrated, by the user guide's pages and public configurations."""

SERVICES_OF_POLICY_TYPES = {
    "INSPECTOR_POLICY": "inspector2.amazonaws.com",
    "SECURITYHUB_CSPM_POLICY": "securityhub.amazonaws.com",
    "SECURITYHUB_POLICY": "securityhub.amazonaws.com",
}
"""The service that must have access before a policy type is on, and keeps it while the type is."""


class TrustedAccess(Service):
    """Trusted access by service, and delegation by account and service."""

    def enable_aws_service_access(self, **request: Any) -> None:
        """Let a service work in the organization; again changes nothing."""
        principal = _recognized(request)
        if self.state.org.feature_set != "ALL":
            raise constraint_violation("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")
        self.state.trusted_services.setdefault(principal, self.state.now())

    def disable_aws_service_access(self, **request: Any) -> None:
        """End a service's access; without access nothing changes.

        Raises:
            OrganizationsError: InvalidInputException UNRECOGNIZED_SERVICE_PRINCIPAL;
                ConstraintViolationException POLICY_TYPE_ENABLED_FOR_THIS_SERVICE.
        """
        principal = _recognized(request)
        if any(
            service == principal and self.state.is_policy_type_enabled(policy_type)
            for policy_type, service in SERVICES_OF_POLICY_TYPES.items()
        ):
            raise constraint_violation("POLICY_TYPE_ENABLED_FOR_THIS_SERVICE")
        self.state.trusted_services.pop(principal, None)

    def list_aws_service_access_for_organization(self, **request: Any) -> dict[str, Any]:
        """The services with access, in the order they got it."""
        services = [
            {"ServicePrincipal": principal, "DateEnabled": at}
            for principal, at in self.state.trusted_services.items()
        ]
        return page(
            "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals", services, request
        )

    def register_delegated_administrator(self, **request: Any) -> None:
        """Let a member account administer a service that has access."""
        principal = _recognized(request)
        account = self._member(request["AccountId"])
        if self.state.account(account).state != "ACTIVE":
            raise constraint_violation(
                "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR"
            )
        if principal not in self.state.trusted_services:
            raise constraint_violation("SERVICE_ACCESS_NOT_ENABLED")
        services = self.state.delegations.setdefault(account, {})
        if principal in services:
            raise OrganizationsError("AccountAlreadyRegisteredException")
        services[principal] = self.state.now()

    def deregister_delegated_administrator(self, **request: Any) -> None:
        """End a delegation."""
        principal = _recognized(request)
        account = self._member(request["AccountId"])
        if self.state.delegations.get(account, {}).pop(principal, None) is None:
            raise OrganizationsError("AccountNotRegisteredException")
        if not self.state.delegations[account]:
            del self.state.delegations[account]

    def list_delegated_administrators(self, **request: Any) -> dict[str, Any]:
        """The accounts that administer any service, or the one of `ServicePrincipal`."""
        wanted = _recognized(request) if "ServicePrincipal" in request else None
        administrators = [
            self.state.account(account).describe()
            | {"DelegationEnabledDate": min(services.values())}
            for account, services in self.state.delegations.items()
            if wanted is None or wanted in services
        ]
        return page(
            "ListDelegatedAdministrators", "DelegatedAdministrators", administrators, request
        )

    def list_delegated_services_for_account(self, **request: Any) -> dict[str, Any]:
        """The services a member account administers."""
        account = self.state.account(request["AccountId"]).id
        if account not in self.state.delegations:
            raise OrganizationsError("AccountNotRegisteredException")
        services = [
            {"ServicePrincipal": principal, "DelegationEnabledDate": at}
            for principal, at in self.state.delegations[account].items()
        ]
        return page("ListDelegatedServicesForAccount", "DelegatedServices", services, request)

    def _member(self, account_id: str) -> str:
        if account_id == self.state.account_id:
            raise constraint_violation("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
        return str(self.state.account(account_id).id)


def _recognized(request: dict[str, Any]) -> str:
    principal = str(request["ServicePrincipal"])
    if principal not in PRINCIPALS:
        raise invalid_input("UNRECOGNIZED_SERVICE_PRINCIPAL")
    return principal
