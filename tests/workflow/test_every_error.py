"""Every error that AWS models for a call, injected where an example makes the call.

The catalogue says what happens then: retried and invisible, adopted, looked into, or failed with
the catalogue's remedy.
"""

from __future__ import annotations

import dataclasses
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from tests.error_reasons import can_be_of
from tests.workflow.test_examples import CASES, EXAMPLES, Case
from vending.errors.catalogue import Explanation, explain

if TYPE_CHECKING:
    from tests.workflow.vending import Ended, Vending

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("role_accepts")]

ROOT = Path(__file__).resolve().parents[2]
REASONS = {
    "ConstraintViolationException": ("CreateAccount", "ConstraintViolationExceptionReason"),
    "InvalidInputException": ("CreateAccount", "InvalidInputExceptionReason"),
    "HandshakeConstraintViolationException": (
        "InviteAccountToOrganization",
        "HandshakeConstraintViolationExceptionReason",
    ),
}


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def runs_by_call() -> dict[str, str]:
    """The first example without faults of its own that makes each call, and ends well."""
    measured = json.loads((ROOT / "docs" / "example_calls.json").read_text())
    found: dict[str, str] = {}
    for run in sorted(measured, key=lambda run: run.startswith("faults/")):
        for call in measured[run]:
            found.setdefault(call, run)
    # A table that refuses every update cannot record the failure either; the fault matrix has its
    # errors, at one function after another.
    return {call: run for call, run in found.items() if not call.startswith("dynamodb:")}


ON_THE_WIRE = {
    ("sts:AssumeRole", "MalformedPolicyDocumentException"): "MalformedPolicyDocument",
    ("sts:AssumeRole", "PackedPolicyTooLargeException"): "PackedPolicyTooLarge",
}
"""AWS STS sends some errors by other names than its model gives them."""

ENDS_AS = {
    # It is not enabled though AWS says so: the next step, which needs it, waits for it in vain.
    (
        "organizations:EnablePolicyType",
        "PolicyTypeAlreadyEnabledException",
    ): "PolicyTypeNotEnabledException",
    # An invitation that was sent a moment ago may not show yet: this one never does.
    ("organizations:DescribeHandshake", "HandshakeNotFoundException"): "HandshakeNotFoundException",
    # Another account has the email, or is being given it.
    ("account:StartPrimaryEmailUpdate", "ConflictException"): "EmailInUse",
    # The request has failed already, with its own code; this only tidies up behind it.
    **{
        ("organizations:CancelHandshake", shape.name): "AccessDeniedException"
        for shape in model("organizations").operation_model("CancelHandshake").error_shapes
    },
}
"""The code that the execution fails with where it is not what the catalogue's treatment says."""

ADOPTED_ELSEWHERE = {"ORGANIZATION_ALREADY_HAS_ALL_FEATURES"}
"""Reasons of EnableAllFeatures, which no example is refused by: an invitation cannot adopt them."""

ASKS_FOR_ANOTHER = {
    ("account:AcceptPrimaryEmailUpdate", "ResourceNotFoundException"),
    ("account:AcceptPrimaryEmailUpdate", "ValidationException"),
}
"""Errors by which AWS refuses a code: another one is awaited for days, and then taken."""

MEANS_NONE = {("account:GetAlternateContact", "ResourceNotFoundException")}
"""Errors that are the answer: there is no such thing yet, and it is made."""

RUNS = runs_by_call()
ERRORS = [
    (call, shape.name)
    for call in RUNS
    for shape in model(call.partition(":")[0]).operation_model(call.partition(":")[2]).error_shapes
]


def run_with(vending: Vending, run: str, rule: dict[str, Any]) -> Ended:
    """The example's end, with one more fault than it has."""
    case: Case = CASES[run]
    vending.aws.renew(organization=case.organization)
    case.beforehand(vending)
    own = json.loads((EXAMPLES / run).read_text()) if run.startswith("faults/") else []
    vending.aws.faults.replace([rule, *own])
    return case.run(vending)


def rule(call: str, error: str, calls: Any, reason: str | None = None) -> dict[str, Any]:
    service, _, operation = call.partition(":")
    made: dict[str, Any] = {"service": service, "operation": operation, "error": error}
    return made | {"calls": calls} | ({"reason": reason} if reason else {})


@pytest.mark.parametrize(("call", "error"), ERRORS)
def test_modelled_error_is_treated_as_the_catalogue_says(
    vending: Vending, call: str, error: str
) -> None:
    words = explain(ON_THE_WIRE.get((call, error), error))
    for_good = words.treatment == "fail" and (call, error) not in ASKS_FOR_ANOTHER

    ended = run_with(vending, RUNS[call], rule(call, error, "all" if for_good else [1]))

    if (call, error) in ENDS_AS:
        assert ended.status == "FAILED", ended
        assert ended.cause["code"] == ENDS_AS[call, error], ended
        assert ended.cause["remedy"]
    elif (call, error) in MEANS_NONE | ASKS_FOR_ANOTHER:
        assert ended.status == "SUCCEEDED", ended
    else:
        check(ended, words, RUNS[call])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (error, reason)
        for error, (call, shape) in REASONS.items()
        for reason in model("organizations").shape_for(shape).metadata["enum"]
        if can_be_of(call, reason)
    ],
)
def test_modelled_reason_is_treated_as_the_catalogue_says(
    vending: Vending, error: str, reason: str
) -> None:
    call = f"organizations:{REASONS[error][0]}"
    words = explain(error, reason)
    if reason in ADOPTED_ELSEWHERE:
        words = dataclasses.replace(words, treatment="fail")
    for_good = words.treatment == "fail"

    ended = run_with(vending, RUNS[call], rule(call, error, "all" if for_good else [1], reason))

    check(ended, words, RUNS[call], reason)


def check(ended: Ended, words: Explanation, run: str, reason: str | None = None) -> None:
    if words.treatment == "fail":
        assert ended.status == "FAILED", ended
        assert (ended.cause["code"], ended.cause["reason"]) == (words.code, reason), ended
        # A denied action is named in the remedy of the one that was denied.
        denied = words.code == "AccessDeniedException"
        assert ended.cause["remedy"] == words.remedy or (
            denied and re.search("Allow (account|organizations):", ended.cause["remedy"])
        )
    else:
        assert words.treatment in ("retry", "adopt")
        assert ended.status == CASES[run].status, ended
