"""The resources of one stack: made in dependency order, all or nothing.

moto creates a resource when something first refers to it, leaves a failed stack half made, and
updates by a diff of template texts. Here it is the user guide's order and its update behaviours.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.utilities.utils import get_partition

from embedded.cloudformation.intrinsics import Resolver
from embedded.cloudformation.resource import Place, Refused, Resource
from embedded.cloudformation.resources import kind_of
from embedded.cloudformation.template import Template, check, creation_order, unknown_properties

Report = Callable[..., None]
"""`report(resource, status, reason=None)` hears of every step."""

_log = logging.getLogger(__name__)


class ResourceFailed(Exception):
    """A resource could not be created or updated; `undo` takes back what was done before it."""

    def __init__(self, logical_id: str, reason: str, undo: list[Callable[[], object]]) -> None:
        super().__init__(f"{logical_id}: {reason}")
        self.logical_id = logical_id
        self.undo = undo


class Resources(parsing.ResourceMap):
    """The resources of one stack, by logical id; only those that exist."""

    _template: Template
    _resource_json_map: dict[str, Any]
    input_parameters: dict[str, Any]
    resolved_parameters: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.made: dict[str, Resource] = {}
        self.imports_existing = False
        """Whether resources that exist under the names of the template are imported."""
        self.role_arn: str | None = None
        """The stack's."""
        self.resolver: Resolver
        self._checked: tuple[Template, list[str]] | None = None
        """The last template that was checked, and its order: a new stack's comes twice."""
        super().__init__(*args, **kwargs)

    def __getitem__(self, logical_id: str) -> Resource:
        return self.made[logical_id]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.made))

    def __len__(self) -> int:
        return len(self.made)

    def load(self) -> None:
        """Check the template and resolve its parameters; makes nothing."""
        if self._template:
            self._adopt(self._template, self.input_parameters)

    def prepare(
        self, template: Template, parameters: dict[str, Any]
    ) -> Callable[[Report], Callable[[], None]]:
        """What makes the resources into what `template` says; ValidationError refuses that.

        What is returned creates, updates and replaces, raises ResourceFailed where one resource
        cannot be made so, and returns what then removes those that are left over.
        """
        state = self._state()
        order = self._adopt(template, parameters)
        return partial(self._apply, template, order, state)

    def _apply(
        self, template: Template, order: list[str], state: tuple[Any, ...], report: Report
    ) -> Callable[[], None]:
        before = dict(self.made)
        undo: list[Callable[[], object]] = [partial(self._restore, state, dict(self.made))]
        replaced: list[Resource] = []
        for logical_id in order:
            definition = template["Resources"][logical_id]
            if "Condition" in definition and not self.resolver.condition(definition["Condition"]):
                continue
            old = before.pop(logical_id, None)
            if self._settle(logical_id, definition, old, undo, report) and old:
                replaced.append(old)
        for resource in replaced:
            resource.deletion_policy = resource.update_replace_policy
        # What is left in `before` is no longer in the template, or its condition is false now.
        removed = [self.made.pop(logical_id) for logical_id in reversed(before)]
        for logical_id, resource in self.made.items():
            definition = template["Resources"][logical_id]
            resource.deletion_policy = definition.get("DeletionPolicy", "Delete")
            resource.update_replace_policy = definition.get("UpdateReplacePolicy", "Delete")

        def clean_up() -> None:
            for resource in [*replaced, *removed]:
                remove(resource, report)

        return clean_up

    def delete_all(self, report: Report) -> list[str]:
        """Remove everything, last made first; returns the logical ids of what could not be."""
        for logical_id, resource in reversed(list(self.made.items())):
            if remove(resource, report):
                del self.made[logical_id]
        return list(self.made)

    def parse_ssm_parameter(self, value: str, value_type: str) -> Any:
        """The value of an SSM parameter that the template's parameter names."""
        try:
            return super().parse_ssm_parameter(value, value_type)
        except AttributeError:  # moto found none and did not look
            raise ValidationError(
                message=f"Unable to fetch parameters [{value}] from parameter store"
                " for this account."
            ) from None

    def _settle(
        self,
        logical_id: str,
        definition: dict[str, Any],
        old: Resource | None,
        undo: list[Callable[[], object]],
        report: Report,
    ) -> bool:
        """Make one resource what its definition says; whether that took a new one."""
        kind = kind_of(definition["Type"])
        assert kind is not None, "the template was checked"
        replaces = False
        resource = old or kind(logical_id=logical_id, properties={}, place=self._place())
        try:
            properties = self.resolver.resolve(definition.get("Properties", {}))
            if unknown := unknown_properties(kind, properties):
                raise ValidationError(message=f"properties not understood: {', '.join(unknown)}")  # noqa: TRY301
            replaces = old is None or type(old) is not kind or old.needs_replacement(properties)
            if replaces:
                resource = kind(logical_id=logical_id, properties=properties, place=self._place())
                resource.deletion_policy = definition.get("DeletionPolicy", "Delete")
                if self._imports(definition) and resource.adopt():
                    self.made[logical_id] = resource
                    report(resource, "IMPORT_COMPLETE")
                    return replaces
                report(resource, "CREATE_IN_PROGRESS")
                resource.create()
                self.made[logical_id] = resource
                undo.append(partial(_take_back, resource, report))
                report(resource, "CREATE_COMPLETE")
            elif resource.properties != properties:
                report(resource, "UPDATE_IN_PROGRESS")
                back = partial(resource.change, resource.properties)
                if kind.is_deleted_unmade:
                    undo.append(back)
                    resource.change(properties)
                else:
                    resource.change(properties)
                    undo.append(back)
                report(resource, "UPDATE_COMPLETE")
        except Exception as error:  # whatever a service says no with is this resource's failure
            reason = reason_of(error)
            _log.debug("resource %s failed", logical_id, exc_info=True)
            report(resource, "UPDATE_FAILED" if old else "CREATE_FAILED", reason)
            if replaces and kind.is_deleted_unmade and resource.physical_resource_id:
                undo.append(partial(_take_back, resource, report))
            raise ResourceFailed(logical_id, reason, undo) from error
        return replaces

    def _imports(self, definition: dict[str, Any]) -> bool:
        """Whether what exists is imported: only what then is not deleted with the stack."""
        return self.imports_existing and definition.get("DeletionPolicy", "Delete") != "Delete"

    def _place(self) -> Place:
        return Place(
            account_id=self._account_id,
            region=self._region_name,
            partition=get_partition(self._region_name),
            stack_name=str(self._parsed_resources["AWS::StackName"]),
            stack_id=str(self._parsed_resources["AWS::StackId"]),
            role_arn=self.role_arn,
        )

    def _state(self) -> tuple[Any, ...]:
        resolver = getattr(self, "resolver", None)  # before its first template it has none
        return self._template, self.input_parameters, self.resolved_parameters, resolver

    def _restore(self, state: tuple[Any, ...], made: dict[str, Resource]) -> None:
        self._template, self.input_parameters, self.resolved_parameters, self.resolver = state
        self._resource_json_map = self._template.get("Resources", {})
        made = dict(made)
        self.made.clear()  # in place: the resolver looks into it
        self.made.update(made)

    def _adopt(self, template: Template, parameters: dict[str, Any]) -> list[str]:
        """Take over a template and its parameters; returns the order to make its resources in.

        Raises:
            ValidationError: nothing is taken over.
        """
        if self._checked is None or self._checked[0] is not template:
            self._checked = template, creation_order(template, check(template))
        order = self._checked[1]
        state = self._state()
        try:
            self._resolve(template, parameters)
        except ValidationError:
            self._restore(state, self.made)
            raise
        return order

    def _resolve(self, template: Template, parameters: dict[str, Any]) -> None:
        slots = template.get("Parameters", {})
        if unknown := sorted(parameters.keys() - slots.keys()):
            raise ValidationError(
                message=f"Parameters: [{', '.join(unknown)}] do not exist in the template"
            )
        self._template, self.input_parameters = template, parameters
        self._resource_json_map = template["Resources"]
        self.resolved_parameters = {}
        self.load_parameters()
        for name, slot in slots.items():
            value = self.resolved_parameters[name]
            if isinstance(value, str) and "List" in slot["Type"]:
                self.resolved_parameters[name] = [each.strip() for each in value.split(",")]
            _check_parameter(name, slot, value)
        pseudo = {k: v for k, v in self._parsed_resources.items() if k.startswith("AWS::")}
        conditions = template.get("Conditions", {})
        self.resolver = Resolver(
            values=pseudo | {"AWS::NotificationARNs": []} | self.resolved_parameters,
            mappings=template.get("Mappings", {}),
            conditions=conditions,
            resources=self.made,
        )
        for name in conditions:  # they refer to parameters only: what is wrong shows at once
            self.resolver.condition(name)
        self._check_rules(template.get("Rules", {}))

    def _check_rules(self, rules: dict[str, Any]) -> None:
        for rule in rules.values():
            if "RuleCondition" in rule and not self.resolver.evaluate(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.resolver.evaluate(assertion["Assert"]):
                    raise ValidationError(
                        message="Template validation error: "
                        + assertion.get("AssertDescription", "a rule's assertion is false")
                    )


def remove(resource: Resource, report: Report, *, never_complete: bool = False) -> bool:
    """Delete a resource as its deletion policy says; False when the service refuses.

    `never_complete` is the rollback of a creation, after which RetainExceptOnCreate keeps nothing.
    """
    kept = {"Retain"} if never_complete else {"Retain", "RetainExceptOnCreate"}
    if resource.deletion_policy in kept:
        report(resource, "DELETE_SKIPPED")
        return True
    report(resource, "DELETE_IN_PROGRESS")
    try:
        resource.delete()
    except Exception as error:  # the service's refusal, whatever its type
        report(resource, "DELETE_FAILED", reason_of(error))
        return False
    report(resource, "DELETE_COMPLETE")
    return True


def _take_back(resource: Resource, report: Report) -> None:
    if not remove(resource, report, never_complete=True):
        raise ResourceFailed(resource.logical_resource_id, resource.status_reason or "", [])


def reason_of(error: Exception) -> str:
    """A failure as CloudFormation words it: the service's message and code."""
    if isinstance(error, Refused):
        return str(error)
    message = getattr(error, "message", None) or getattr(error, "description", None) or str(error)
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        code = getattr(error, "error_type", None) or type(error).__name__
    return f'Resource handler returned message: "{message}" (HandlerErrorCode: {code})'


def _check_parameter(name: str, slot: dict[str, Any], value: Any) -> None:
    allowed, pattern = slot.get("AllowedValues"), slot.get("AllowedPattern")
    if allowed is not None and str(value) not in [str(each) for each in allowed]:
        raise ValidationError(message=f"Parameter {name} failed to satisfy constraint: {allowed}")
    least, most = int(slot.get("MinLength", 0)), slot.get("MaxLength")
    if isinstance(value, str) and not least <= len(value) <= int(most or len(value)):
        raise ValidationError(
            message=slot.get(
                "ConstraintDescription",
                f"Parameter {name} failed to satisfy constraint: must have {least} to {most}"
                " characters",
            )
        )
    if pattern is not None and not re.fullmatch(pattern, str(value)):
        raise ValidationError(
            message=slot.get(
                "ConstraintDescription",
                f"Parameter {name} failed to satisfy constraint: must match pattern {pattern}",
            )
        )
