"""A state machine's definition followed without running it: which Tasks come, and with what.

Transitions, branches and expressions are the definition's own. What a Task answers comes from who
follows it; retries, catches, time-outs and waits are passed over, as is what only a failure leads
to. What an answer that is missing would have decided is left out: a Task that needs it is not come
to, a condition that asks for it does not hold. Nothing else is left out in silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.dry_run.cannot_plan import CannotPlan
from cli.watch.definitions import Definition
from embedded.jsonata.evaluator import UNDEFINED, QueryFailed, evaluate, parse
from statemachines.definitions import operation_of

State = Mapping[str, Any]
Scope = dict[str, Any]
"""Variables by name; `states` is the data of the state."""

_CONTEXT = {"Execution": {"Id": "arn:aws:states:us-east-1:000000000000:execution:plan:plan"}}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A Task that is come to. `payload` evaluates what its function gets, or raises Unknown."""

    state: str
    operation: str
    payload: Callable[[], Any]


class Unknown(Exception):
    """Raised where something follows from an answer that is missing; the walk takes it up."""


class WalkEnded(Exception):
    """Raised by who answers: nothing of what follows would come."""


class Walk:
    """One way through a definition.

    Args:
        definition: the state machine's.
        answer: what a Task's function returns; UNDEFINED where it would be refused.
    """

    def __init__(self, definition: Definition, answer: Callable[[Task], Any]) -> None:
        self._definition = definition
        self._answer = answer
        self._is_all_known = True
        """Whether no answer is missing so far."""

    def of(self, document: Any) -> None:
        """Go the way of an execution with this input.

        Raises:
            CannotPlan: a state is none that can be followed, or is not as AWS wants it.
        """
        execution = {**_CONTEXT["Execution"], "Input": document}
        context = {"Execution": execution, "Task": {"Token": "plan"}}
        try:
            self._region(self._definition, {}, {"input": document, "context": context})
        except WalkEnded:
            return

    def _region(self, region: Definition, variables: Scope, data: Mapping[str, Any]) -> Any:
        """The output of the states from StartAt to an end; variables set here stay in here."""
        variables, data = dict(variables), dict(data)
        name, seen = region["StartAt"], set[str]()
        while name is not None:
            if name in seen:
                self.missing(name, "definition", "loops back to it without end")
                return UNDEFINED
            seen.add(name)
            name = _Step(self, name, region["States"][name], variables, data).leave()
        return data.get("input", UNDEFINED)

    def inner(self, region: Definition, variables: Scope, data: Mapping[str, Any]) -> Any:
        """What a branch or an item comes to, in JSON: null where that is not known."""
        output = self._region(region, variables, data)
        return None if output is UNDEFINED else output

    def answer(self, task: Task) -> Any:
        """What a Task's function returns."""
        answer = self._answer(task)
        if answer is UNDEFINED:
            self._is_all_known = False
        return answer

    def missing(self, state: str, field: str, why: str) -> None:
        """CannotPlan unless an answer is missing already, from which that follows."""
        if self._is_all_known:
            raise CannotPlan(state, f"its {field} {why}")


