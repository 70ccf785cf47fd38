"""The fault file: what goes wrong on the embedded AWS, on which call."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import yaml

from embedded.core.fault_rules import CreationFault, EventFault, Rule, parse_rules
from embedded.core.frozen import frozen
from embedded.core.service_models import client_name

__all__ = ["CallFault", "CreationFault", "EventFault", "Faults", "FaultsInvalid"]


class FaultsInvalid(ValueError):
    """A fault file that cannot be followed; `problems` has one line for each mistake in it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@frozen
class CallFault:
    """What happens to one call: it fails with `error` and `reason`, or its answer is `lost`."""

    error: str | None = None
    reason: str | None = None
    lost: bool = False


class Faults:
    """The faults of a run. Every rule counts the calls that it names, from 1, over the run.

    A call counts for all rules that name it; where several want the same call, the first in the
    file has it. Safe to use from several threads.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = threading.Lock()
        self._set(rules)

    @classmethod
    def none(cls) -> Faults:
        """Nothing goes wrong."""
        return cls()

    @classmethod
    def parse(cls, content: Any, *, functions: Collection[str] | None = None) -> Faults:
        """From the list that a fault file holds; FaultsInvalid lists every problem.

        With `functions`, the construct ids of the functions there are, a rule for any other is a
        problem.
        """
        return cls(_parsed(content, functions))

    @classmethod
    def load(cls, path: Path | str, *, functions: Collection[str] | None = None) -> Faults:
        """From a JSON or YAML file; FaultsInvalid also when it cannot be read."""
        path = Path(path)
        try:
            return cls.parse(_read(path), functions=functions)
        except FaultsInvalid as invalid:
            raise FaultsInvalid(f"{path}: {problem}" for problem in invalid.problems) from invalid

    def replace(self, content: Any, *, functions: Collection[str] | None = None) -> None:
        """Follow these rules from now on, counting from 1 again.

        With FaultsInvalid, which lists every problem, the old rules stay.
        """
        rules = _parsed(content, functions)
        with self._lock:
            self._set(rules)

    def _set(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._counts = [0] * len(self._rules)

    def for_call(self, service: str, operation: str) -> CallFault | None:
        """Count one call of an API operation; the fault that hits it, if any."""
        rule = self._count("call", (client_name(service), operation))
        if rule is None:
            return None
        return CallFault(error=rule.error, reason=rule.reason, lost=rule.lost)

    def for_invocation(self, function_name: str) -> bool:
        """Count one invocation of a function, by construct id; whether its process dies."""
        return self._count("function", (function_name,)) is not None

    def for_creation(self) -> CreationFault | None:
        """Count one accepted CreateAccount; how its asynchronous part goes, if not as usual."""
        rule = self._count("creation", ())
        return rule.creation if rule else None

    def for_event(self, *names: object) -> EventFault:
        """How an event of these names is delivered: its detail-type, CloudTrail's eventName."""
        with self._lock:
            rules = (r for r in self._rules if r.kind == "event" and r.names[0] in names)
            return next((rule.event for rule in rules if rule.event), EventFault())

    def _count(self, kind: str, names: tuple[str, ...]) -> Rule | None:
        hit = None
        with self._lock:
            for index, rule in enumerate(self._rules):
                if rule.kind != kind or rule.names != names:
                    continue
                self._counts[index] += 1
                if hit is None and rule.hits(self._counts[index]):
                    hit = rule
        return hit


def _read(path: Path) -> Any:
    """What the file holds; JSON unless its name says YAML, because JSON's messages are better."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        is_yaml = path.suffix.lower() in {".yaml", ".yml"}
        return yaml.safe_load(text) if is_yaml else json.loads(text)
    except OSError as problem:
        raise FaultsInvalid([problem.strerror or str(problem)]) from problem
    except UnicodeDecodeError as problem:
        raise FaultsInvalid(["is not UTF-8 text"]) from problem
    except RecursionError:
        raise FaultsInvalid(["is nested too deeply to be a list of faults"]) from None
    # PyYAML lets pass what Python says of values that belie their tags.
    except (ArithmeticError, LookupError, ValueError, yaml.YAMLError) as problem:
        raise FaultsInvalid([str(problem)]) from problem


def _parsed(content: Any, functions: Collection[str] | None) -> tuple[Rule, ...]:
    rules, problems = parse_rules(content, functions)
    if problems:
        raise FaultsInvalid(problems)
    return rules
