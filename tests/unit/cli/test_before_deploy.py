"""`vend doctor --before-deploy`: what would fail, or cost the ledger, is said before."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.checks import before_deploy
from cli.checks.before_deploy import (
    BEFORE_DEPLOY,
    BOOTSTRAP_VERSION,
    LOG_DELIVERY_POLICY,
    LOG_POLICIES_MAX,
)
from cli.checks.checks import Place, Result
from tests.unit.cli.fakes import PROJECT

MACHINE_ARN = "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending"
OWN = ("bootstrap", "stack", "state machine", "ledger", "Lambda", "log delivery")


class Missing(ClientError):
    """ParameterNotFound."""


def pages(key: str, *values: Any) -> Any:
    """A paginator over one page."""
    return lambda _name: SimpleNamespace(paginate=lambda: [{key: list(values)}])


def place(
    *,
    stack: str | None = None,
    bootstrap: int | None = 21,
    machine: str | None = None,
    tables: tuple[str, ...] = (),
    concurrency: int = 1000,
    policies: dict[str, str] | None = None,
) -> Place:
    """An account in which nothing was deployed, or what is said."""

    def describe_stacks(**_: Any) -> dict[str, Any]:
        if stack is None:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": stack}]}

    def get_parameter(**_: Any) -> dict[str, Any]:
        if bootstrap is None:
            raise Missing({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": str(bootstrap)}}

    def resource_policies(**request: str) -> dict[str, Any]:
        described = [
            {"policyName": name, "policyDocument": text} for name, text in (policies or {}).items()
        ]
        half = len(described) // 2
        if "nextToken" in request:
            return {"resourcePolicies": described[half:]}
        return {"resourcePolicies": described[:half], "nextToken": "2"}

    machines = [{"name": "other", "stateMachineArn": "arn:other"}]
    if machine:
        machines.append({"name": "account-vending", "stateMachineArn": MACHINE_ARN})
    clients = {
        "cloudformation": SimpleNamespace(describe_stacks=describe_stacks),
        "ssm": SimpleNamespace(
            get_parameter=get_parameter, exceptions=SimpleNamespace(ParameterNotFound=Missing)
        ),
        "stepfunctions": SimpleNamespace(
            get_paginator=pages("stateMachines", *machines),
            describe_state_machine=lambda **_: {"status": machine},
        ),
        "dynamodb": SimpleNamespace(get_paginator=pages("TableNames", "other", *tables)),
        "lambda": SimpleNamespace(
            get_account_settings=lambda: {"AccountLimit": {"ConcurrentExecutions": concurrency}}
        ),
        "logs": SimpleNamespace(describe_resource_policies=resource_policies),
    }
    return Place(
        client=clients.__getitem__, region="us-east-1", account_id="111111111111", stack=None
    )


def synthesized(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str) -> None:
    """The template is about to deploy a state machine of this name."""
    machines = {
        "Setup": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {}},
        "Vending": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"StateMachineName": name},
        },
    }
    template = folder / "template.json"
    template.write_text(json.dumps({"Resources": machines}), encoding="utf-8")
    monkeypatch.setattr(before_deploy, "TEMPLATE", template)


@pytest.mark.parametrize(("name", "level"), [("account-vending", "fail"), ("x-vending", "ok")])
def test_name_with_the_settings_prefix_is_the_one_that_must_be_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, level: str
) -> None:
    synthesized(monkeypatch, tmp_path, name)

    assert result("state machine", place(machine="DELETING")).level == level


def result(name: str, where: Place) -> Result:
    """The only result of a check."""
    (found,) = BEFORE_DEPLOY[name](where)
    return found


@pytest.mark.parametrize("name", OWN)
def test_an_account_where_nothing_is_in_the_way_is_right(name: str) -> None:
    found = result(name, place())

    assert (found.check, found.level, found.remedy) == (name, "ok", "")


@pytest.mark.parametrize("name", OWN)
def test_an_account_with_the_stack_deployed_is_right(name: str) -> None:
    deployed = place(
        stack="UPDATE_COMPLETE", machine="ACTIVE", tables=("AccountVending-LedgerTable1-X",)
    )

    assert result(name, deployed).level == "ok"


@pytest.mark.parametrize(
    ("name", "where", "level", "words"),
    [
        ("bootstrap", place(bootstrap=None), "fail", "make bootstrap"),
        ("bootstrap", place(bootstrap=BOOTSTRAP_VERSION - 1), "fail", "make bootstrap"),
        ("stack", place(stack="ROLLBACK_COMPLETE"), "fail", "make unprotect destroy"),
        ("stack", place(stack="DELETE_IN_PROGRESS"), "fail", "Wait"),
        ("state machine", place(machine="DELETING"), "fail", "Stop its executions"),
        (
            "state machine",
            place(machine="DELETING", stack="DELETE_FAILED"),
            "fail",
            "Stop its executions",
        ),
        ("state machine", place(machine="ACTIVE"), "fail", "Delete or rename"),
        ("ledger", place(tables=("AccountVending-LedgerTable1-X",)), "fail", "Reinstalling"),
        ("Lambda", place(concurrency=10), "warn", "Service Quotas"),
        (
            "log delivery",
            place(policies={f"p{number}": "{}" for number in range(LOG_POLICIES_MAX)}),
            "fail",
            "Delete or merge",
        ),
        (
            "log delivery",
            place(policies={"other": "{}", LOG_DELIVERY_POLICY: "x" * 5_000}),
            "fail",
            "/aws/vendedlogs/*",
        ),
    ],
)
def test_what_is_in_the_way_is_named_with_what_to_do(
    name: str, where: Place, level: str, words: str
) -> None:
    found = result(name, where)

    assert found.level == level
    assert words in found.remedy


def test_a_full_policy_that_has_the_wildcard_is_right() -> None:
    document = f"log-group:/aws/vendedlogs/*{'x' * 5_000}"

    assert result("log delivery", place(policies={LOG_DELIVERY_POLICY: document})).level == "ok"


def test_the_bootstrap_version_is_what_the_stack_asks_for() -> None:
    manifest = json.loads((PROJECT / "cdk.out" / "manifest.json").read_text())

    stack = manifest["artifacts"]["AccountVending"]["properties"]

    assert stack["requiresBootstrapStackVersion"] == BOOTSTRAP_VERSION


@pytest.mark.parametrize(
    ("policy", "level", "what"),
    [
        ({"demo": True, "requesters": {"laptop": {}}}, "fail", "the demo's"),
        ({"requesters": {"portal": {}, "operators": {}}}, "ok", "portal, operators"),
        ({}, "ok", "by hand only"),
    ],
)
def test_demo_request_policy_is_not_deployed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    policy: dict[str, Any],
    level: str,
    what: str,
) -> None:
    template = tmp_path / "template.json"
    template.write_text(json.dumps({"Metadata": {"RequestPolicy": policy}}))
    monkeypatch.setattr(before_deploy, "TEMPLATE", template)

    (result,) = BEFORE_DEPLOY["request policy"](place())

    assert (result.level, what in result.what) == (level, True), result


def test_request_policy_that_was_not_synthesized_is_not_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_deploy, "TEMPLATE", tmp_path / "none.json")

    (result,) = BEFORE_DEPLOY["request policy"](place())

    assert result.level == "fail"


def test_request_policy_of_this_checkout_is_the_demos() -> None:
    (result,) = BEFORE_DEPLOY["request policy"](place())

    assert result.level == "fail"
