"""Checks a template before anything is made from it, and orders its resources.

CloudFormation's page "Template anatomy" says what a template may hold. What the embedded AWS would
have to ignore is refused, all of it in one error: a stack that deploys here means what it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from embedded.cloudformation.ignored_properties import WITHOUT_EFFECT
from embedded.cloudformation.intrinsics import CONDITION_FUNCTIONS, VALUE_FUNCTIONS, references
from embedded.cloudformation.resource import Resource, names
from embedded.cloudformation.resources import kind_of

Template = dict[str, Any]

PSEUDO_PARAMETERS = names(
    "AWS::AccountId AWS::NoValue AWS::NotificationARNs AWS::Partition AWS::Region AWS::StackId"
    " AWS::StackName AWS::URLSuffix"
)
_SECTIONS = names(
    "AWSTemplateFormatVersion Conditions Description Mappings Metadata Outputs Parameters"
    " Resources Rules"
)
_PARAMETER_KEYS = names(
    "AllowedPattern AllowedValues ConstraintDescription Default Description MaxLength MinLength"
    " NoEcho Type"
)
_RESOURCE_KEYS = names(
    "Condition DeletionPolicy DependsOn Metadata Properties Type UpdateReplacePolicy"
)
_OUTPUT_KEYS = names("Condition Description Export Value")
_EXPORT_KEYS = names("Name")
_RULE_KEYS = names("Assertions RuleCondition")
_POLICIES = names("Delete Retain RetainExceptOnCreate")


def check(template: Template) -> None:
    """Refuse a template that is wrong, or that would be only partly understood.

    Raises:
        ValidationError: names every problem, one clause each.
    """
    if not template.get("Resources"):
        raise ValidationError(
            message="Template format error: At least one Resources member must be defined."
        )
    problems = [*_unknown(template), *_unresolved(template)]
    if problems:
        raise ValidationError(
            message="Template validation error: the embedded AWS refuses what it would have to"
            f" ignore or cannot resolve: {'; '.join(dict.fromkeys(problems))}"
        )


def unknown_properties(kind: type[Resource], properties: Any) -> list[str]:
    """The paths in `properties` that the type neither understands nor may ignore."""
    if kind.is_free_form:
        return []
    accepted = kind.understood | WITHOUT_EFFECT.get(kind.type, {}).keys()
    return list(dict.fromkeys(_beyond(accepted, properties, "")))


def creation_order(template: Template) -> list[str]:
    """Logical ids, each after everything it refers to or depends on.

    Raises:
        ValidationError: resources depend on each other in a circle.
    """
    resources = template["Resources"]
    order: dict[str, None] = {}
    waiting: dict[str, None] = {}

    def visit(logical_id: str) -> None:
        if logical_id in order:
            return
        if logical_id in waiting:
            circle = list(waiting)[list(waiting).index(logical_id) :]
            raise ValidationError(
                message=f"Circular dependency between resources: [{', '.join(circle)}]"
            )
        waiting[logical_id] = None
        for needed in dependencies(resources[logical_id]):
            if needed in resources:
                visit(needed)
        del waiting[logical_id]
        order[logical_id] = None

    for logical_id in resources:
        visit(logical_id)
    return list(order)


def dependencies(definition: dict[str, Any]) -> list[str]:
    """What a resource's definition refers to, in a stable order."""
    declared = definition.get("DependsOn", [])
    return [
        *([declared] if isinstance(declared, str) else declared),
        *sorted(references(definition.get("Properties", {}))),
    ]


