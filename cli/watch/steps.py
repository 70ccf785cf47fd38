"""A state machine's definition as the list of steps that a person follows.

A step is a Task on a way to success. Waits belong to the task they lead to; choices, passes and
ends are not steps. The steps stand in the definition's own order, which is the order it is read in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Region:
    """States that lead to each other: the machine's top level, or a branch of a Parallel or Map."""

    start: str
    states: dict[str, dict[str, Any]]
    parent: str | None
    """The Parallel or Map state this region is a branch of; None for the top level."""
    above: Region | None = field(default=None, repr=False)

    @cached_property
    def succeeding(self) -> frozenset[str]:
        """The states from which success can still be reached."""
        found = {
            name
            for name, state in self.states.items()
            if state.get("End") or state.get("Type") == "Succeed"
        }
        while more := {
            name for name in self.states if name not in found and found & set(self._next(name))
        }:
            found |= more
        return frozenset(found)

    def reachable(self, name: str) -> frozenset[str]:
        """The states that may still come after `name`, itself included, without an error."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            state = waiting.pop()
            if state in self.states and state not in found:
                found.add(state)
                waiting.extend(self._next(state))
        return frozenset(found)

    def _next(self, name: str) -> list[str]:
        state = self.states[name]
        targets = [state.get("Next"), state.get("Default")]
        targets += [choice.get("Next") for choice in state.get("Choices", [])]
        return [target for target in targets if isinstance(target, str)]


class Plan:
    """The steps of one state machine, and what is needed to know which of them will not run.

    Args:
        definition: the state machine's definition, JSON text.
    """

    def __init__(self, definition: str) -> None:
        self.region_of: dict[str, Region] = {}
        self.order: list[str] = []
        """Every Task in the definition's order, those on the way to failure included."""
        self._read(json.loads(definition), parent=None, above=None)
        self.steps = tuple(name for name in self.order if self._is_step(name))

    def step_of(self, state: str) -> str | None:
        """The step that `state` belongs to: a Task's own, a Wait's next; None for other states.

        A Wait that a choice follows belongs to the Task that leads to it, if one does.
        """
        return self._task_after(state) or self._task_before(state)

    def is_after(self, state: str) -> bool:
        """Whether `state` is a Wait that goes on with the Task before it."""
        return self._task_after(state) is None and self._task_before(state) is not None

    def _task_before(self, wait: str) -> str | None:
        region = self.region_of.get(wait)
        if region is None or region.states[wait].get("Type") != "Wait":
            return None
        tasks = (name for name, state in region.states.items() if state.get("Type") == "Task")
        return next((name for name in tasks if region.states[name].get("Next") == wait), None)

    def _task_after(self, state: str) -> str | None:
        region = self.region_of.get(state)
        seen: set[str] = set()
        while region is not None and state in region.states and state not in seen:
            seen.add(state)
            kind = region.states[state].get("Type")
            if kind == "Task":
                return state
            if kind not in {"Wait", "Pass"}:
                return None
            state = region.states[state].get("Next", "")
        return None

    def waits_for_answer(self, step: str) -> bool:
        """Whether the step waits for somebody outside, so that its time-out is no failure."""
        resource = self.region_of[step].states[step].get("Resource", "")
        return str(resource).endswith(".waitForTaskToken")

    def is_failing(self, state: str) -> bool:
        """Whether `state` can only lead to a failed execution."""
        region = self.region_of.get(state)
        return region is not None and state not in region.succeeding

    def may_come(self, step: str, last: dict[int, str]) -> bool:
        """Whether `step` can still be entered.

        Args:
            step: a step that was not entered so far.
            last: the state entered last in each region, by the region's identity.
        """
        region = self.region_of[step]
        if id(region) in last:
            return step in region.reachable(last[id(region)])
        if region.parent is None or region.above is None:
            return True
        within, entered = region.above, last.get(id(region.above))
        if entered == region.parent:
            return True
        if entered is None:
            return self.may_come(region.parent, last)
        return region.parent in within.reachable(entered)

    def _read(self, part: dict[str, Any], *, parent: str | None, above: Region | None) -> None:
        region = Region(start=part["StartAt"], states=part["States"], parent=parent, above=above)
        for name, state in region.states.items():
            self.region_of[name] = region
            if state.get("Type") == "Task":
                self.order.append(name)
            inner = [*state.get("Branches", []), state.get("ItemProcessor"), state.get("Iterator")]
            for branch in inner:
                if branch:
                    self._read(branch, parent=name, above=region)

    def _is_step(self, name: str) -> bool:
        region: Region | None = self.region_of[name]
        while region is not None:
            if name not in region.succeeding or name not in region.reachable(region.start):
                return False
            if region.parent is None:
                return True
            name, region = region.parent, region.above
        return False
