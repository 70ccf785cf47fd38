"""Alarms, their topic and runbook, the dashboard, and saved queries."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cli.arguments.vend import parser
from infra.alarms import RUNBOOK
from infra.settings import Settings
from tests.infra.extremes import FULL
from tests.infra.synthesized import ROOT, SynthesizedTemplate, flat, logical_id, synthesize
from vending.aws.measurements import METRICS

ALARM, TOPIC = "AWS::CloudWatch::Alarm", "AWS::SNS::Topic"
ALWAYS_THERE = {
    "FailedVends",
    "FailedRetirements",
    "DeadLetters",
    "StuckRequests",
    "ReconcilerFindings",
    "QuotaNearlyUsed",
    "Throttling",
    "LambdaThrottles",
    "QueueBacklog",
    "ReconcilerNotRunning",
}


def alarms_of(template: SynthesizedTemplate) -> dict[str, dict[str, Any]]:
    """The properties of the alarms, by name without the stack's."""
    return {
        each["Properties"]["AlarmName"].removeprefix("AccountVending-"): each["Properties"]
        for each in template.of_type(ALARM).values()
    }


def dashboard_of(template: SynthesizedTemplate) -> list[dict[str, Any]]:
    body = template.only("AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]
    widgets: list[dict[str, Any]] = json.loads(flat(body))["widgets"]
    return widgets


def sections() -> dict[str, str]:
    """The runbook's sections by anchor, as a page of it has them."""
    parts = re.split(r"^## (.+)$", (ROOT / RUNBOOK).read_text(), flags=re.MULTILINE)[1:]
    return {
        title.lower().replace(" ", "-"): text
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_alarm_has_its_section_in_the_runbook_and_every_section_its_alarm(
    template: SynthesizedTemplate,
) -> None:
    named = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower(): alarm["AlarmDescription"]
        for name, alarm in alarms_of(template).items()
    }

    assert set(named) == set(sections())
    for anchor, description in named.items():
        assert description.endswith(f"What to do: {RUNBOOK}#{anchor}")


def test_section_says_what_it_means_where_to_look_and_what_to_do() -> None:
    for anchor, text in sections().items():
        assert re.findall(r"^\*\*(It means|Look|Do)", text, re.MULTILINE) == [
            "It means",
            "Look",
            "Do",
        ], anchor


def test_commands_and_queries_of_the_runbook_exist(template: SynthesizedTemplate) -> None:
    text = (ROOT / RUNBOOK).read_text()
    queries = {
        each["Properties"]["Name"].partition("/")[2]
        for each in template.of_type("AWS::Logs::QueryDefinition").values()
    }
    widgets = {widget["properties"].get("title") for widget in dashboard_of(template)}

    for line in re.findall(r"^vend .+$", text, re.MULTILINE):
        parser().parse_args(shlex.split(line.partition("#")[0])[1:])
    assert queries - set(re.findall(r"`([A-Z][^`]+)`", text)) == {"Slowest steps"}
    assert set(re.findall(r'"([A-Z][^"]+)"', text)) - widgets == {
        "Default maximum number of accounts",
        "Functions[?contains(FunctionName,'ReconcileLedger')].FunctionName",
        "Events[].[Username,EventName]",
    }


def test_every_alarm_notifies_the_topic_and_nothing_measured_is_no_alarm(
    template: SynthesizedTemplate,
) -> None:
    (topic,) = template.of_type(TOPIC)
    alarms = alarms_of(template)

    assert set(alarms) == ALWAYS_THERE
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms.values())
    missing = {name: alarm["TreatMissingData"] for name, alarm in alarms.items()}
    assert missing.pop("QuotaNearlyUsed") == "ignore"
    assert missing.pop("ReconcilerNotRunning") == "breaching"
    assert set(missing.values()) == {"notBreaching"}


def test_alarms_and_dashboard_name_metrics_that_are_measured(
    template: SynthesizedTemplate,
) -> None:
    named = {
        alarm["MetricName"]
        for alarm in alarms_of(template).values()
        if alarm.get("Namespace") == "AccountVending"
    }
    text = json.dumps([widget["properties"].get("metrics") for widget in dashboard_of(template)])
    named |= set(re.findall(r'"AccountVending", "(\w+)"', text))
    named |= set(re.findall(r'MetricName=\\"(\w+)\\"', text))

    assert named <= set(METRICS)
    assert set(METRICS) - named == {"RequestFinished"}


def test_searches_ask_for_the_dimensions_that_metrics_have(template: SynthesizedTemplate) -> None:
    text = json.dumps([widget["properties"].get("metrics") for widget in dashboard_of(template)])
    searched = set(re.findall(r'\{AccountVending,([\w,]+)\} MetricName=\\"(\w+)\\"', text))

    assert searched == {
        (",".join((*(() if metric.in_all else ("service",)), *metric.by)), name)
        for name, metric in METRICS.items()
        if metric.by
    }


def test_price_of_monitoring_is_that_of_the_metrics_that_there_are(
    template: SynthesizedTemplate,
) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()
    alarms = alarms_of(template)
    watched = sum(
        sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in alarms.values()
    )
    steps = len(template.functions())
    others = sum(metric.in_all for metric in METRICS.values())
    count = 4 + steps + others
    shown = json.dumps([widget["properties"].get("metrics") for widget in dashboard_of(template)])

    assert f"| ${watched * 0.10:.2f} | {len(alarms)} alarms on {watched} metrics" in text
    assert (
        f"| ${count * 0.30:.2f} at most | {count}: 4 by source, {steps} by step, {others}" in text
    )
    assert shown.count('"AWS/Lambda"') > 50  # so that no dashboard like it is free


