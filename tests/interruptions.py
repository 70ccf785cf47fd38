"""What happens in the middle: an execution stopped, or a new version deployed, at a given state."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from embedded import stepfunctions
from embedded.core.context import current
from embedded.lambda_runtime.functions import EmbeddedFunction
from embedded.stepfunctions.environment import History

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

STACK = "AccountVending"


@contextmanager
def when_entered(state: str, act: Callable[[Any], object]) -> Iterator[threading.Event]:
    """Run `act(execution)` the first time that an execution enters the state; set when it was."""
    usual = History.add_event
    happened, lock = threading.Event(), threading.Lock()

    def add_event(
        self: Any, context: Any, event_type: Any, event_details: Any = None, **how: Any
    ) -> int:
        number = usual(self, context, event_type, event_details, **how)
        entered = (event_details or {}).get("stateEnteredEventDetails", {}).get("name")
        if entered == state:
            with lock:
                first = not happened.is_set()
                happened.set()
            if first:
                act(_execution_of(self))
        return number

    History.add_event = add_event  # type: ignore[method-assign]
    try:
        yield happened
    finally:
        History.add_event = usual  # type: ignore[method-assign]


def stop(execution: Any, error: str | None = None, cause: str | None = None) -> None:
    """Abort it at once, from whatever thread, without waiting for its end."""
    execution.stop(stop_date=current().clock.datetime(), error=error, cause=cause)


def stop_all() -> None:
    """Abort every execution that runs, while what its tasks do goes on."""
    for execution in executions():
        if execution.status == "RUNNING":
            stop(execution)


def executions() -> list[Any]:
    """Every execution that Step Functions has."""
    backends = [backend for _, _, backend in list(stepfunctions.backends.iter_backends())]
    found = []
    for backend in backends:
        with backend._lock:  # an execution is known a moment before it can be stopped
            found += list(backend._executions.values())
    return found


def await_end(arn: str, patience: float) -> bool:
    """Wait for the execution's end, at most `patience` real seconds; whether it came."""
    (execution,) = (each for each in executions() if each.exec_arn == arn)
    return bool(execution.ended.wait(patience))


def kill(function: str, aws: EmbeddedAws) -> None:
    """Let every process of the function, by construct id, die at this moment."""
    runtime = EmbeddedFunction.runtime
    assert runtime is not None
    for arn, pool in list(runtime._pools.items()):
        if f"-{function}" in arn:
            for environment in list(pool._all):
                environment._process.kill()


def deploy_new_version(aws: EmbeddedAws) -> None:
    """Update the stack in place: every function and the state machine change."""
    template = _template(aws)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function":
            properties["Environment"]["Variables"]["VERSION_OF_TEST"] = "2"
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            definition = json.loads(properties["DefinitionString"])
            definition["Comment"] += " Version 2."
            properties["DefinitionString"] = json.dumps(definition)
    _update(aws, template)


def deploy_old_version(aws: EmbeddedAws) -> None:
    """Back to what is built."""
    _update(aws, _template(aws))


def _template(aws: EmbeddedAws) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((aws._assembly / f"{STACK}.template.json").read_text())
    return content


def _update(aws: EmbeddedAws, template: dict[str, Any]) -> None:
    aws.client("cloudformation").update_stack(
        StackName=STACK,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )


def _execution_of(history: Any) -> Any:
    for execution in executions():
        if execution.exec_worker.env.event_manager is history:
            return execution
    raise AssertionError("a history without an execution")
