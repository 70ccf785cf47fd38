"""What keeps requests from getting stuck: the rule on executions, the schedule, their functions."""

from importlib import import_module

import pytest

from infra.operation_function import module_name
from tests.infra.synthesized import SynthesizedTemplate, logical_id

ACCOUNTS = "arn:aws:organizations::${AWS::AccountId}:account/o-*/*"
EXECUTIONS = "arn:aws:states:us-east-1:${AWS::AccountId}:execution:account-vending:*"
ROWS = {f"dynamodb:{operation}": {"ledger"} for operation in ("GetItem", "PutItem", "UpdateItem")}
UNITS = "arn:aws:organizations::${AWS::AccountId}:ou/o-*/ou-*"
CONTACTS = "arn:aws:account::${AWS::AccountId}:account/o-*/*"
RULES = {
    "DetectDrift": "ReconciliationDriftSchedule",
    "RecordExecutionEnd": "ExecutionEnded",
    "ReconcileLedger": "ReconciliationSchedule",
}
MACHINE = "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:account-vending"
# A request that ended gives back its locks, and its place at the creation queue to the next.
GIVING_BACK = {"dynamodb:DeleteItem": {"ledger"}, "states:SendTaskSuccess": {MACHINE}}
EXPECTED_GRANTS: dict[str, dict[str, set[str]]] = {
    "RecordExecutionEnd": ROWS
    | GIVING_BACK
    | {"events:PutEvents": {"bus"}, "states:DescribeExecution": {EXECUTIONS}},
    "DetectDrift": ROWS
    | {
        "account:GetAlternateContact": {CONTACTS},
        "events:PutEvents": {"bus"},
        "organizations:DescribeOrganizationalUnit": {UNITS},
        "organizations:ListAccounts": {"*"},
        "organizations:ListParents": {ACCOUNTS, UNITS},
        "organizations:ListPoliciesForTarget": {ACCOUNTS},
        "organizations:ListTagsForResource": {ACCOUNTS},
    },
    "ReconcileLedger": ROWS
    | GIVING_BACK
    | {
        # It has retirements go on, too, that are decided.
        "states:SendTaskSuccess": {MACHINE, MACHINE.replace("-vending", "-retirement")},
        "dynamodb:Query": {"index"},
        "events:PutEvents": {"bus"},
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:ListAccounts": {"*"},
        "organizations:ListTagsForResource": {ACCOUNTS},
        "servicequotas:ListServiceQuotas": {"*"},
        "states:DescribeExecution": {EXECUTIONS},
        "states:ListExecutions": {"machine"},
    },
}


@pytest.mark.parametrize("name", EXPECTED_GRANTS)
def test_function_may_do_exactly_this_on_exactly_these_resources(
    template: SynthesizedTemplate, name: str
) -> None:
    _, function = template.entrance(name)
    (table_id,) = template.of_type("AWS::DynamoDB::Table")
    (bus_id,) = template.of_type("AWS::Events::EventBus")
    machine_id = template.machine_id("VendingWorkflow")
    names = {
        f"${{{table_id}.Arn}}": "ledger",
        f"${{{table_id}.Arn}}/index/byState": "index",
        f"${{{bus_id}.Arn}}": "bus",
        f"${{{machine_id}}}": "machine",
    }

    granted: dict[str, set[str]] = {}
    for statement in template.statements(logical_id(function["Role"])):
        if statement.sid not in {"WriteOwnLogs", "WriteTraces", "WriteDeadLetters"}:
            for action in statement.actions:
                resources = {names.get(resource, resource) for resource in statement.resources}
                granted.setdefault(action, set()).update(resources)

    assert granted == EXPECTED_GRANTS[name]


@pytest.mark.parametrize("name", EXPECTED_GRANTS)
def test_function_is_granted_exactly_what_it_calls(name: str) -> None:
    assert set(EXPECTED_GRANTS[name]) == import_module(f"events.{module_name(name)}").CALLS


@pytest.mark.parametrize("name", EXPECTED_GRANTS)
def test_function_may_be_invoked_by_its_rule_only(template: SynthesizedTemplate, name: str) -> None:
    function_id, function = template.entrance(name)

    (permission,) = (
        each["Properties"]
        for each in template.of_type("AWS::Lambda::Permission").values()
        if logical_id(each["Properties"]["FunctionName"]) == function_id
    )

    assert permission["Principal"] == "events.amazonaws.com"
    assert logical_id(permission["SourceArn"]) == template.rule(RULES[name])[0]
    assert function["Handler"] == f"events.{module_name(name)}.handler"


def test_rule_hears_of_every_bad_end_of_this_machine(template: SynthesizedTemplate) -> None:
    machine_id = template.machine_id("VendingWorkflow")

    _, rule = template.rule("ExecutionEnded")

    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [{"Ref": machine_id}],
            "status": ["ABORTED", "FAILED", "TIMED_OUT"],
        },
    }
    assert rule["State"] == "ENABLED"
    assert "EventBusName" not in rule  # the default bus, the only one Step Functions tells


def test_end_that_cannot_be_delivered_waits_where_all_undeliverable_events_wait(
    template: SynthesizedTemplate,
) -> None:
    function_id, function = template.entrance("RecordExecutionEnd")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    (target,) = template.rule("ExecutionEnded")[1]["Targets"]

    assert logical_id(target["Arn"]) == function_id
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 24 * 60 * 60,
        "MaximumRetryAttempts": 185,
    }
    assert logical_id(target["DeadLetterConfig"]["Arn"]) == queue_id
    assert logical_id(function["DeadLetterConfig"]["TargetArn"]) == queue_id
    assert not target.keys() & {"Input", "InputPath", "InputTransformer"}


def test_reconciliation_runs_hourly_and_knows_the_machine(template: SynthesizedTemplate) -> None:
    _, rule = template.rule("ReconciliationSchedule")
    function_id, function = template.entrance("ReconcileLedger")
    machine_id = template.machine_id("VendingWorkflow")

    (target,) = rule["Targets"]

    assert rule["ScheduleExpression"] == "rate(1 hour)"
    assert logical_id(target["Arn"]) == function_id
    assert "DeadLetterConfig" not in target  # the next run does what this one did not
    assert function["Environment"]["Variables"]["STATE_MACHINE_ARN"] == {"Ref": machine_id}


def test_schedule_is_a_setting(full: SynthesizedTemplate, bare: SynthesizedTemplate) -> None:
    for template, rates in ((full, ["rate(6 hours)"] * 2), (bare, [])):
        rules = [each["Properties"] for each in template.of_type("AWS::Events::Rule").values()]

        assert [r["ScheduleExpression"] for r in rules if "ScheduleExpression" in r] == rates
        assert template.entrance("ReconcileLedger")
