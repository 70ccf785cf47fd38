from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core.utils import camelcase_to_underscores

from embedded.core.service_models import service_model
from embedded.organizations import access, errors, responses
from embedded.organizations.errors import OrganizationsError, SerializationException
from embedded.organizations.quotas import QUOTAS
from embedded.organizations.trusted_access import PRINCIPALS
from embedded.organizations.validation import matches, validate

MOTO_ANSWERS = {"DescribeEffectivePolicy", "DescribeResourcePolicy"}
TAG = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@given(st.text())
def test_matches_distinguishes_letters_separators_and_numbers_of_all_scripts(text: str) -> None:
    allowed = all(
        unicodedata.category(character)[0] in "LZN" or character in "_.:/=+-@" for character in text
    )

    assert matches(TAG, text) == allowed


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"[\w+=,.@-]{1,64}", "Rôle", False),
        (r"^\d{12}$", "\u0661" * 12, False),
        (r"^\d{12}$", "1" * 12 + "\n", False),
        (r"^(r-[0-9a-z]{4,32})|(\d{12})$", "r-abcd", True),
        (r"^(r-[0-9a-z]{4,32})|(\d{12})$", "r-abcd and more", False),
        (r"[\u0020-\u007E]+", "A name", True),
        (r"[\u0020-\u007E]+", "tab\t", False),
        (r"[\s\S]*", "any\nthing", True),
    ],
)
def test_matches_the_whole_value_as_java_does(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) == expected


@pytest.mark.parametrize(
    ("operation", "request_", "reason"),
    [
        pytest.param(
            "AttachPolicy", {"PolicyId": "x", "TargetId": "1"}, "INVALID_SYNTAX_POLICY_ID"
        ),
        pytest.param(
            "AttachPolicy", {"PolicyId": "p-12345678", "TargetId": "1"}, "INVALID_PATTERN_TARGET_ID"
        ),
        pytest.param(
            "EnablePolicyType", {"RootId": "r-abcd", "PolicyType": "X"}, "INVALID_ENUM_POLICY_TYPE"
        ),
        pytest.param("ListPolicies", {"Filter": "X"}, "INVALID_ENUM_POLICY_TYPE"),
        pytest.param("ListChildren", {"ParentId": "r-abcd", "ChildType": "X"}, "INVALID_ENUM"),
        pytest.param("DescribeAccount", {"AccountId": None}, "INPUT_REQUIRED", id="null"),
        pytest.param(
            "UntagResource",
            {"ResourceId": "1" * 12, "TagKeys": ["a", None]},
            "INVALID_LIST_MEMBER",
            id="null-in-list",
        ),
        pytest.param(
            "InviteAccountToOrganization", {"Target": {"Id": "x"}}, "INPUT_REQUIRED", id="nested"
        ),
        pytest.param(
            "InviteAccountToOrganization",
            {"Target": {"Id": "x" * 65, "Type": "EMAIL"}},
            "MAX_LENGTH_EXCEEDED",
            id="nested-length",
        ),
        pytest.param(
            "ListHandshakesForAccount",
            {"Filter": {"ActionType": "X"}},
            "INVALID_ENUM",
            id="nested-enum",
        ),
    ],
)
def test_validate_holds_every_operation_to_its_model(
    operation: str, request_: dict[str, Any], reason: str
) -> None:
    with pytest.raises(OrganizationsError) as caught:
        validate(operation, request_)

    assert (caught.value.code, caught.value.reason) == ("InvalidInputException", reason)


def test_validate_drops_what_the_model_does_not_know() -> None:
    request = {"AccountId": "1" * 12, "Unknown": {"a": 1}, "Other": None}

    assert validate("DescribeAccount", request) == {"AccountId": "1" * 12}


@pytest.mark.parametrize("value", [True, "5", 5.5, [5], {}])
def test_validate_takes_no_other_type_for_a_number(value: object) -> None:
    with pytest.raises(SerializationException):
        validate("ListAccounts", {"MaxResults": value})


def test_every_error_and_reason_is_one_of_the_models() -> None:
    model = service_model("organizations")
    assert model is not None
    codes = {shape.name for shape in model.error_shapes}
    reasons = {
        reason
        for name in (
            "ConstraintViolationExceptionReason",
            "HandshakeConstraintViolationExceptionReason",
            "InvalidInputExceptionReason",
        )
        for reason in model.shape_for(name).enum  # type: ignore[attr-defined]
    }

    assert set(errors._MESSAGES) - codes - reasons == set()


def test_every_named_operation_exists_and_is_answered() -> None:
    model = service_model("organizations")
    assert model is not None
    named = {*QUOTAS, *responses.own_operations(), *access.OUTSIDERS, *access._DELEGATED}

    assert named - set(model.operation_names) == set()
    assert access._DELEGATED - set(responses.own_operations()) == MOTO_ANSWERS


def test_iam_is_among_the_known_service_principals() -> None:
    assert {"iam.amazonaws.com", "sso.amazonaws.com", "config.amazonaws.com"} <= PRINCIPALS


def test_every_operation_is_answered_by_one_service() -> None:
    answering = Counter(
        operation
        for service in responses.SERVICES
        for operation in responses.own_operations()
        if camelcase_to_underscores(operation) in dir(service)
    )

    assert set(answering) == set(responses.own_operations())
    assert set(answering.values()) == {1}
