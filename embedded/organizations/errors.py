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
    "DuplicateHandshakeException": ("A handshake with the same action and target already exists."),
    "DuplicateOrganizationalUnitException": "An OU with the same name already exists.",
    "DuplicatePolicyAttachmentException": (
        "The selected policy is already attached to the specified target."
    ),
    "DuplicatePolicyException": "A policy with the same name already exists.",
    "FinalizingOrganizationException": (
        "AWS Organizations can't complete your request because your organization is still "
        "initializing. Try again later."
    ),
    "HandshakeAlreadyInStateException": (
        "The specified handshake is already in the requested state."
    ),
    "HandshakeNotFoundException": "You specified a handshake that doesn't exist.",
    "InvalidHandshakeTransitionException": (
        "You can't perform the operation on the handshake in its current state."
    ),
    "MalformedPolicyDocumentException": "The provided policy document isn't valid.",
    "MasterCannotLeaveOrganizationException": (
        "You can't remove a management account from an organization."
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
    "PolicyInUseException": (
        "The policy is attached to one or more entities. You must detach it from all roots, OUs, "
        "and accounts before performing this operation."
    ),
    "PolicyNotAttachedException": (
        "The policy isn't attached to the specified target in the specified root."
    ),
    "PolicyNotFoundException": "We can't find a policy with the PolicyId that you specified.",
    "PolicyTypeAlreadyEnabledException": (
        "The specified policy type is already enabled in the specified root."
    ),
    "PolicyTypeNotAvailableForOrganizationException": (
        "You can't use the specified policy type with the feature set currently enabled for this "
        "organization."
    ),
    "PolicyTypeNotEnabledException": (
        "The specified policy type isn't currently enabled in this root."
    ),
    "RootNotFoundException": "You specified a root that doesn't exist.",
    "SourceParentNotFoundException": "You specified a source parent that doesn't exist.",
    "TargetNotFoundException": "You specified a target that doesn't exist.",
    "TooManyRequestsException": (
        "AWS Organizations can't complete your request because another request is already in "
        "progress. Try again later."
    ),
    "UnsupportedAPIEndpointException": ("This action isn't available in the current AWS Region."),
    # Constraint violations, by Reason.
    "ACCOUNT_CANNOT_LEAVE_WITHOUT_EULA": (
        "The account must agree to the AWS Customer Agreement before it can leave the organization."
    ),
    "ACCOUNT_CANNOT_LEAVE_WITHOUT_PHONE_VERIFICATION": (
        "The account must complete phone verification before it can leave the organization."
    ),
    "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED": (
        "You have exceeded the number of accounts that can be in progress at a time."
    ),
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of AWS accounts.",
    "CANNOT_CLOSE_MANAGEMENT_ACCOUNT": "You can't close the management account.",
    "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": (
        "You cannot register the management account as delegated administrator for your "
        "organization."
    ),
    "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR": (
        "You cannot register a suspended account as a delegated administrator."
    ),
    "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG": (
        "You must deregister the account as delegated administrator first."
    ),
    "CLOSE_ACCOUNT_QUOTA_EXCEEDED": "You have exceeded close account quota for the past 30 days.",
    "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED": (
        "You have exceeded the number of accounts that you can close at a time."
    ),
    "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED": (
        "The management account must have an associated account in the AWS GovCloud (US) Region."
    ),
    "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You have exceeded the number of policies of this type that can be attached to an entity."
    ),
    "MAX_TAG_LIMIT_EXCEEDED": "You have exceeded the number of tags allowed on this resource.",
    "MEMBER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED": (
        "You must associate a payment instrument with the member account first."
    ),
    "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You cannot detach the last policy of this type from an entity."
    ),
    "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE": (
        "This operation requires an organization that has all features enabled."
    ),
    "OU_DEPTH_LIMIT_EXCEEDED": "You have exceeded the allowed depth of organizational units.",
    "OU_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of organizational units.",
    "POLICY_CONTENT_LIMIT_EXCEEDED": "You have exceeded the maximum size of a policy.",
    "POLICY_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of policies.",
    "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE": (
        "You must disable the policy type before you disable service access."
    ),
    "SERVICE_ACCESS_NOT_ENABLED": "You must enable service access for the service first.",
    "WAIT_PERIOD_ACTIVE": (
        "You must wait some days after an account was created before it can leave the organization."
    ),
    # Handshake constraint violations, by Reason.
    "ALREADY_IN_AN_ORGANIZATION": "The account is already a member of an organization.",
    "HANDSHAKE_RATE_LIMIT_EXCEEDED": (
        "You have exceeded the number of handshakes that you can send in one day."
    ),
    "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES": (
        "You can't invite accounts while the organization is enabling all features."
    ),
    "ORGANIZATION_ALREADY_HAS_ALL_FEATURES": ("The organization has already enabled all features."),
    "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION": (
        "The organization has already started the process to enable all features."
    ),
    # Invalid input, by Reason.
    "DUPLICATE_TAG_KEY": "You specified the same tag key more than once.",
    "IMMUTABLE_POLICY": "You specified a policy that is managed by AWS and can't be modified.",
    "INPUT_REQUIRED": "You must include a value for all required parameters.",
    "INVALID_EMAIL_ADDRESS_TARGET": (
        "You specified an invalid email address for the invited account owner."
    ),
    "INVALID_ENUM": "You specified an invalid value.",
    "INVALID_ENUM_POLICY_TYPE": "You specified an invalid policy type.",
    "INVALID_LIST_MEMBER": "You provided a list that contains at least one invalid value.",
    "INVALID_NEXT_TOKEN": "You provided an invalid value for NextToken.",
    "INVALID_PARTY_TYPE_TARGET": "You specified the wrong type of entity as a party.",
    "INVALID_PATTERN": "You provided a value that does not match the required pattern.",
    "INVALID_PATTERN_TARGET_ID": (
        "You specified a policy target ID that does not match the required pattern."
    ),
    "INVALID_ROLE_NAME": "You provided a role name that isn't valid.",
    "INVALID_SYNTAX_POLICY_ID": "You specified an invalid policy ID.",
    "INVALID_SYSTEM_TAGS_PARAMETER": "You can't add, edit, or delete system tags.",
    "MAX_LIMIT_EXCEEDED_FILTER": "You can specify only one filter parameter for the operation.",
    "MAX_LENGTH_EXCEEDED": "You provided a value that is longer than allowed.",
    "MAX_VALUE_EXCEEDED": "You provided a value that is larger than allowed.",
    "MIN_LENGTH_EXCEEDED": "You provided a value that is shorter than allowed.",
    "MIN_VALUE_EXCEEDED": "You provided a value that is smaller than allowed.",
    "NON_DETACHABLE_POLICY": "You can't detach this AWS managed policy.",
    "UNRECOGNIZED_SERVICE_PRINCIPAL": "You specified an unrecognized service principal.",
}


class OrganizationsError(ServiceException):
    """A refusal by AWS Organizations; `reason` is None for codes that carry no Reason."""

    def __init__(self, code: str, reason: str | None = None, message: str | None = None) -> None:
        super().__init__(code, message or _MESSAGES[reason or code])
        if reason is not None:
            self.reason = reason


class SerializationException(Exception):
    """A body that is not JSON of the operation's shape; SDKs never send one."""


def constraint_violation(reason: str) -> OrganizationsError:
    """ConstraintViolationException with its Reason."""
    return OrganizationsError("ConstraintViolationException", reason)


def invalid_input(reason: str) -> OrganizationsError:
    """InvalidInputException with its Reason."""
    return OrganizationsError("InvalidInputException", reason)


def handshake_constraint_violation(reason: str) -> OrganizationsError:
    """HandshakeConstraintViolationException with its Reason."""
    return OrganizationsError("HandshakeConstraintViolationException", reason)
