"""The one place where botocore's exceptions become ours: by code and Reason, never by message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as AwsConnectionError
from botocore.parsers import ResponseParserError

from vending.errors.catalogue import explain
from vending.errors.exceptions import (
    AccessDenied,
    ClosingRefusedForNow,
    ConcurrentModification,
    CreationRefusedForNow,
    OperationRefused,
    OrganizationFinalizing,
    OutcomeUnknown,
    ServiceUnavailable,
    Throttled,
    TransientError,
    VendingError,
)

RETRYABLE: Mapping[tuple[str, str | None], type[TransientError]] = {
    ("ConstraintViolationException", "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"): CreationRefusedForNow,
    ("ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED"): ClosingRefusedForNow,
    ("ConstraintViolationException", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED"): ClosingRefusedForNow,
    ("InvalidInputException", "INVALID_NEXT_TOKEN"): ServiceUnavailable,
    ("InvalidInputException", "INVALID_PAGINATION_TOKEN"): ServiceUnavailable,
    ("FinalizingOrganizationException", None): OrganizationFinalizing,
    **dict.fromkeys(
        (
            ("ConcurrentModificationException", None),
            ("ConditionalCheckFailedException", None),
            ("DuplicateAccountException", None),
            ("DuplicateHandshakeException", None),
            ("DuplicateOrganizationalUnitException", None),
            ("DuplicatePolicyAttachmentException", None),
            ("DuplicatePolicyException", None),
            ("PolicyChangesInProgressException", None),
            ("PolicyNotAttachedException", None),
            ("ReplicatedWriteConflictException", None),
            ("SourceParentNotFoundException", None),
            ("TransactionCanceledException", None),
            ("TransactionConflictException", None),
            ("TransactionInProgressException", None),
        ),
        ConcurrentModification,
    ),
    **dict.fromkeys(
        (
            ("BandwidthLimitExceeded", None),
            ("ExecutionLimitExceeded", None),
            ("KMSThrottling", None),
            ("KMSThrottlingException", None),
            ("KmsThrottlingException", None),
            ("PriorRequestNotComplete", None),
            ("ProvisionedThroughputExceededException", None),
            ("RequestLimitExceeded", None),
            ("RequestThrottled", None),
            ("RequestThrottledException", None),
            ("SlowDown", None),
            ("ThrottledException", None),
            ("Throttling", None),
            ("ThrottlingException", None),
            ("TooManyRequestsException", None),
        ),
        Throttled,
    ),
    **dict.fromkeys(
        (
            ("AccountNotFoundException", None),
            ("ChildNotFoundException", None),
            ("CreateAccountStatusNotFoundException", None),
            ("DestinationParentNotFoundException", None),
            ("ExpiredToken", None),
            ("ExpiredTokenException", None),
            ("InternalError", None),
            ("InternalErrorException", None),
            ("InternalException", None),
            ("InternalFailure", None),
            ("InternalServerError", None),
            ("InternalServerException", None),
            ("ParentNotFoundException", None),
            ("PolicyNotFoundException", None),
            ("PolicyTypeNotEnabledException", None),
            ("RequestExpired", None),
            ("RequestTimeout", None),
            ("RequestTimeoutException", None),
            ("ServiceException", None),
            ("ServiceUnavailable", None),
            ("ServiceUnavailableException", None),
            ("TargetNotFoundException", None),
        ),
        ServiceUnavailable,
    ),
}
"""Codes, or codes with a Reason, after which the same call may succeed.

