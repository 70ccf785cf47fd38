"""Checks a template before anything is made from it, and orders its resources.

CloudFormation's page "Template anatomy" says what a template may hold. What the embedded AWS would
have to ignore is refused, all of it in one error: a stack that deploys here means what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from embedded.cloudformation.ignored_properties import WITHOUT_EFFECT
from embedded.cloudformation.intrinsics import CONDITION_FUNCTIONS, VALUE_FUNCTIONS, Uses
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


def check(template: Template) -> dict[str, Uses]:
    """Refuse a template that is wrong, or that would be only partly understood.

    Returns:
        What the properties of each resource use, by logical id.

    Raises:
        ValidationError: names every problem, one clause each.
    """
    if not template.get("Resources"):
        raise ValidationError(
            message="Template format error: At least one Resources member must be defined."
        )
    used = _used(template)
    problems = [*_unknown(template, used), *_unresolved(template, used)]
    if problems:
        raise ValidationError(
            message="Template validation error: the embedded AWS refuses what it would have to"
            f" ignore or cannot resolve: {'; '.join(dict.fromkeys(problems))}"
        )
    return used


def unknown_properties(kind: type[Resource], properties: Any) -> list[str]:
    """The paths in `properties` that the type neither understands nor may ignore."""
    if kind.is_free_form:
        return []
    return list(dict.fromkeys(_beyond(*_accepted(kind), properties, "")))


@cache
def _accepted(kind: type[Resource]) -> tuple[frozenset[str], frozenset[str]]:
    """The paths that the type takes as they are, and those that lead to one of them."""
    accepted = kind.understood | WITHOUT_EFFECT.get(kind.type, {}).keys()
    steps = [path.split(".") for path in accepted]
    leading = (".".join(each[:depth]) for each in steps for depth in range(1, len(each)))
    return accepted, frozenset(leading)


def creation_order(template: Template, used: Mapping[str, Uses] | None = None) -> list[str]:
    """Logical ids, each after everything it refers to or depends on.

    Args:
        template: a template that `check` takes.
        used: what `check` returned of it, where it was called.

    Raises:
        ValidationError: resources depend on each other in a circle.
    """
    resources = template["Resources"]
    found = used or _used(template)
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
        for needed in (*_declared(resources[logical_id]), *sorted(found[logical_id].references)):
            if needed in resources:
                visit(needed)
        del waiting[logical_id]
        order[logical_id] = None

    for logical_id in resources:
        visit(logical_id)
    return list(order)


def _declared(definition: dict[str, Any]) -> list[str]:
    declared: str | list[str] = definition.get("DependsOn", [])
    return [declared] if isinstance(declared, str) else declared


def _used(template: Template) -> dict[str, Uses]:
    return {name: Uses(each.get("Properties")) for name, each in template["Resources"].items()}


def _unknown(template: Template, used: Mapping[str, Uses]) -> Iterator[str]:
    yield from (f"section {name}" for name in template.keys() - _SECTIONS)
    for name, parameter in template.get("Parameters", {}).items():
        yield from _keys(f"parameter {name}", parameter, _PARAMETER_KEYS)
    for name, output in (template.get("Outputs") or {}).items():
        yield from _keys(f"output {name}", output, _OUTPUT_KEYS)
        yield from _keys(f"export of output {name}", output.get("Export", {}), _EXPORT_KEYS)
        yield from _functions(f"output {name}", Uses(output), VALUE_FUNCTIONS)
    for name, rule in template.get("Rules", {}).items():
        yield from _keys(f"rule {name}", rule, _RULE_KEYS)
        yield from _functions(f"rule {name}", Uses(rule), VALUE_FUNCTIONS | CONDITION_FUNCTIONS)
    for name, condition in template.get("Conditions", {}).items():
        understood = VALUE_FUNCTIONS | CONDITION_FUNCTIONS
        yield from _functions(f"condition {name}", Uses(condition), understood)
    for logical_id, definition in template["Resources"].items():
        subject = f"resource {logical_id}"
        yield from _keys(subject, definition, _RESOURCE_KEYS)
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if definition.get(policy, "Delete") not in _POLICIES:
                yield f"{subject}: {policy} {definition[policy]}"
        yield from _functions(subject, used[logical_id], VALUE_FUNCTIONS)
        type_name = definition.get("Type")
        kind = kind_of(type_name)
        if kind is None:
            yield f"{subject}: type {type_name}"
            continue
        for path in unknown_properties(kind, definition.get("Properties", {})):
            yield f"{subject}: property {path} of {type_name}"


def _unresolved(template: Template, used: Mapping[str, Uses]) -> Iterator[str]:
    resources = template["Resources"]
    known = PSEUDO_PARAMETERS | template.get("Parameters", {}).keys() | resources.keys()
    places = [(f"resource {name}", each, used[name]) for name, each in resources.items()]
    for name, output in (template.get("Outputs") or {}).items():
        places.append((f"output {name}", output, Uses(output.get("Export"), output.get("Value"))))
    for subject, place, uses in places:
        for name in sorted(uses.references - known):
            yield f"{subject}: no resource or parameter {name} to refer to"
        for needed in {*_declared(place), *uses.references} - known if "Type" in place else ():
            yield f"{subject}: depends on {needed}, which does not exist"
        if "Condition" in place and place["Condition"] not in template.get("Conditions", {}):
            yield f"{subject}: no condition {place['Condition']}"
        for logical_id, attribute in uses.attributes:
            kind = kind_of(resources.get(logical_id, {}).get("Type"))
            if kind is None or kind.is_free_form:
                continue
            if attribute not in kind.attribute_names:
                yield f"{subject}: {kind.type} has no attribute {attribute} for Fn::GetAtt"


def _keys(subject: str, entry: dict[str, Any], understood: frozenset[str]) -> Iterator[str]:
    yield from (f"{subject}: {key}" for key in sorted(entry.keys() - understood))


def _functions(subject: str, uses: Uses, understood: frozenset[str]) -> Iterator[str]:
    yield from (f"{subject}: function {each}" for each in uses.functions if each not in understood)


def _beyond(
    accepted: frozenset[str], leading: frozenset[str], value: Any, path: str
) -> Iterator[str]:
    """The paths below `path` that are not in `accepted`, lists and Fn::If looked through."""
    if isinstance(value, list):
        for item in value:
            yield from _beyond(accepted, leading, item, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == "Fn::If":
                yield from _beyond(accepted, leading, member[1:], path)
            elif name == "Ref" or name.startswith("Fn::"):
                continue  # its value is looked at again when it is known
            else:
                inner = f"{path}.{name}" if path else name
                if inner in accepted:
                    continue
                if inner in leading:
                    yield from _beyond(accepted, leading, member, inner)
                else:
                    yield inner
