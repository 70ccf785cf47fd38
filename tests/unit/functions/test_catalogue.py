"""Every error that AWS models has words and a treatment; a botocore that adds one fails here."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from permissions.declared_calls import all_calls
from permissions.reference import sdk_service
from tests.lambda_errors import can_occur
from vending.errors import catalogue, exceptions
from vending.errors.aws_errors import RETRYABLE, translate, translate_creation
from vending.errors.catalogue import Explanation
from vending.errors.exceptions import OperationRefused, OutcomeUnknown, TransientError, VendingError

SESSION = botocore.session.get_session()
FUNCTIONS = Path(__file__).parents[3] / "functions"
CALLS: list[str] = sorted(frozenset().union(*all_calls().values()))
REASONS = {
    "ConstraintViolationException": "ConstraintViolationExceptionReason",
    "InvalidInputException": "InvalidInputExceptionReason",
    "HandshakeConstraintViolationException": "HandshakeConstraintViolationExceptionReason",
    "AccessDeniedForDependencyException": "AccessDeniedForDependencyExceptionReason",
    "AccountCreationFailed": "CreateAccountFailureReason",
}

NOT_OURS = re.compile(
    "DELEGATED_ADMINISTRATOR_(FOR|EXISTS)|DELEGATED_ADMINISTRATORS_FOR"
    "|AS_DELEGATED_ADMINISTRATOR|CREATE_ORGANIZATION|EMAIL_VERIFICATION|MATCH_MARKETPLACE"
    "|RESPONSIBILITY|START_DATE|END_DATE|BILLING_PREREQUISITE|UNSUPPORTED_PRICING|PREPAYMENT"
    "|PAST_DUE|LEGACY_PERMISSIONS|SOURCE_AND_TARGET|TARGET_ACCOUNT_VALIDATION"
    "|RESOURCE_POLICY|INVALID_PRINCIPAL"
)
"""Reasons of operations that nothing here calls: registering delegated administrators, making
an organization, changing an email, billing transfer, resource policies."""

ADOPTED = {
    "AccountAlreadyClosedException",
    "AccountNotRegisteredException",
    "ConditionalCheckFailedException",
    "ConflictException",
    "DuplicateAccountException",
    "DuplicateHandshakeException",
    "DuplicateOrganizationalUnitException",
    "DuplicatePolicyAttachmentException",
    "DuplicatePolicyException",
    "ExecutionAlreadyExists",
    "ExecutionDoesNotExist",
    "HandshakeAlreadyInStateException",
    "InvalidToken",
    "OrganizationalUnitNotFoundException",
    "PolicyNotAttachedException",
    "PolicyTypeAlreadyEnabledException",
    "ServiceAccessNotEnabledException",
    "SourceParentNotFoundException",
    "TaskDoesNotExist",
    "TaskTimedOut",
}
"""Codes that an operation handles itself; its own tests show how."""


def modelled(call: str) -> list[str]:
    service, _, operation = call.partition(":")
    model = SESSION.get_service_model(sdk_service(service)).operation_model(operation)
    return [shape.name for shape in model.error_shapes]


def refused(operation: str, code: str, reason: str | None = None, status: int = 400) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **({"Reason": reason} if reason else {}),
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", CALLS)
def test_every_error_of_every_call_has_its_treatment(call: str) -> None:
    for code in modelled(call):
        words = catalogue.explain(code)

        assert words.known, f"{call} can answer {code}, which the catalogue does not explain"
        error = translate(refused(call.partition(":")[2], code))
        if words.treatment == "adopt":
            assert code in ADOPTED
        elif words.treatment == "retry":
            assert isinstance(error, TransientError), code
        else:
            assert words.treatment == "fail", code
            assert isinstance(error, OperationRefused), code
        assert error.remedy, code


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (operation, code)
        for operation in ("CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization")
        for code in modelled(f"organizations:{operation}")
    ],
)
def test_every_error_of_what_cannot_be_repeated_says_whether_it_acted(
    operation: str, code: str
) -> None:
    error = translate_creation(refused(operation, code), operation)

    ambiguous = code == "ServiceException"
    assert isinstance(error, OutcomeUnknown) == ambiguous
    assert error.message.startswith(f"{operation}: ")


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_its_treatment(code: str) -> None:
    shape = SESSION.get_service_model("organizations").shape_for(REASONS[code])

    for reason in shape.metadata["enum"]:
        if not NOT_OURS.search(reason):
            words = catalogue.explain(code, reason)

            assert words.known, f"{code} can give the reason {reason}, which the catalogue lacks"
            assert words.treatment in ("retry", "adopt", "fail"), reason


@pytest.mark.parametrize(
    "shape",
    [
        shape
        for shape in SESSION.get_service_model("lambda").operation_model("Invoke").error_shapes
        if can_occur(shape.name)
    ],
    ids=lambda shape: shape.name,
)
def test_every_error_of_invoking_a_function_is_explained(shape: Any) -> None:
    words = catalogue.explain(f"Lambda.{shape.name}")

    assert words.known, f"a task can fail with Lambda.{shape.name}"


ENTRIES = [
    (code, reason) for code, reasons in catalogue.codes().items() for reason in [None, *reasons]
]


def test_no_error_is_explained_twice() -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert [name for name, count in Counter(key for key, _ in pairs).items() if count > 1] == []
        return dict(pairs)

    path = FUNCTIONS / "vending" / "errors" / "error_catalogue.json"

    assert json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)


def test_every_explanation_is_complete() -> None:
    explained = {entry: catalogue.explain(*entry) for entry in ENTRIES}

    assert [entry for entry, words in explained.items() if not complete(words)] == []


def complete(words: Explanation) -> bool:
    return (
        words.owner in ("retry", "requester", "administrator", "aws-support")
        and words.treatment in ("retry", "adopt", "reconcile", "fail")
        and (words.wait is None or words.wait > 0)
        and all(
            text[0].isupper() and text[-1] in ".)" and "@" not in text
            for text in (words.what, words.remedy)
        )
    )


@pytest.mark.parametrize(("code", "reason"), RETRYABLE)
def test_everything_retried_is_explained_as_such(code: str, reason: str | None) -> None:
    words = catalogue.explain(code, reason)

    assert words.known
    assert words.treatment in ("retry", "adopt")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (code, reason)
        for code, reason in ENTRIES
        if code not in vars(exceptions)
        and not code.startswith(("Lambda.", "States.", "Runtime.", "Sandbox."))
        and catalogue.explain(code, reason).treatment == "retry"
    ],
)
def test_everything_explained_as_passing_is_retried(code: str, reason: str | None) -> None:
    assert isinstance(translate(refused("MoveAccount", code, reason)), TransientError)


def test_every_error_of_ours_is_explained() -> None:
    ours = [
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type)
        and issubclass(value, VendingError)
        and (value is OperationRefused or not value.__subclasses__())
    ]

    assert [name for name in ours if not catalogue.explain(name).known] == []


def test_unknown_reason_is_explained_by_its_code() -> None:
    words = catalogue.explain("ConstraintViolationException", "A_REASON_OF_NEXT_YEAR")

    assert not words.known
    assert "A_REASON_OF_NEXT_YEAR" in words.what
    assert words.treatment == "fail"


def test_unknown_code_is_explained_in_general() -> None:
    words = catalogue.explain("SurpriseException")

    assert not words.known
    assert "SurpriseException" in words.what
    assert words.remedy


def test_reason_alone_is_found() -> None:
    words = catalogue.explain("EMAIL_ALREADY_EXISTS")

    assert (words.code, words.reason) == ("AccountCreationFailed", "EMAIL_ALREADY_EXISTS")
    assert words.owner == "requester"


@pytest.mark.parametrize(
    "name",
    [
        "AccountNotManagementOrDelegatedAdministrator",
        "CallerIsNotManagementAccount",
        "OrganizationNotFound",
        "OrganizationNotInAllFeaturesMode",
        "ServiceAccessNotEnabled",
    ],
)
def test_name_as_the_pages_of_iam_print_it_is_found(name: str) -> None:
    words = catalogue.explain(name)

    assert words.known
    assert words == catalogue.explain(f"{name}Exception")
