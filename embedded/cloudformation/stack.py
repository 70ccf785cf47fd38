"""Stacks with events and statuses of their own resources, rolled back when something fails.

moto reports every resource with the stack's status, and a stack that failed as in progress. Here
they are those of the user guide's "Stack status codes".
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import Export
from moto.core.utils import utcnow

from embedded.cloudformation.intrinsics import Resolver
from embedded.cloudformation.resource import Resource
from embedded.cloudformation.resources import kind_of
from embedded.cloudformation.stack_resources import ResourceFailed, Resources, reason_of
from embedded.cloudformation.template_text import parse
from embedded.core.bounded import Log

_COMPLETE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


class StackEvents(Log[models.Event]):
    """The latest events of a stack."""

    MOST = 10_000
    """Dozens of updates of a stack of a hundred resources; AWS shows those of the last 90 days."""


class Stack(models.Stack):
    """A stack over `Resources`, rolled back when it cannot be made or updated."""

    events: list[models.Event]
    resource_map: Resources
    template: str
    template_dict: dict[str, Any]
    parameters: dict[str, Any]
    tags: dict[str, str]
    role_arn: str | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.stack_status_reason: str | None = None
        self.last_updated_time: Any = None
        self._reported: tuple[Any, str] = {}, "{}"
        """Properties last reported, and their text: what is made is reported begun and done."""
        super().__init__(*args, **kwargs)
        self.events = StackEvents(self.events)

    @staticmethod
    def parse_template(template: str) -> dict[str, Any]:
        """The template that the text is, JSON or YAML."""
        return parse(template)

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """Outputs as DescribeStacks lists them; none before the stack is complete."""
        if self.status not in _COMPLETE:
            return []
        resolver, outputs = self.resource_map.resolver, self.template_dict.get("Outputs") or {}
        return [
            {
                "OutputKey": name,
                "OutputValue": str(resolver.resolve(output["Value"])),
                "Description": output.get("Description"),
                "ExportName": _export_name(resolver, output),
            }
            for name, output in outputs.items()
            if "Condition" not in output or resolver.condition(output["Condition"])
        ]

    @property
    def exports(self) -> list[Export]:
        """Outputs that other stacks may import, as ListExports lists them."""
        return [
            Export(self.stack_id, each["ExportName"], each["OutputValue"])
            for each in self.outputs
            if each["ExportName"] is not None
        ]

    def create_resources(self) -> None:
        """Make every resource; ends CREATE_COMPLETE or ROLLBACK_COMPLETE."""
        self.status = "CREATE_IN_PROGRESS"
        self.description = self.template_dict.get("Description")
        self.resource_map.role_arn = self.role_arn
        apply = self.resource_map.prepare(self.template_dict, self.parameters)

        def create() -> None:
            try:
                apply(self.report)
            except ResourceFailed as failure:
                self._roll_back(failure, "ROLLBACK", "create")
                return
            self._become("CREATE_COMPLETE")

        self._run(create)

    def update(
        self,
        template: str,
        role_arn: str | None = None,
        parameters: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        """Change the stack to `template`; ends UPDATE_COMPLETE or UPDATE_ROLLBACK_COMPLETE.

        Raises:
            ValidationError: nothing would change, the template is refused, or the stack is busy.
        """
        self._refuse_busy("updated")
        parsed, parameters = self.parse_template(template), parameters or {}
        if (parsed, parameters, tags or self.tags) == (
            self.template_dict,
            self.parameters,
            self.tags,
        ):
            raise ValidationError(message="No updates are to be performed.")
        former = (self.template, self.template_dict, self.parameters)
        status, self.status = self.status, "UPDATE_IN_PROGRESS"
        self.last_updated_time = utcnow()
        self._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
        self.template, self.template_dict, self.parameters = template, parsed, parameters
        self.resource_map.role_arn = role_arn or self.role_arn
        try:
            apply = self.resource_map.prepare(parsed, parameters)
        except ValidationError:
            self.template, self.template_dict, self.parameters = former
            self.status = status
            raise

        def change() -> None:
            try:
                clean_up = apply(self.report)
            except ResourceFailed as failure:
                self.template, self.template_dict, self.parameters = former
                self._roll_back(failure, "UPDATE_ROLLBACK", "update")
                return
            self.role_arn = role_arn or self.role_arn
            self.tags = tags or self.tags
            self.description = parsed.get("Description")
            self._become("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            clean_up()
            self._become("UPDATE_COMPLETE")

        self._run(change)

    def delete(self, gone: Callable[[], None] = lambda: None) -> None:
        """Remove the resources; ends DELETE_FAILED, or calls `gone` and ends DELETE_COMPLETE."""
        self._refuse_busy("deleted")
        self.status = "DELETE_IN_PROGRESS"
        self._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")

        def remove() -> None:
            left = self.resource_map.delete_all(self.report)
            if left:
                reason = f"The following resource(s) failed to delete: [{', '.join(left)}]. "
                self._become("DELETE_FAILED", reason)
            else:
                gone()
                self._become("DELETE_COMPLETE")

        self._run(remove)

    def _run(self, work: Callable[[], None]) -> None:
        """Do it, in the background where custom resources take their time, as all does on AWS."""
        made = {each.type for each in self.resource_map.made.values()}
        asked = {each["Type"] for each in self.template_dict["Resources"].values()}
        if not any(kind.is_free_form for kind in map(kind_of, made | asked) if kind):
            work()
            return
        threading.Thread(
            target=contextvars.copy_context().run, args=(work,), name="stack", daemon=True
        ).start()

    def _refuse_busy(self, done: str) -> None:
        if self.status.endswith("_IN_PROGRESS"):
            raise ValidationError(
                message=f"Stack:{self.stack_id} is in {self.status} state and can not be {done}."
            )

    def report(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """Record a resource's new status as a stack event."""
        resource.status, resource.status_reason, resource.timestamp = status, reason, utcnow()
        event = models.Event(
            stack_id=self.stack_id,
            stack_name=self.name,
            logical_resource_id=resource.logical_resource_id,
            physical_resource_id=resource.physical_resource_id,
            resource_type=resource.type,
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=self._text_of(resource.properties),
        )
        if self.notification_arns:
            event.sendToSns(self.account_id, self.region_name, self.notification_arns)
        self.events.append(event)

    def _text_of(self, properties: Any) -> str:
        if properties is not self._reported[0]:
            self._reported = properties, json.dumps(properties, default=str)
        return self._reported[1]

    def _roll_back(self, failure: ResourceFailed, kind: str, verb: str) -> None:
        reason = f"The following resource(s) failed to {verb}: [{failure.logical_id}]. "
        self.status = f"{kind}_IN_PROGRESS"
        self._add_stack_event(self.status, resource_status_reason=reason)
        failed = []
        for step in reversed(failure.undo):
            try:
                step()
            except Exception as error:  # one that cannot be taken back must not keep the others
                failed.append(reason_of(error))
        self._become(f"{kind}_FAILED" if failed else f"{kind}_COMPLETE", reason + " ".join(failed))

    def _become(self, status: str, reason: str | None = None) -> None:
        self.status, self.stack_status_reason = status, reason
        self._add_stack_event(status, resource_status_reason=reason)


def _export_name(resolver: Resolver, output: dict[str, Any]) -> str | None:
    return str(resolver.resolve(output["Export"]["Name"])) if "Export" in output else None
