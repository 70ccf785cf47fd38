from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from vending.errors.aws_errors import AwsFailure, translate, translate_aws_errors
from vending.errors.exceptions import (
    AccessDenied,
    OperationRefused,
    ServiceUnavailable,
    Throttled,
    VendingError,
)

URL = "https://organizations.example.com"


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseParserError("cut off"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_connection_that_breaks_passes_by_itself(error: AwsFailure) -> None:
    translated = translate(error)

    assert type(translated) is ServiceUnavailable
    assert type(error).__name__ in translated.message


@pytest.mark.parametrize(
    "error",
    [NoCredentialsError(), ParamValidationError(report="Name: too long"), BotoCoreError()],
    ids=lambda error: type(error).__name__,
)
def test_call_that_cannot_be_made_is_refused(error: AwsFailure) -> None:
    assert type(translate(error)) is OperationRefused


@pytest.mark.parametrize(("status", "kind"), [(400, OperationRefused), (500, ServiceUnavailable)])
def test_unknown_code_is_judged_by_its_status(status: int, kind: type[VendingError]) -> None:
    error = _refused("SurpriseException", status=status)

    assert type(translate(error)) is kind


@pytest.mark.parametrize(
    ("operation", "setting"),
    [("EnableAWSServiceAccess", "service_principals"), ("EnablePolicyType", "policy_types")],
)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_denial_of_what_a_setting_allows_names_the_setting(
    operation: str, setting: str, code: str
) -> None:
    details: Any = {"Code": code, "Message": "", "Action": f"organizations:{operation}"}

    remedy = translate(ClientError({"Error": details}, operation)).remedy

    assert remedy.startswith(f"If the stack's setting {setting} ")
    assert f"Allow organizations:{operation} on that resource for" in remedy


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_denial_leads_to_what_names_action_and_resource(code: str) -> None:
    denied = translate(
        _refused(code, message="You don't have permissions to access this resource.")
    )

    assert type(denied) is AccessDenied
    assert "errorMessage" in denied.remedy
    assert "Allow the named action on that resource for the function's role" in denied.remedy
    assert "A service control policy is not the cause" in denied.remedy


def test_message_is_never_what_decides() -> None:
    error = _refused("AccessDeniedException", message="Throttling: TooManyRequestsException")

    assert type(translate(error)) is AccessDenied


@pytest.mark.parametrize(
    "message",
    ["team@example.com is taken", "Invalid value 'team@example.com'.", "Email=team@example.com,x"],
)
def test_message_of_aws_loses_its_email_addresses(message: str) -> None:
    translated = translate(_refused("InvalidInputException", message=message))

    assert "team" not in str(translated)
    assert "***" in translated.message


def test_answer_without_error_details_is_refused_without_crashing() -> None:
    translated = translate(ClientError({}, "MoveAccount"))

    assert translated.code == "Unknown"


def test_translating_hides_what_botocore_said() -> None:
    error = _refused("TooManyRequestsException", message="team@example.com")

    with pytest.raises(Throttled) as translated, translate_aws_errors():
        raise error

    assert translated.value.__suppress_context__


def _refused(code: str, *, message: str = "", status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "MoveAccount")


def test_refused_fields_are_named_and_what_is_said_of_them_is_not_repeated() -> None:
    answer: Any = {
        "Error": {"Code": "ValidationException", "Message": ""},
        "reason": "fieldValidationFailed",
        "fieldList": [
            {"name": "phoneNumber", "message": "call me does not match"},
            {"name": "title", "message": "too long"},
        ],
    }

    translated = translate(ClientError(answer, "PutAlternateContact"))

    assert (translated.code, translated.reason) == ("ValidationException", "fieldValidationFailed")
    assert translated.message.endswith("AWS refuses phoneNumber, title.")
    assert "call me" not in str(translated)
    assert "contacts" in translated.remedy
