"""A grant follows from the calls; what is narrower is said once, and with its reason."""

from __future__ import annotations

import pytest

from infra import custom_resource
from infra.account_vending_stack import OPERATIONS
from infra.grant_exceptions import TAGGING, exceptions
from infra.grants import GrantsIncomplete, Statement, statements_of
from infra.ledger_rows import LEDGER_ROWS
from infra.operation_function import module_name
from infra.organization_setup_workflow import OWN_OPERATIONS, PREFIX
from infra.settings import Settings
from permissions import reference
from permissions.declared_calls import all_calls

OF_EVENTS = (
    "AnswerCreateAccount",
    "AnswerCustomAccount",
    "AnswerHandshake",
    "DecideApproval",
    "DetectDrift",
    "DiscoverAccount",
    "ReconcileLedger",
    "RecordExecutionEnd",
    "ServeCustomAccount",
)
CALLS = {
    name: all_calls()[f"{package}.{module_name(name)}"]
    for package, names in (
        ("operations", (*OPERATIONS, *custom_resource.OPERATIONS)),
        ("events", OF_EVENTS),
        ("api", ("ServeApi",)),
    )
    for name in names
} | {f"{PREFIX}{name}": all_calls()[f"operations.{module_name(name)}"] for name in OWN_OPERATIONS}
OPEN = Settings(invited_account_role_names=("Joiner",), invited_account_external_id="xyz")
"""Settings under which every exception grants something."""


def statements(function: str, *calls: str) -> tuple[Statement, ...]:
    return statements_of(function, calls, Settings())


@pytest.mark.parametrize(
    ("call", "resources"),
    [
        ("organizations:CloseAccount", ("organizations:account",)),
        ("organizations:ListChildren", ("organizations:organizationalunit", "organizations:root")),
        ("organizations:ListDelegatedAdministrators", ("*",)),
        ("events:DescribeEventBus", ("events:event-bus",)),
    ],
)
def test_new_function_needs_no_more_than_to_declare_an_ordinary_call(
    call: str, resources: tuple[str, ...]
) -> None:
    assert statements("MadeUp", call) == (
        Statement(sid=call.partition(":")[2], actions=(call,), resources=resources),
    )


def test_new_function_that_uses_the_ledger_is_held_to_requests() -> None:
    (statement,) = statements("MadeUp", "dynamodb:GetItem", "dynamodb:UpdateItem")

    assert statement.actions == ("dynamodb:GetItem", "dynamodb:UpdateItem")
    assert statement.resources == ("dynamodb:table",)
    assert statement.conditions == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": "request#*"},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_exception_holds_for_a_new_function_too() -> None:
    found = statements("MadeUp", "organizations:TagResource", "organizations:CreatePolicy")

    assert {one.sid: one.resources for one in found} == {
        "CreatePolicy": ("*",),
        "TagResource": ("organizations:account",),
    }
    assert found[0].conditions is not None


def test_what_aws_does_on_behalf_of_the_caller_is_granted_with_the_call() -> None:
    granted = {one.sid for one in statements("MadeUp", "organizations:AcceptHandshake")}

    assert granted == {"AcceptHandshake", "CreateServiceLinkedRole"}


def test_call_that_aws_does_not_know_fails_the_synthesis() -> None:
    with pytest.raises(reference.UnknownAction, match="organizations:MoveAcount"):
        statements("MadeUp", "organizations:MoveAcount")


@pytest.mark.parametrize(
    "calls", [("dynamodb:UpdateItem",), ("dynamodb:UpdateItem", "dynamodb:PutItem")]
)
def test_rows_of_other_calls_than_the_declared_ones_fail_the_synthesis(
    calls: tuple[str, ...],
) -> None:
    with pytest.raises(GrantsIncomplete, match=r"RecordVended calls .*LEDGER_ROWS"):
        statements("RecordVended", *calls)


def test_every_exception_is_used_and_gives_its_reason() -> None:
    called = {
        (name, action)
        for name, calls in CALLS.items()
        for call in calls
        for action in (call, *reference.get(call).dependent_actions, *TAGGING.get(call, ()))
    }

    counted = set()
    for name, action in called:
        holding = [i for i, one in enumerate(exceptions(Settings())) if one.holds_for(name, action)]
        counted.update(holding[:1])

    assert counted == set(range(len(exceptions(Settings()))))
    assert all(one.reason for one in exceptions(Settings()))


def test_exceptions_name_functions_and_types_that_exist() -> None:
    for one in exceptions(Settings()):
        assert set(one.functions or ()) <= set(CALLS)
        for resource in one.resources or ():
            assert (
                resource == "*" or resource.startswith("arn:") or reference.arn_template(resource)
            )
    assert set(LEDGER_ROWS) <= set(CALLS)


@pytest.mark.parametrize("function", CALLS)
def test_statements_of_a_function_have_names_of_their_own(function: str) -> None:
    sids = [one.sid for one in statements(function, *CALLS[function])]

    assert len(sids) == len(set(sids))
