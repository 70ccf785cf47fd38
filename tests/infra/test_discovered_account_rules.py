"""What looks at accounts made elsewhere, by setting: rules, function, grants."""

import json
from typing import Any

import pytest

from events.discover_account import CALLS, CALLS_BY_SETTING
from infra.service_principals import DOCUMENTED_SERVICE_PRINCIPALS
from infra.settings import BaselinePolicy, DiscoveredAccountBaseline, Settings
from tests.infra.extremes import BASELINE
from tests.infra.synthesized import SynthesizedTemplate, logical_id
from vending.request.account_request import parse

ACCOUNTS = "arn:aws:organizations::${AWS::AccountId}:account/o-*/*"
BY_SERVICE = {
    "OrganizationsAccounts": ("aws.organizations", "CreateAccountResult AccountJoinedOrganization"),
    "ControlTowerAccounts": ("aws.controltower", "CreateManagedAccount UpdateManagedAccount"),
}


@pytest.fixture
def by_setting(
    template: SynthesizedTemplate, full: SynthesizedTemplate
) -> dict[str, SynthesizedTemplate]:
    return {"record": template, "baseline": full}


@pytest.mark.parametrize("name", BY_SERVICE)
def test_rule_asks_for_service_and_event_name_and_for_nobodys_identity(
    template: SynthesizedTemplate, name: str
) -> None:
    source, events = BY_SERVICE[name]

    _, rule = template.rule(name)

    assert rule["EventPattern"] == {
        "source": [source],
        "detail-type": ["AWS Service Event via CloudTrail", "AWS API Call via CloudTrail"],
        "detail": {"eventName": [{"equals-ignore-case": event} for event in events.split()]},
    }
    assert rule["State"] == "ENABLED"
    assert "EventBusName" not in rule  # the default bus


@pytest.mark.parametrize("name", BY_SERVICE)
def test_rule_hands_the_whole_event_to_the_function_and_keeps_what_cannot_be_handed_over(
    template: SynthesizedTemplate, name: str
) -> None:
    function_id, _ = template.entrance("DiscoverAccount")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    (target,) = template.rule(name)[1]["Targets"]

    assert logical_id(target["Arn"]) == function_id
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 24 * 60 * 60,
        "MaximumRetryAttempts": 185,
    }
    assert logical_id(target["DeadLetterConfig"]["Arn"]) == queue_id
    assert not target.keys() & {"Input", "InputPath", "InputTransformer"}


def test_function_may_be_invoked_by_these_rules_only(template: SynthesizedTemplate) -> None:
    function_id, _ = template.entrance("DiscoverAccount")

    permissions = [
        each["Properties"]
        for each in template.of_type("AWS::Lambda::Permission").values()
        if logical_id(each["Properties"]["FunctionName"]) == function_id
    ]

    assert {each["Principal"] for each in permissions} == {"events.amazonaws.com"}
    assert {each["Action"] for each in permissions} == {"lambda:InvokeFunction"}
    assert sorted(logical_id(each["SourceArn"]) for each in permissions) == sorted(
        template.rule(name)[0] for name in BY_SERVICE
    )


def test_function_keeps_the_events_it_fails_on_where_all_events_are_kept(
    template: SynthesizedTemplate,
) -> None:
    _, function = template.entrance("DiscoverAccount")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    assert function["Handler"] == "events.discover_account.handler"
    assert logical_id(function["DeadLetterConfig"]["TargetArn"]) == queue_id


@pytest.mark.parametrize("setting", ["record", "baseline"])
def test_function_may_do_exactly_what_its_setting_calls(
    by_setting: dict[str, SynthesizedTemplate], setting: str
) -> None:
    template = by_setting[setting]
    _, function = template.entrance("DiscoverAccount")
    (table_id,) = template.of_type("AWS::DynamoDB::Table")
    (bus_id,) = template.of_type("AWS::Events::EventBus")
    (queue_id,) = template.of_type("AWS::SQS::Queue")
    table = f"${{{table_id}.Arn}}"
    known = {
        "dynamodb:GetItem": {table},
        "dynamodb:PutItem": {table},
        "dynamodb:Query": {f"{table}/index/byState"},
        "events:PutEvents": {f"${{{bus_id}.Arn}}"},
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:ListTagsForResource": {ACCOUNTS},
    }

    granted = {
        action: statement.resources
        for statement in template.statements(logical_id(function["Role"]))
        if statement.sid not in ("WriteOwnLogs", "WriteTraces")
        for action in statement.actions
    }

    assert granted.pop("sqs:SendMessage") == {f"${{{queue_id}.Arn}}"}
    assert granted == {action: known[action] for action in CALLS_BY_SETTING[setting]}
    assert known.keys() == CALLS


def test_function_gets_the_setting_and_only_what_it_needs(
    by_setting: dict[str, SynthesizedTemplate],
) -> None:
    variables = {
        setting: template.entrance("DiscoverAccount")[1]["Environment"]["Variables"]
        for setting, template in by_setting.items()
    }

    assert {setting: each["DISCOVERED_ACCOUNTS"] for setting, each in variables.items()} == {
        setting: setting for setting in variables
    }
    assert "EVENT_BUS_NAME" not in variables["record"]
    assert "DISCOVERED_ACCOUNT_BASELINE" not in variables["record"]
    assert json.loads(variables["baseline"]["DISCOVERED_ACCOUNT_BASELINE"]) == BASELINE.as_request()
    assert all("LEDGER_TABLE_NAME" in each for each in variables.values())


def test_accounts_made_elsewhere_can_be_ignored_altogether(bare: SynthesizedTemplate) -> None:
    assert not [id_ for id_ in bare.document["Resources"] if "DiscoveredAccounts" in id_]


@pytest.mark.parametrize(
    ("baseline", "keys"),
    [
        (DiscoveredAccountBaseline(), set()),
        (BASELINE, {"organizationalUnit", "tags", "policies", "serviceAccess", "rootAccess"}),
    ],
    ids=["nothing", "everything"],
)
def test_baseline_makes_a_valid_request(
    baseline: DiscoveredAccountBaseline, keys: set[str]
) -> None:
    document: dict[str, Any] = {"source": "existing", "account": {"accountId": "444455556666"}}

    request = parse({**document, **baseline.as_request()})

    assert baseline.as_request().keys() == keys
    assert request.request_id == "a-444455556666"


def test_baseline_that_could_not_be_granted_is_refused_at_synthesis() -> None:
    baseline = DiscoveredAccountBaseline(
        policies=(BaselinePolicy(name="Guardrails", type="S3_POLICY"),),
        service_access=("ram.amazonaws.com", "x.example.com"),
    )

    with pytest.raises(ValueError, match=r"x\.example\.com") as refused:
        Settings(discovered_account_baseline=baseline, policy_types=("SERVICE_CONTROL_POLICY",))

    assert "policy_types: S3_POLICY" in str(refused.value)
    assert "ram.amazonaws.com" in DOCUMENTED_SERVICE_PRINCIPALS
    assert "ram.amazonaws.com" not in str(refused.value)
