from __future__ import annotations

from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError

from embedded.cloudformation.ignored_properties import WITHOUT_EFFECT
from embedded.cloudformation.resource import Resource
from embedded.cloudformation.resources import TYPES
from embedded.cloudformation.template import check, creation_order
from tests.unit.embedded.cloudformation_template import template, with_properties


def refusal(changed: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        check(changed)
    return str(caught.value.message)


def test_template_as_the_cdk_writes_it_is_accepted() -> None:
    check(template())


def test_template_with_unknown_things_is_refused_with_all_of_them_named() -> None:
    changed = template(
        Domain={"Type": "AWS::OpenSearch::Domain"},
        Ledger=with_properties("Ledger", ImportSourceSpecification={}, ResourcePolicy={}),
        DeadLetters=with_properties("DeadLetters") | {"CreationPolicy": {}},
        Rule=with_properties("Rule", Targets=[{"Id": "A", "Arn": "b", "EcsParameters": {}}]),
        CreateAccount=with_properties("CreateAccount", Handler={"Fn::ImportValue": "x"}),
    )
    changed["Transform"] = "AWS::Serverless-2016-10-31"
    changed["Outputs"]["EventBusName"]["Export"] = {"Name": "bus", "Region": "x"}

    message = refusal(changed)

    for problem in (
        "resource Domain: type AWS::OpenSearch::Domain",
        "resource Ledger: property ImportSourceSpecification of AWS::DynamoDB::Table",
        "resource Ledger: property ResourcePolicy of AWS::DynamoDB::Table",
        "resource DeadLetters: CreationPolicy",
        "resource Rule: property Targets.EcsParameters of AWS::Events::Rule",
        "resource CreateAccount: function Fn::ImportValue",
        "section Transform",
        "export of output EventBusName: Region",
    ):
        assert problem in message


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        pytest.param(
            with_properties("Rule", EventBusName={"Ref": "Buss"}),
            "resource Rule: no resource or parameter Buss to refer to",
            id="a reference to nothing",
        ),
        pytest.param(
            with_properties("Rule", EventBusName={"Fn::GetAtt": ["Bus", "Size"]}),
            "resource Rule: AWS::Events::EventBus has no attribute Size for Fn::GetAtt",
            id="an attribute that is none",
        ),
        pytest.param(
            with_properties("Rule") | {"DependsOn": "Nothing"},
            "resource Rule: depends on Nothing, which does not exist",
            id="a dependency on nothing",
        ),
        pytest.param(
            with_properties("Rule") | {"Condition": "IsProd"},
            "resource Rule: no condition IsProd",
            id="a condition that is none",
        ),
        pytest.param(
            with_properties("Rule") | {"DeletionPolicy": "Snapshot"},
            "resource Rule: DeletionPolicy Snapshot",
            id="a policy that is not kept",
        ),
        pytest.param(
            with_properties("Rule", Targets={"Fn::If": ["C", [{"Color": 1}], []]}),
            "resource Rule: property Targets.Color of AWS::Events::Rule",
            id="an unknown property behind a condition",
        ),
    ],
)
def test_template_is_refused_for(resource: dict[str, Any], problem: str) -> None:
    assert problem in refusal(template(Rule=resource))


def test_resources_are_ordered_after_what_they_need() -> None:
    changed = template()
    changed["Resources"]["Bus"]["DependsOn"] = ["DeadLetters"]

    order = creation_order(changed)

    assert sorted(order) == sorted(changed["Resources"])
    for earlier, later in (
        ("Rule", "DeadLettersPolicy"),
        ("Workflow", "Rule"),
        ("CreateAccount", "Workflow"),
        ("CreateAccountGrants", "CreateAccount"),
        ("DeadLetters", "Bus"),
    ):
        assert order.index(earlier) < order.index(later)


def test_resources_that_need_each_other_are_refused() -> None:
    changed = template()
    changed["Resources"]["Ledger"]["DependsOn"] = "CreateAccount"

    with pytest.raises(ValidationError, match="Circular dependency") as caught:
        creation_order(changed)

    assert "Ledger" in str(caught.value.message)
    assert "CreateAccount" in str(caught.value.message)


def test_properties_without_effect_belong_to_known_types_and_say_why() -> None:
    assert WITHOUT_EFFECT.keys() <= TYPES.keys()
    for type_name, reasons in WITHOUT_EFFECT.items():
        assert not reasons.keys() & TYPES[type_name].understood
        assert all(reasons.values())


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES.keys())
def test_type_knows_only_what_cloudformation_has_and_replaces_when_it_does(
    kind: type[Resource],
) -> None:
    # Slow to import, so that every worker would pay for it while it collects.
    from cfnlint.schema.manager import (  # type: ignore[import-untyped]  # noqa: PLC0415
        PROVIDER_SCHEMA_MANAGER,
    )

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind.type).schema
    accepted = kind.understood | WITHOUT_EFFECT.get(kind.type, {}).keys()
    top_level = {path.split(".")[0] for path in accepted}
    needs_a_new_one = {
        pointer.removeprefix("/properties/") for pointer in schema.get("createOnlyProperties", [])
    }

    assert top_level <= schema["properties"].keys()
    assert needs_a_new_one & top_level <= kind.replaced_by
    assert kind.replaced_by <= top_level
    assert kind.attribute_names <= schema["properties"].keys()