class _Step:
    """One state that is come to.

    Args:
        walk: the way so far.
        name, state: which it is.
        variables: those that are set, by name; written to on leaving.
        data: {input, context}; the output becomes the input on leaving.
    """

    def __init__(
        self, walk: Walk, name: str, state: State, variables: Scope, data: dict[str, Any]
    ) -> None:
        self._walk, self._name, self._state = walk, name, state
        self._variables, self._data = variables, data
        self._scope: Scope = {**variables, "states": dict(data)}

    def leave(self) -> str | None:
        """Do what the state does; the name of the next, None at an end."""
        chosen = self._state
        match self._state["Type"]:
            case "Task":
                self._result(self._task())
            case "Parallel":
                self._result(self._parallel())
            case "Map":
                self._result(self._map())
            case "Choice":
                chosen = self._chosen()
            case "Pass" | "Succeed" | "Wait":
                pass
            case kind:
                raise CannotPlan(self._name, f"states of type {kind} are not supported")
        self._exit(chosen)
        following: str | None = chosen.get("Next")
        return following

    def _chosen(self) -> State:
        for number, rule in enumerate(self._state["Choices"]):
            field = f"Choices[{number}].Condition"
            value = self._value(rule["Condition"], field)
            if value is True:
                return dict(rule)
            if value is not False:
                self._walk.missing(self._name, field, "is neither true nor false")
        if "Default" not in self._state:
            self._walk.missing(self._name, "Choices", "have none that holds")
        return {**self._state, "Next": self._state.get("Default")}

    def _task(self) -> Any:
        operation = operation_of(self._state)
        if operation is None:
            raise CannotPlan(self._name, "it calls no function of this product")
        try:
            answer = self._walk.answer(
                Task(state=self._name, operation=operation, payload=self._payload)
            )
        except Unknown:
            return UNDEFINED
        waits = str(self._state.get("Resource")).endswith(".waitForTaskToken")
        return answer if waits or answer is UNDEFINED else {"Payload": answer}

    def _payload(self) -> Any:
        template = self._state["Arguments"].get("Payload")
        payload, is_whole = self._filled(template, "Arguments.Payload")
        if not is_whole:
            raise Unknown
        return payload

    def _parallel(self) -> Any:
        data = self._inner_data()
        return [
            self._walk.inner(branch, self._variables, data) for branch in self._state["Branches"]
        ]

    def _map(self) -> Any:
        items = self._value(self._state.get("Items", "{% $states.input %}"), "Items")
        if not isinstance(items, list):
            self._walk.missing(self._name, "Items", "are not an array")
            return UNDEFINED
        results = []
        for index, value in enumerate(items):
            item = value
            context = {**self._data["context"], "Map": {"Item": {"Index": index, "Value": value}}}
            if "ItemSelector" in self._state:
                self._scope["states"] = {**self._data, "context": context}
                item = self._value(self._state["ItemSelector"], "ItemSelector")
            data = _known({"input": item, "context": context})
            results.append(self._walk.inner(self._state["ItemProcessor"], self._variables, data))
        return results

    def _inner_data(self) -> dict[str, Any]:
        if "Arguments" not in self._state:
            return self._data
        chosen = self._value(self._state["Arguments"], "Arguments")
        return _known({**self._data, "input": chosen})

    def _result(self, result: Any) -> None:
        self._scope["states"] = _known({**self._data, "result": result})
        if "Output" not in self._state:
            self._data["input"] = result

    def _exit(self, chosen: State) -> None:
        """Set the variables and the output, both by the values from before."""
        output = self._data.get("input", UNDEFINED)
        if "Output" in chosen:
            output = self._value(chosen["Output"], "Output")
        for name, template in chosen.get("Assign", {}).items():
            value = self._value(template, f"Assign.{name}")
            self._variables.pop(name, None)
            self._variables.update(_known({name: value}))
        self._data.pop("input", None)
        self._data.update(_known({"input": output}))

    def _value(self, template: Any, field: str) -> Any:
        return self._filled(template, field)[0]

    def _filled(self, template: Any, field: str) -> tuple[Any, bool]:
        """The template with its expressions evaluated, and whether none of them is missing."""
        if isinstance(template, dict):
            pairs = {key: self._filled(one, f"{field}.{key}") for key, one in template.items()}
            known = _known({key: value for key, (value, _) in pairs.items()})
            return known, all(is_whole for _, is_whole in pairs.values())
        if isinstance(template, list):
            filled = [self._filled(one, f"{field}[{n}]") for n, one in enumerate(template)]
            values = [value for value, _ in filled if value is not UNDEFINED]
            return values, all(is_whole for _, is_whole in filled)
        if isinstance(template, str) and template.startswith("{%"):
            value = self._evaluated(template[2:-2].strip(), field)
            return value, value is not UNDEFINED
        return template, True

    def _evaluated(self, text: str, field: str) -> Any:
        try:
            expression = parse(text)
            used = {
                name: value for name, value in self._scope.items() if name in expression.variables
            }
            value = evaluate(expression, used, millis=int(time.time() * 1000))
        except QueryFailed as error:
            self._walk.missing(self._name, field, f"fails: {error}")
            return UNDEFINED
        if value is UNDEFINED:
            self._walk.missing(self._name, field, "returns nothing")
        return value


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not UNDEFINED}
