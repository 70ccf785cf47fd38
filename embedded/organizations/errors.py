"""The errors of AWS Organizations: code, Reason where the model has one, and AWS's words.

Raised anywhere below a response class, moto puts them on the wire as the service's model shapes
them: HTTP 400, `__type`, `Message`, `Reason`.
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException

_MESSAGES = {
    "AccessDeniedException": "You don't have permissions to access this resource.",
    "AccountAlreadyClosedException": "You attempted to close an account that is already closed.",
    "AccountAlreadyRegisteredException": (
        "The provided account is already a delegated administrator for your organization."
    ),
    "AccountNotFoundException": "You specified an account that doesn't exist.",
    "AccountNotRegisteredException": (
        "The provided account is not a registered delegated administrator for your organization."
    ),
    "AlreadyInOrganizationException": ("The AWS account is already a member of an organization."),
    "AWSOrganizationsNotInUseException": "Your account is not a member of an organization.",
    "ChildNotFoundException": "You specified a child that doesn't exist.",
    "ConcurrentModificationException": (
        "AWS Organizations can't complete your request because it conflicts with another attempt "
        "to modify the same entity. Try again later."
    ),
    "ConflictException": (
        "The request failed because it conflicts with the current state of the specified resource."
    ),
    "CreateAccountStatusNotFoundException": (
        "You specified a create account request that doesn't exist."
    ),
    "DestinationParentNotFoundException": "You specified a destination that doesn't exist.",
    "DuplicateAccountException": "The account is already present in the specified destination.",
    "DuplicateOrganizationalUnitException": "An OU with the same name already exists.",
    "FinalizingOrganizationException": (
        "AWS Organizations can't complete your request because your organization is still "
        "initializing. Try again later."
    ),
    "OrganizationalUnitNotEmptyException": (
        "You can't delete an OU that contains accounts or other OUs."
    ),
    "OrganizationalUnitNotFoundException": (
        "You specified an organizational unit that doesn't exist."
    ),
    "OrganizationNotEmptyException": (
        "To delete an organization you must first remove all member accounts."
    ),
    "ParentNotFoundException": "You specified a parent that doesn't exist.",
    "SourceParentNotFoundException": "You specified a source parent that doesn't exist.",
    "TargetNotFoundException": "You specified a target that doesn't exist.",
    "TooManyRequestsException": (
        "AWS Organizations can't complete your request because another request is already in "
        "progress. Try again later."
    ),
    # Constraint violations, by Reason.
    "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED": (
        "You have exceeded the number of accounts that can be in progress at a time."
    ),
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of AWS accounts.",
    "CANNOT_CLOSE_MANAGEMENT_ACCOUNT": "You can't close the management account.",
    "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": (
        "You cannot register the management account as delegated administrator for your "
        "organization."
    ),
    "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED": (
        "You have exceeded the number of accounts that you can close at a time."
    ),
    "MAX_TAG_LIMIT_EXCEEDED": "You have exceeded the number of tags allowed on this resource.",
    "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE": (
        "This operation requires an organization that has all features enabled."
    ),
    "OU_DEPTH_LIMIT_EXCEEDED": "You have exceeded the allowed depth of organizational units.",
    "OU_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of organizational units.",
    "SERVICE_ACCESS_NOT_ENABLED": "You must enable service access for the service first.",
    # Invalid input, by Reason.
    "DUPLICATE_TAG_KEY": "You specified the same tag key more than once.",
    "INPUT_REQUIRED": "You must include a value for all required parameters.",
    "INVALID_ENUM": "You specified an invalid value.",
    "INVALID_ENUM_POLICY_TYPE": "You specified an invalid policy type.",
    "INVALID_LIST_MEMBER": "You provided a list that contains at least one invalid value.",
    "INVALID_NEXT_TOKEN": "You provided an invalid value for NextToken.",
    "INVALID_PATTERN": "You provided a value that does not match the required pattern.",
    "INVALID_PATTERN_TARGET_ID": (
        "You specified a policy target ID that does not match the required pattern."
    ),
    "INVALID_ROLE_NAME": "You provided a role name that isn't valid.",
    "INVALID_SYNTAX_POLICY_ID": "You specified an invalid policy ID.",
    "INVALID_SYSTEM_TAGS_PARAMETER": "You can't add, edit, or delete system tags.",
    "MAX_LENGTH_EXCEEDED": "You provided a value that is longer than allowed.",
    "MAX_VALUE_EXCEEDED": "You provided a value that is larger than allowed.",
    "MIN_LENGTH_EXCEEDED": "You provided a value that is shorter than allowed.",
    "MIN_VALUE_EXCEEDED": "You provided a value that is smaller than allowed.",
    "UNRECOGNIZED_SERVICE_PRINCIPAL": "You specified an unrecognized service principal.",
}


class OrganizationsError(ServiceException):
    """A refusal by AWS Organizations; `reason` is None for codes that carry no Reason."""

    def __init__(self, code: str, reason: str | None = None, message: str | None = None) -> None:
        super().__init__(code, message or _MESSAGES[reason or code])
        if reason is not None:
            self.reason = reason


class SerializationException(Exception):  # noqa: N818 - AWS's name for it
    """A body that is not JSON of the operation's shape; SDKs never send one."""


def constraint_violation(reason: str) -> OrganizationsError:
    """ConstraintViolationException with its Reason."""
    return OrganizationsError("ConstraintViolationException", reason)


def invalid_input(reason: str) -> OrganizationsError:
    """InvalidInputException with its Reason."""
    return OrganizationsError("InvalidInputException", reason)
