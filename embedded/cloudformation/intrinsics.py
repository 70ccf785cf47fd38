"""CloudFormation's intrinsic functions (user guide, "Intrinsic function reference").

moto evaluates most of them too, but passes on the ones it does not know, leaves `AWS::NoValue` in
lists as null, and rewrites `$` in `Fn::Sub`, which a JSONata definition is full of.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError

from embedded.cloudformation.resource import Resource, names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VALUE_FUNCTIONS = names(
    "Fn::Base64 Fn::FindInMap Fn::GetAtt Fn::If Fn::Join Fn::Select Fn::Split Fn::Sub"
    " Fn::ToJsonString"
)
CONDITION_FUNCTIONS = names("Fn::And Fn::Contains Fn::Equals Fn::Not Fn::Or")

_PLACEHOLDER = re.compile(r"\$\{(!?)([^{}]*)\}")
_ABSENT = object()  # what a reference to AWS::NoValue leaves: nothing, not even null


class Resolver:
    """Evaluates one template's intrinsic functions.

    Args:
        values: parameters and pseudo parameters by name; None stands for `AWS::NoValue`.
        mappings: the template's Mappings.
        conditions: the template's Conditions, unevaluated.
        resources: what has been created so far, by logical id.
    """

    def __init__(
        self,
        *,
        values: Mapping[str, Any],
        mappings: Mapping[str, Any],
        conditions: Mapping[str, Any],
        resources: Mapping[str, Resource],
    ) -> None:
        self._values = values
        self._mappings = mappings
        self._conditions = conditions
        self._resources = resources
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::Base64": lambda text: base64.b64encode(self.resolve(text).encode()).decode(),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": lambda parts: self.resolve(parts[1]).split(parts[0]),
            "Fn::Sub": self._sub,
            "Fn::ToJsonString": lambda value: json.dumps(self.resolve(value)),
        }

    def resolve(self, node: Any) -> Any:
        """`node` with every function replaced by its value.

        Raises:
            ValidationError: a function is used in a way that CloudFormation refuses.
        """
        if isinstance(node, list):
            items = [each if isinstance(each, str) else self.resolve(each) for each in node]
            return [item for item in items if item is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in self._functions:
                return self._functions[name](argument)
        return {
            name: value
            for name, member in node.items()
            if (value := member if isinstance(member, str) else self.resolve(member)) is not _ABSENT
        }

    def condition(self, name: str) -> bool:
        """The value of the template's condition `name`."""
        if name not in self._conditions:
            raise ValidationError(message=f"Template error: unresolved condition dependency {name}")
        return self.evaluate(self._conditions[name])

    def evaluate(self, node: Any) -> bool:
        """The value of a condition expression, or of a rule's assertion."""
        ((name, argument),) = node.items()
        if name == "Condition":
            return self.condition(argument)
        if name == "Fn::Equals":
            left, right = (_text(self.resolve(side)) for side in argument)
            return bool(left == right)
        if name == "Fn::Contains":
            members, member = self.resolve(argument[0]), self.resolve(argument[1])
            return member in members
        if name == "Fn::Not":
            return not self.evaluate(argument[0])
        values = [self.evaluate(each) for each in argument]
        return all(values) if name == "Fn::And" else any(values)

    def _ref(self, name: str) -> Any:
        if name in self._values:
            value = self._values[name]
            return _ABSENT if value is None else value
        return self._resource(name).physical_resource_id

    def _get_att(self, argument: str | list[str]) -> Any:
        logical_id, attribute = (
            argument.split(".", 1) if isinstance(argument, str) else (argument[0], argument[1])
        )
        return self._resource(logical_id).get_cfn_attribute(attribute)

    def _resource(self, logical_id: str) -> Resource:
        if logical_id not in self._resources:
            raise ValidationError(
                message=f"Template format error: Unresolved resource dependencies [{logical_id}]"
                " in the Resources block of the template"
            )
        return self._resources[logical_id]

    def _find_in_map(self, path: list[Any]) -> Any:
        found: Any = self._mappings
        keys = [self.resolve(key) for key in path]
        for key in keys:
            if not isinstance(found, dict) or key not in found:
                raise ValidationError(
                    message=f"Template error: Unable to get mapping for {'::'.join(keys)}"
                )
            found = found[key]
        return found

    def _if(self, argument: list[Any]) -> Any:
        name, when_true, when_false = argument
        return self.resolve(when_true if self.condition(name) else when_false)

    def _join(self, argument: list[Any]) -> str:
        separator, items = argument
        return str(separator).join(_text(item) for item in self.resolve(items))

    def _select(self, argument: list[Any]) -> Any:
        index, items = int(self.resolve(argument[0])), self.resolve(argument[1])
        if index >= len(items):
            raise ValidationError(
                message=f"Template error: Fn::Select has no value at index {index} to select"
            )
        return items[index]

    def _sub(self, argument: str | list[Any]) -> str:
        template, variables = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                return _text(self.resolve(variables[name]))
            return _text(self._get_att(name) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(value, template)


class Uses:
    """What a part of a template uses, found by going through it once."""

    def __init__(self, *nodes: Any) -> None:
        self.references: set[str] = set()
        """Names that Ref, Fn::GetAtt and Fn::Sub refer to: parameters and resources."""
        self.attributes: list[tuple[str, str]] = []
        """Resources and attributes that Fn::GetAtt asks for."""
        self.functions: list[str] = []
        """Names of functions, as they come."""
        for node in nodes:
            self._find(node)

    def _find(self, node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                self._find(item)
        elif isinstance(node, dict):
            for name, argument in node.items():
                if name.startswith("Fn::"):
                    self.functions.append(name)
                if name == "Fn::GetAtt":
                    self._find_attribute(argument)
                elif name == "Fn::Sub":
                    self._find_placeholders(argument)
                elif not isinstance(argument, str):
                    self._find(argument)
                elif name == "Ref":
                    self.references.add(argument)

    def _find_attribute(self, argument: str | list[Any]) -> None:
        if isinstance(argument, str):
            logical_id, _, attribute = argument.partition(".")
        else:
            logical_id, attribute = argument[0], argument[1]
            self.functions += Uses(argument).functions
        self.references.add(logical_id)
        self.attributes.append((logical_id, attribute))

    def _find_placeholders(self, argument: str | list[Any]) -> None:
        template, variables = (argument, {}) if isinstance(argument, str) else argument
        names = {each for literal, each in _PLACEHOLDER.findall(template) if not literal}
        self.references |= {each.split(".", 1)[0] for each in names - variables.keys()}
        self._find(variables)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