def test_topic_takes_alarms_of_this_account_over_tls_only(template: SynthesizedTemplate) -> None:
    (policy,) = template.of_type("AWS::SNS::TopicPolicy").values()
    denied, allowed = policy["Properties"]["PolicyDocument"]["Statement"]

    assert (denied["Effect"], denied["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (allowed["Action"], allowed["Condition"]) == (
        "sns:Publish",
        {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    )


def test_queries_search_the_logs_of_every_function(template: SynthesizedTemplate) -> None:
    logs = {
        logical_id(function["Properties"]["LoggingConfig"]["LogGroup"])
        for function in template.of_type("AWS::Lambda::Function").values()
    }
    queries = {
        each["Properties"]["Name"]: each["Properties"]
        for each in template.of_type("AWS::Logs::QueryDefinition").values()
    }

    story = queries["AccountVending/One request by its id"]
    assert {logical_id(name) for name in story["LogGroupNames"]} == logs
    # AWS: a query searches 50 log groups at most.
    assert all(len(query["LogGroupNames"]) <= 50 for query in queries.values())
    assert len(queries) == 5


def test_queries_ask_for_fields_that_functions_log(template: SynthesizedTemplate) -> None:
    sources = "".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    known = set(re.findall(r'"(\w+)": |\b(\w+)=', sources))
    logged = {name for pair in known for name in pair if name} | {"message", "step", "type"}
    for each in template.of_type("AWS::Logs::QueryDefinition").values():
        text = each["Properties"]["QueryString"]
        if "execution_arn" in text:
            continue  # of Step Functions' own lines
        filtered = re.findall(r"filter (\w+)|ispresent\((\w+)\)|pct\((\w+),", text)
        assert {name for names in filtered for name in names if name} - {"ispresent"} <= logged, (
            text
        )


def test_function_may_not_write_metrics_or_alarms(template: SynthesizedTemplate) -> None:
    allowed = {
        action
        for role in template.of_type("AWS::IAM::Role")
        for statement in template.statements(role)
        for action in statement.actions
    }

    assert not {action for action in allowed if action.startswith(("cloudwatch:", "sns:"))}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    """Everything about monitoring is set otherwise."""
    settings = Settings(
        alarm_topic_arn="arn:aws:sns:us-east-1:111122223333:on-call",
        alarm_quota_percent=60,
        alarm_queue_backlog=7,
        runbook_url="https://wiki.example.com/runbook",
        reconcile_every_hours=None,
        discovered_accounts="ignore",
    )
    return synthesize(settings, tmp_path_factory.mktemp("changed"))


def test_alarms_follow_their_settings(changed: SynthesizedTemplate) -> None:
    alarms = alarms_of(changed)

    assert changed.of_type(TOPIC) == {}
    assert {str(alarm["AlarmActions"]) for alarm in alarms.values()} == {
        "['arn:aws:sns:us-east-1:111122223333:on-call']"
    }
    assert alarms["QuotaNearlyUsed"]["Threshold"] == 60
    assert alarms["QueueBacklog"]["Threshold"] == 7
    # Without a schedule nobody expects it to run.
    assert set(alarms) == ALWAYS_THERE - {"ReconcilerNotRunning"}


def test_runbook_is_linked_where_it_can_be_read(changed: SynthesizedTemplate) -> None:
    url = "https://wiki.example.com/runbook"
    (text,) = (each for each in dashboard_of(changed) if each["type"] == "text")

    assert f"[Failed vends]({url}#failed-vends)" in text["properties"]["markdown"]
    description = alarms_of(changed)["FailedVends"]["AlarmDescription"]
    assert description.endswith(f"{url}#failed-vends")


def test_stack_without_alarms_and_dashboard_keeps_its_queries(bare: SynthesizedTemplate) -> None:
    types = {each["Type"] for each in bare.document["Resources"].values()}
    assert not types & {ALARM, TOPIC, "AWS::SNS::TopicPolicy", "AWS::CloudWatch::Dashboard"}
    assert "AWS::Logs::QueryDefinition" in types


def test_emails_are_subscribed(full: SynthesizedTemplate) -> None:
    (subscription,) = full.of_type("AWS::SNS::Subscription").values()
    assert (subscription["Properties"]["Endpoint"],) == FULL.alarm_emails


@pytest.mark.slow
def test_dashboard_without_alarms_shows_none(tmp_path: Path) -> None:
    without = synthesize(Settings(alarms=False), tmp_path)

    assert "alarm" not in {widget["type"] for widget in dashboard_of(without)}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"alarm_emails": ("on-call",)}, "alarm_emails: 'on-call' is not an email address"),
        ({"alarm_topic_arn": "on-call"}, "alarm_topic_arn: 'on-call' is not the ARN of an SNS"),
        (
            {
                "alarm_topic_arn": "arn:aws:sns:us-east-1:111122223333:on-call",
                "alarm_emails": ("a@example.com",),
            },
            "subscribe them to the topic alarm_topic_arn yourself",
        ),
        ({"alarm_quota_percent": 101}, "alarm_quota_percent must be more than 0"),
        ({"alarm_queue_backlog": 0}, "alarm_queue_backlog must be 1 or more"),
        ({"runbook_url": "http://wiki"}, "runbook_url: 'http://wiki' is not an https address"),
    ],
)
def test_wrong_setting_of_monitoring_is_refused(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        Settings(**wrong)


def test_traces_are_on_in_every_function_and_state_machine(template: SynthesizedTemplate) -> None:
    for function in template.of_type("AWS::Lambda::Function").values():
        assert function["Properties"]["TracingConfig"] == {"Mode": "Active"}
    for machine in template.of_type("AWS::StepFunctions::StateMachine").values():
        assert machine["Properties"]["TracingConfiguration"] == {"Enabled": True}