A thing that is not found is among them because Organizations is eventually consistent, and the
baseline only works on what an earlier step made or saw. The codes that an operation adopts (a
duplicate, or what is detached already, is what was wanted) are here for the case that a second look
does not show it yet.
"""

AwsFailure = ClientError | BotoCoreError | ResponseParserError
"""Everything a boto3 call raises."""

_AMBIGUOUS_CODES = {"ServiceException", "InternalFailure", "InternalError", "RequestTimeout"}
"""Answers that do not say whether the operation acted, whatever their HTTP status."""

DENIALS = {"AccessDenied", "AccessDeniedException"}

_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)

_NOT_SENDABLE = (
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)

_CUT_OFF = (AwsConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)

_SERVER_ERROR = 500

_NO_TRUST = (
    "If the organization does not trust account.amazonaws.com, list that in the request's "
    "serviceAccess, or enable it in AWS Organizations. Otherwise: "
)

_LIKELIER = {
    "DeleteAlternateContact": _NO_TRUST,
    "GetAlternateContact": _NO_TRUST,
    "GetPrimaryEmail": _NO_TRUST,
    "PutAccountName": _NO_TRUST,
    "PutAlternateContact": _NO_TRUST,
    "StartPrimaryEmailUpdate": _NO_TRUST,
    "EnableAWSServiceAccess": "If the stack's setting service_principals does not list the "
    "service, add it there and deploy the stack: the function's role may enable no other. "
    "Otherwise: ",
    "EnablePolicyType": "If the stack's setting policy_types does not list the type, add it there "
    "and deploy the stack: the function's role may enable no other. Otherwise: ",
}
"""What is likelier than a missing permission: that a role's policy follows the stack's settings, or
that a service denies what the organization does not trust it with."""


def translate(error: AwsFailure) -> VendingError:
    """Our error for a call that is safe to repeat."""
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, _CUT_OFF):
        return _unavailable(error)
    words = explain("ParamValidationError")
    return OperationRefused(
        f"{words.what} ({type(error).__name__}: {_masked(str(error))})",
        code=type(error).__name__,
        remedy=words.remedy,
    )


def translate_creation(error: AwsFailure, operation: str = "CreateAccount") -> VendingError:
    """Our error for a call that must not be repeated unless AWS definitely did not act on it."""
    if isinstance(error, ClientError):
        if _status(error) >= _SERVER_ERROR or _code(error) in _AMBIGUOUS_CODES:
            return unknown_outcome(_code(error), operation)
        return _refusal(error)
    if isinstance(error, _NEVER_SENT):
        return _unavailable(error)
    if isinstance(error, _NOT_SENDABLE):
        return translate(error)
    return unknown_outcome(type(error).__name__, operation)


def unknown_outcome(cause: str, operation: str = "CreateAccount") -> OutcomeUnknown:
    """The operation may have acted; `cause` says why that is unknown."""
    words = explain("OutcomeUnknown")
    return OutcomeUnknown(f"{operation}: {words.what} ({cause})", remedy=words.remedy)


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Lets no exception of botocore's out, not even as a cause: its text is not masked."""
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        raise translate(error) from None


def _refusal(error: ClientError) -> VendingError:
    code, reason = _code(error), reason_of(error)
    words = explain(code, reason)
    kind: type[VendingError] | None
    kind = RETRYABLE.get((code, reason)) or RETRYABLE.get((code, None))
    if kind is None and not words.known and _status(error) >= _SERVER_ERROR:
        kind = ServiceUnavailable
    message = f"{error.operation_name}: {words.what}"
    text = error.response.get("Error", {}).get("Message")
    if text:
        message += f" AWS says: {_masked(text)}"
    if fields := _fields(error):
        message += f" AWS refuses {', '.join(fields)}."
    remedy = words.remedy
    if code in DENIALS:
        kind = AccessDenied
        remedy = remedy.replace("the named action", _action(error))
        remedy = _LIKELIER.get(error.operation_name, "") + remedy
    return (kind or OperationRefused)(message, code=code, reason=reason, remedy=remedy)


def _unavailable(error: AwsFailure) -> ServiceUnavailable:
    words = explain("ServiceUnavailable")
    return ServiceUnavailable(
        f"{words.what} ({type(error).__name__})", code=type(error).__name__, remedy=words.remedy
    )


def _masked(text: str) -> str:
    """Without email addresses: the message goes to logs, events and whoever may read them."""
    return re.sub(r"[^\s\"'<>(),;:=@]+@[^\s\"'<>(),;:=@]+", "***", text)


def _action(error: ClientError) -> str:
    """The IAM action that was refused, which the clients of `vending.aws.clients` add."""
    details: Mapping[str, Any] = error.response.get("Error", {})
    return str(details.get("Action", "the named action"))


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "Unknown")


def reason_of(error: ClientError) -> str | None:
    """The Reason that Organizations, or the reason that a newer service, gives with some codes."""
    modelled: Mapping[str, Any] = error.response
    return modelled.get("Reason") or modelled.get("reason")


def _fields(error: ClientError) -> list[str]:
    """The names of what a ValidationException is about; what it says of each may quote it."""
    modelled: Mapping[str, Any] = error.response
    return [str(one.get("name")) for one in modelled.get("fieldList") or ()]


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
