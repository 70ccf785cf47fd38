"""What the state machines must be, and which functions each may run."""

import json
import re
from pathlib import Path

import pytest

from embedded.organizations.quotas import QUOTAS
from infra.settings import Settings
from infra.workflow import Workflow
from tests.grids import few
from tests.infra.extremes import FULL
from tests.infra.synthesized import (
    MACHINES,
    SynthesizedTemplate,
    flat,
    logical_id,
    synthesize,
)


@pytest.mark.parametrize("construct", MACHINES)
def test_state_machine_logs_where_no_resource_policy_grows(
    template: SynthesizedTemplate, construct: str
) -> None:
    (destination,) = template.machine(construct)["LoggingConfiguration"]["Destinations"]
    log_group = logical_id(destination["CloudWatchLogsLogGroup"]["LogGroupArn"])

    properties = template.document["Resources"][log_group]["Properties"]

    assert flat(properties["LogGroupName"]).startswith("/aws/vendedlogs/states/")
    assert properties["RetentionInDays"] == 365


def test_log_group_of_a_state_machine_is_not_in_the_way_of_the_next_stack(
    template: SynthesizedTemplate,
) -> None:
    """It is kept under its name, so the name has a part of the stack's own id."""
    names = [
        flat(group["Properties"]["LogGroupName"])
        for group in template.of_type("AWS::Logs::LogGroup").values()
        if "LogGroupName" in group["Properties"]
    ]

    assert len(names) == len(MACHINES)
    assert all("AWS::StackId" in name for name in names)


@pytest.mark.parametrize("construct", MACHINES)
def test_state_machine_is_standard_traced_and_logged_without_data(
    template: SynthesizedTemplate, construct: str
) -> None:
    machine = template.machine(construct)

    assert machine["StateMachineType"] == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


@pytest.mark.parametrize("construct", MACHINES)
def test_placeholders_of_the_definition_and_substitutions_match_both_ways(
    template: SynthesizedTemplate, construct: str
) -> None:
    machine = template.machine(construct)

    placeholders = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))

    assert placeholders == set(machine["DefinitionSubstitutions"])
    for placeholder, function in template.functions_of(construct).items():
        operation = placeholder.removesuffix("FunctionArn")
        assert logical_id(function).startswith(
            (f"{operation}Function", f"Setup{operation}Function")
        )


def test_setup_runs_functions_of_its_own_where_its_power_differs_and_requests_run_none_of_them(
    template: SynthesizedTemplate,
) -> None:
    run = {
        construct: {logical_id(one) for one in template.functions_of(construct).values()}
        for construct in MACHINES
    }

    own = {
        id_[:-16]
        for id_ in run["OrganizationSetupWorkflow"]
        if template.document["Resources"][id_]["Properties"]["Handler"]
        in {
            template.document["Resources"][each]["Properties"]["Handler"]
            for each in run["VendingWorkflow"] - run["OrganizationSetupWorkflow"]
        }
    }
    assert own == {
        "SetupAcceptHandshake",
        "SetupAttachPolicy",
        "SetupCreatePolicy",
        "SetupEnableAWSServiceAccess",
    }
    assert not [id_ for id_ in run["VendingWorkflow"] if id_.startswith("Setup")]


@pytest.mark.parametrize("construct", MACHINES)
def test_definition_is_json_of_one_machine(template: SynthesizedTemplate, construct: str) -> None:
    assert json.loads(template.machine(construct)["DefinitionString"])["QueryLanguage"] == "JSONata"


def test_placeholder_that_nothing_fills_is_refused_at_synthesis() -> None:
    # After `infra`, which chooses the Node.
    from aws_cdk import Stack  # noqa: PLC0415

    with pytest.raises(ValueError, match="account_vending: nothing fills") as refused:
        Workflow(
            Stack(),
            "Workflow",
            definition="account_vending",
            functions={},
            settings=Settings(),
        )

    assert "${CreateAccountFunctionArn}, " in str(refused.value)
    assert "${LeastPollSeconds}, " in str(refused.value)


@pytest.mark.parametrize(
    ("in_progress", "seconds"), few([(5, 3), (6, 4), (20, 12)], quick=[(5, 3), (20, 12)])
)
def test_creations_in_progress_are_together_looked_at_less_often_than_aws_allows(
    template: SynthesizedTemplate,
    full: SynthesizedTemplate,
    in_progress: int,
    seconds: int,
    tmp_path: Path,
) -> None:
    there = {Settings().creations_in_progress: template, FULL.creations_in_progress: full}
    settings = Settings(creations_in_progress=in_progress)
    template = there.get(in_progress) or synthesize(settings, tmp_path)

    substitutions = template.machine("VendingWorkflow")["DefinitionSubstitutions"]

    assert substitutions["LeastPollSeconds"] == str(seconds)
    assert in_progress / seconds < QUOTAS["DescribeCreateAccountStatus"].per_account.per_second
