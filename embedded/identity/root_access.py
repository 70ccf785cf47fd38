"""IAM's central management of root access, on moto's IAM.

IAM API reference: EnableOrganizationsRootCredentialsManagement, EnableOrganizationsRootSessions,
both Disable operations, ListOrganizationsFeatures. The features belong to the organization.
"""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from embedded.core.partitions import GOVCLOUD
from embedded.core.principal import caller
from embedded.identity import root_sessions
from embedded.organizations import organization_of
from embedded.organizations.state import LOCK, OrganizationState
from embedded.protocols.errors import error
from embedded.protocols.protocols import ApiCall

CREDENTIALS, SESSIONS = "RootCredentialsManagement", root_sessions.FEATURE
_PRINCIPAL = "iam.amazonaws.com"


def install() -> None:
    """Give moto's IAM the operations, and its STS AssumeRoot. Safe to repeat."""
    IamResponse.enable_organizations_root_credentials_management = _enable(CREDENTIALS)
    IamResponse.enable_organizations_root_sessions = _enable(SESSIONS)
    IamResponse.disable_organizations_root_credentials_management = _disable(CREDENTIALS)
    IamResponse.disable_organizations_root_sessions = _disable(SESSIONS)
    IamResponse.list_organizations_features = _list
    root_sessions.install()


class RootAccessRefused(ServiceException):
    """A precondition of root access that does not hold."""

    def __init__(self, code: str, because: str) -> None:
        super().__init__(code, f"The request was rejected because {because}.")


def _enable(feature: str) -> Any:
    def operation(self: IamResponse) -> Any:
        if _is_unknown(feature, self.partition):
            return _unknown(self)
        with LOCK:
            organization = _organization(management_only=True)
            organization.root_features.add(feature)
            return _features(organization)

    return operation


def _disable(feature: str) -> Any:
    def operation(self: IamResponse) -> Any:
        if _is_unknown(feature, self.partition):
            return _unknown(self)
        with LOCK:
            organization = _organization()
            organization.root_features.discard(feature)
            return _features(organization)

    return operation


def _is_unknown(feature: str, partition: str) -> bool:
    """GovCloud has no central management of root credentials."""
    return feature == CREDENTIALS and partition == GOVCLOUD


def _unknown(call: IamResponse) -> tuple[str, dict[str, Any]]:
    """What AWS answers is not documented; a query service says this to an operation it lacks."""
    operation = call._get_action()
    asked = ApiCall(
        service="iam",
        operation=operation,
        region=call.region,
        access_key_id=call.access_key,
        protocol="query",
    )
    message = f"Could not find operation {operation} for version 2010-05-08"
    return error(asked, "InvalidAction", message).for_moto()


def _list(_: IamResponse) -> ActionResult:
    with LOCK:
        return _features(_organization())


def _features(organization: OrganizationState) -> ActionResult:
    return ActionResult(
        {
            "OrganizationId": organization.org.id,
            "EnabledFeatures": sorted(organization.root_features),
        }
    )


def _organization(*, management_only: bool = False) -> OrganizationState:
    """The caller's organization, when root access may be managed in it by this caller.

    Enabling is the management account's; the delegated administrator for IAM may do the rest.
    """
    account_id = caller.get().account_id
    organization = organization_of(account_id)
    if organization is None:
        raise RootAccessRefused(
            "OrganizationNotFoundException", "no organization is associated with your account"
        )
    if organization.account_id != account_id:
        if not organization.administers(account_id, _PRINCIPAL):
            raise RootAccessRefused(
                "AccountNotManagementOrDelegatedAdministratorException",
                "the account making the request is not the management account or delegated "
                "administrator account for centralized root access",
            )
        if management_only:
            raise RootAccessRefused(
                "CallerIsNotManagementAccountException",
                "the account making the request is not the management account for the organization",
            )
    if organization.org.feature_set != "ALL":
        raise RootAccessRefused(
            "OrganizationNotInAllFeaturesModeException",
            "your organization does not have All features enabled",
        )
    if _PRINCIPAL not in organization.trusted_services:
        raise RootAccessRefused(
            "ServiceAccessNotEnabledException",
            "trusted access is not enabled for IAM in AWS Organizations",
        )
    return organization