def _unknown(template: Template) -> Iterator[str]:
    yield from (f"section {name}" for name in template.keys() - _SECTIONS)
    for name, parameter in template.get("Parameters", {}).items():
        yield from _keys(f"parameter {name}", parameter, _PARAMETER_KEYS)
    for name, output in (template.get("Outputs") or {}).items():
        yield from _keys(f"output {name}", output, _OUTPUT_KEYS)
        yield from _keys(f"export of output {name}", output.get("Export", {}), _EXPORT_KEYS)
        yield from _functions(f"output {name}", output, VALUE_FUNCTIONS)
    for name, rule in template.get("Rules", {}).items():
        yield from _keys(f"rule {name}", rule, _RULE_KEYS)
        yield from _functions(f"rule {name}", rule, VALUE_FUNCTIONS | CONDITION_FUNCTIONS)
    for name, condition in template.get("Conditions", {}).items():
        yield from _functions(f"condition {name}", condition, VALUE_FUNCTIONS | CONDITION_FUNCTIONS)
    for logical_id, definition in template["Resources"].items():
        subject = f"resource {logical_id}"
        yield from _keys(subject, definition, _RESOURCE_KEYS)
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if definition.get(policy, "Delete") not in _POLICIES:
                yield f"{subject}: {policy} {definition[policy]}"
        yield from _functions(subject, definition.get("Properties", {}), VALUE_FUNCTIONS)
        type_name = definition.get("Type")
        kind = kind_of(type_name)
        if kind is None:
            yield f"{subject}: type {type_name}"
            continue
        for path in unknown_properties(kind, definition.get("Properties", {})):
            yield f"{subject}: property {path} of {type_name}"


def _unresolved(template: Template) -> Iterator[str]:
    resources = template["Resources"]
    known = PSEUDO_PARAMETERS | template.get("Parameters", {}).keys() | resources.keys()
    places = {f"resource {name}": each for name, each in resources.items()}
    places |= {f"output {name}": each for name, each in (template.get("Outputs") or {}).items()}
    for subject, place in places.items():
        values = {key: place[key] for key in ("Export", "Properties", "Value") if key in place}
        for name in sorted(references(values) - known):
            yield f"{subject}: no resource or parameter {name} to refer to"
        for needed in set(dependencies(place)) - known if "Type" in place else ():
            yield f"{subject}: depends on {needed}, which does not exist"
        if "Condition" in place and place["Condition"] not in template.get("Conditions", {}):
            yield f"{subject}: no condition {place['Condition']}"
        for logical_id, attribute in _attributes(values):
            kind = kind_of(resources.get(logical_id, {}).get("Type"))
            if kind is None or kind.is_free_form:
                continue
            if attribute not in kind.attribute_names:
                yield f"{subject}: {kind.type} has no attribute {attribute} for Fn::GetAtt"


def _keys(subject: str, entry: dict[str, Any], understood: frozenset[str]) -> Iterator[str]:
    yield from (f"{subject}: {key}" for key in sorted(entry.keys() - understood))


def _functions(subject: str, node: Any, understood: frozenset[str]) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _functions(subject, item, understood)
    elif isinstance(node, dict):
        for name, argument in node.items():
            if name.startswith("Fn::") and name not in understood:
                yield f"{subject}: function {name}"
            yield from _functions(subject, argument, understood)


def _attributes(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _attributes(item)
    elif isinstance(node, dict):
        for name, argument in node.items():
            if name != "Fn::GetAtt":
                yield from _attributes(argument)
            elif isinstance(argument, str):
                logical_id, attribute = argument.split(".", 1)
                yield logical_id, attribute
            else:
                yield argument[0], argument[1]


def _beyond(accepted: frozenset[str], value: Any, path: str) -> Iterator[str]:
    """The paths below `path` that are not in `accepted`, lists and Fn::If looked through."""
    if isinstance(value, list):
        for item in value:
            yield from _beyond(accepted, item, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == "Fn::If":
                yield from _beyond(accepted, member[1:], path)
            elif name == "Ref" or name.startswith("Fn::"):
                continue  # its value is looked at again when it is known
            else:
                inner = f"{path}.{name}" if path else name
                if inner in accepted:
                    continue
                if any(each.startswith(f"{inner}.") for each in accepted):
                    yield from _beyond(accepted, member, inner)
                else:
                    yield inner
