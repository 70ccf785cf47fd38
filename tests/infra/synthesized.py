"""Reading the template that `make synth` made."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.settings import Settings

ROOT = Path(__file__).parents[2]
ASSEMBLY = ROOT / "cdk.out"
TEMPLATE_NAME = "AccountVending.template.json"
MACHINES = {
    "AccountRetirementWorkflow": "account_retirement",
    "VendingWorkflow": "account_vending",
    "OrganizationSetupWorkflow": "organization_setup",
}
"""Constructs of state machines, and the name of each one's definition."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of an identity policy, every one-or-many as a set of strings."""

    sid: str | None
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    condition: dict[str, Any]


class SynthesizedTemplate:
    """The template, asked by resource type and by the name of an operation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def of_type(self, type_: str) -> dict[str, dict[str, Any]]:
        """All resources of a type, by logical id."""
        return {
            id_: resource
            for id_, resource in self.document["Resources"].items()
            if resource["Type"] == type_
        }

    def only(self, type_: str) -> dict[str, Any]:
        """The one resource of a type."""
        (resource,) = self.of_type(type_).values()
        return resource

    def machine_id(self, construct: str) -> str:
        """The logical id of the state machine of a construct."""
        (id_,) = (
            id_
            for id_ in self.of_type("AWS::StepFunctions::StateMachine")
            if id_.startswith(construct)
        )
        return id_

    def machine(self, construct: str = "VendingWorkflow") -> dict[str, Any]:
        """The properties of a construct's state machine."""
        properties: dict[str, Any] = self.document["Resources"][self.machine_id(construct)][
            "Properties"
        ]
        return properties

    def functions_of(self, construct: str) -> dict[str, Any]:
        """The functions that the construct's machine may name, by their placeholder."""
        substitutions = self.machine(construct)["DefinitionSubstitutions"]
        return {key: one for key, one in substitutions.items() if key.endswith("FunctionArn")}

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of the workflow's functions, by operation."""
        return {
            re.sub(r"Function[0-9A-F]{8}$", "", id_): resource["Properties"]
            for id_, resource in self.of_type("AWS::Lambda::Function").items()
            if resource["Properties"]["Handler"].startswith("operations.")
        }

    def entrance(self, name: str) -> tuple[str, dict[str, Any]]:
        """Logical id and properties of the function that is not an operation and has this name."""
        ((id_, resource),) = (
            (id_, resource)
            for id_, resource in self.of_type("AWS::Lambda::Function").items()
            if re.search(rf"{name}Function[0-9A-F]{{8}}$", id_)
        )
        return id_, resource["Properties"]

    def rule(self, name: str) -> tuple[str, dict[str, Any]]:
        """Logical id and properties of the rule of this construct id."""
        ((id_, resource),) = (
            (id_, resource)
            for id_, resource in self.of_type("AWS::Events::Rule").items()
            if re.search(rf"{name}[0-9A-F]{{8}}$", id_)
        )
        return id_, resource["Properties"]

    def statements(self, role_id: str) -> list[Statement]:
        """Everything a role may do, from its own policies and those attached to it."""
        role = self.document["Resources"][role_id]["Properties"]
        documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
        documents += [
            policy["Properties"]["PolicyDocument"]
            for policy in self.of_type("AWS::IAM::Policy").values()
            if {"Ref": role_id} in policy["Properties"]["Roles"]
        ]
        return [_statement(each) for document in documents for each in document["Statement"]]

    def statements_of(self, operation: str) -> list[Statement]:
        """Everything the function of an operation may do."""
        return self.statements(logical_id(self.functions()[operation]["Role"]))


def read_template(assembly: Path = ASSEMBLY) -> SynthesizedTemplate:
    """The template in cdk.out, or in another assembly."""
    return SynthesizedTemplate(json.loads((assembly / TEMPLATE_NAME).read_text()))


def synthesize(
    settings: Settings, assembly: Path, *, validated: bool = False
) -> SynthesizedTemplate:
    """Synthesize the stack with other settings than app.py's into the folder `assembly`.

    The functions stay where they are, and the CDK validates the template only if that is asked for:
    copying and validating take longer than all the rest.
    """
    # Slow to import, and most tests only read; `infra` comes first to choose the Node.
    from infra import request_policy  # noqa: PLC0415
    from infra.account_vending_stack import AccountVendingStack  # noqa: PLC0415

    # isort: split
    from aws_cdk import App  # noqa: PLC0415

    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(
        outdir=str(assembly),
        context={**context, "aws:cdk:disable-asset-staging": True},
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=validated,
    )
    AccountVendingStack(
        app, "AccountVending", settings=settings, request_policy=request_policy.read(ROOT)
    )
    app.synth()
    return read_template(assembly)


def logical_id(reference: dict[str, Any]) -> str:
    """The logical id that a Ref or a Fn::GetAtt names."""
    id_ = reference.get("Ref") or reference["Fn::GetAtt"][0]
    assert isinstance(id_, str)
    return id_


def flat(value: Any) -> str:
    """An intrinsic as readable text: `${LogicalId.Attribute}` for what CloudFormation fills in."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(flat(part) for part in parts)
        case {"Fn::Select": [index, of]}:
            return f"${{{flat(of)}[{index}]}}"
        case {"Fn::Split": [separator, text]}:
            return f"{flat(text)}/{separator}"
    raise AssertionError(f"an intrinsic that no test knows: {value}")


def _statement(statement: dict[str, Any]) -> Statement:
    return Statement(
        sid=statement.get("Sid"),
        effect=statement["Effect"],
        actions=frozenset(_many(statement["Action"])),
        resources=frozenset(flat(each) for each in _many(statement["Resource"])),
        condition=statement.get("Condition", {}),
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
