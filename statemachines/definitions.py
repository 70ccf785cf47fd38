"""The definitions of this folder in full: every profile that they name, written out.

In `<machine>.asl.json` a state names its retries and catches, and
`profiles.json` says once what the names stand for:

    "Retry": [{"ErrorEquals": ["${Idempotent}", "${AccessDeniedAfterWrite}"]}]
        the retriers of these profiles, in this order
    "Catch": [{"ErrorEquals": ["${Failure}"], "Next": "RecordFailure"}]
        the catcher of this profile, which goes on at Next
    "{% ${InputSize} > 1024 %}"
        the expression of this name, which may name others

A Task also has what `Task` and, for its resource, `Resource` say, unless it says otherwise. One
that names no function invokes the function of its own name, with what `Payload` says for its
machine beside its own payload. docs/decisions/0014-profiles-by-name.md says why this form.

`make definition` prints what the template carries and the tests run. Knows nothing of the CDK.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from statemachines.rendering import rendered

SOURCES = Path(__file__).parent
PROFILES = "profiles.json"

Json = dict[str, Any]

_ENDING = ".asl.json"
_SECTIONS = ("Retry", "Catch", "Expressions")
_DEFAULTS = ("Resource", "Payload")
_NAME = re.compile(r"\$\{([^{}]*)\}")
_FUNCTION = re.compile(r"\$\{(\w+)FunctionArn\}")
_INVOKE = "arn:aws:states:::lambda:invoke"


class DefinitionError(ValueError):
    """The definitions and their profiles do not fit together; `problems` are all of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n- ".join(["the definitions cannot be written out:", *problems]))
        self.problems = tuple(problems)


def names() -> tuple[str, ...]:
    """The machines that have a definition: `account_vending` and so on."""
    return tuple(_full())


def definition(name: str) -> Json:
    """The full definition; what CloudFormation substitutes is still `${name}`.

    Raises:
        DefinitionError: any of the definitions names what no profile is, or the like.
    """
    content: Json = json.loads(text(name))
    return content


def text(name: str) -> str:
    """The full definition as it is printed and deployed.

    Raises:
        DefinitionError: any of the definitions names what no profile is, or the like.
    """
    return _full()[name]


@functools.cache
def _full() -> dict[str, str]:
    return {name: rendered(full) + "\n" for name, full in read(SOURCES).items()}


def read(folder: Path) -> dict[str, Json]:
    """Every definition of the folder in full, by its machine's name.

    Raises:
        DefinitionError: the files do not fit together; every problem is listed.
    """
    problems: list[str] = []
    profiles = _load(folder / PROFILES, problems)
    sources = {
        path.name.removesuffix(_ENDING): _load(path, problems)
        for path in sorted(folder.glob(f"*{_ENDING}"))
    }
    if problems:
        raise DefinitionError(problems)
    return expanded(sources, profiles)


def expanded(sources: Mapping[str, Json], profiles: Json) -> dict[str, Json]:
    """Each source in full.

    Raises:
        DefinitionError: a name that no profile has, a profile that nothing names, a name where
            none can stand; every problem is listed.
    """
    book = _Profiles(profiles)
    full = {name: _Machine(name, book).scope(source) for name, source in sources.items()}
    problems = list(dict.fromkeys([*book.problems, *book.unused()]))
    if problems:
        raise DefinitionError(problems)
    return full


class _Profiles:
    """profiles.json: what its names stand for, and which of them were named."""

    def __init__(self, content: Json) -> None:
        self.task: Json = {
            key: value for key, value in content.get("Task", {}).items() if key != "Comment"
        }
        sections = (*_DEFAULTS, *_SECTIONS)
        unknown = sorted(content.keys() - {"Comment", "Task", *sections})
        self.problems = [f"{PROFILES}: {key} is no section" for key in unknown]
        self._sections: dict[str, Json] = {key: content.get(key, {}) for key in sections}
        self._used: set[tuple[str, str]] = set()

    def find(self, section: str, name: str, where: str) -> Any:
        """What the name stands for; None, and a problem, where it stands for nothing."""
        if name not in self._sections[section]:
            known = ", ".join(self._sections[section]) or "none"
            self.problems.append(
                f"{where}: ${{{name}}} is no profile of {section} in {PROFILES}; known: {known}"
            )
            return None
        self._used.add((section, name))
        return self._sections[section][name]

    def defaults(self, section: str, name: str) -> Json:
        """What the section adds for this resource or machine; nothing where it does not name it."""
        if name not in self._sections[section]:
            return {}
        self._used.add((section, name))
        added: Json = self._sections[section][name]
        return added

    def retriers(self, name: str, where: str) -> list[Json]:
        """The retriers of a profile: its own one, or those that it lists by name."""
        found = self.find("Retry", name, where)
        listed = found if isinstance(found, list) else []
        inner = f"{PROFILES}, Retry, {name}"
        parts = [self.find("Retry", part, inner) for part in listed] if listed else [found]
        if any(isinstance(part, list) for part in parts):
            self.problems.append(f"{inner}: lists a profile that is a list itself")
        return [part for part in parts if isinstance(part, dict)]

    def expression(self, name: str, where: str, within: tuple[str, ...] = ()) -> str | None:
        """The expression of this name, None where it is for CloudFormation to substitute.

        `within` are the expressions that name it.
        """
        if name in within:
            self.problems.append(f"{where}: ${{{name}}} names itself")
            return None
        if name in self._sections["Expressions"]:
            text = str(self.find("Expressions", name, where))
            inner, around = f"{PROFILES}, Expressions, {name}", (*within, name)
            return _NAME.sub(
                lambda match: self.expression(match[1], inner, around) or match[0], text
            )
        for section in ("Retry", "Catch"):
            if name in self._sections[section]:
                self.problems.append(
                    f"{where}: ${{{name}}} is a profile of {section},"
                    f" which an ErrorEquals of {section} names"
                )
        return None

    def unused(self) -> Iterator[str]:
        """A problem for each name that nothing used."""
        for section, profiles in self._sections.items():
            for name in profiles:
                if (section, name) not in self._used:
                    yield f"{PROFILES}: nothing names {section}, {name}"


class _Machine:
    """One definition while it is written out."""

    def __init__(self, name: str, profiles: _Profiles) -> None:
        self._name = name
        self._file = f"{name}{_ENDING}"
        self._profiles = profiles

    def scope(self, source: Json) -> Json:
        """The machine itself, a branch or an item processor, in full."""
        return {
            key: {name: self._state(name, state) for name, state in value.items()}
            if key == "States"
            else self._filled(value, f"{self._file}, {key}")
            for key, value in source.items()
        }

    def _state(self, name: str, source: Json) -> Json:
        where = f"{self._file}, {name}"
        full: Json = {}
        for key, value in self._with_defaults(name, source).items():
            match key:
                case "Retry":
                    full[key] = [
                        retrier
                        for rule in self._rules(key, value, where)
                        for retrier in self._retriers(rule, where)
                    ]
                case "Catch":
                    full[key] = [
                        self._catcher(rule, where) for rule in self._rules(key, value, where)
                    ]
                case "Branches":
                    full[key] = [self.scope(branch) for branch in value]
                case "ItemProcessor":
                    full[key] = self.scope(value)
                case _:
                    full[key] = self._filled(value, where)
        return full

    def _with_defaults(self, name: str, source: Json) -> Json:
        """A Task with what the profiles add to it, in the order in which people write it."""
        if source.get("Type") != "Task":
            return source
        resource = str(source.get("Resource"))
        arguments = self._arguments(name, resource, source.get("Arguments", {}))
        head = {key: source[key] for key in ("Type", "Comment", "Resource") if key in source}
        transition = {key: source[key] for key in ("Next", "End") if key in source}
        own = {key: source[key] for key in source if key not in {"Arguments", *head, *transition}}
        return (
            head
            | ({"Arguments": arguments} if arguments else {})
            | self._profiles.task
            | own
            | {
                key: value
                for key, value in self._profiles.defaults("Resource", resource).items()
                if key not in own
            }
            | transition
        )

    def _arguments(self, name: str, resource: str, given: Any) -> Any:
        """The arguments with the function and the payload's defaults, unless they name one."""
        if not (resource.startswith(_INVOKE) and isinstance(given, dict)):
            return given
        if "FunctionName" in given:
            return given
        payload = given.get("Payload", {})
        if isinstance(payload, dict):
            payload = self._profiles.defaults("Payload", self._name) | payload
        return {
            "FunctionName": f"${{{name}FunctionArn}}",
            **given,
            **({"Payload": payload} if payload else {}),
        }

    def _rules(self, key: str, value: Any, where: str) -> list[Json]:
        given = value if isinstance(value, list) else []
        rules = [rule for rule in given if isinstance(rule, dict)]
        if rules != value:
            self._profiles.problems.append(f"{where}: {key} is no list of objects")
        return rules

    def _retriers(self, rule: Json, where: str) -> list[Json]:
        named = self._named(rule, {"ErrorEquals"}, f"{where}, Retry")
        if named is None:
            return [self._filled(rule, where)]
        return [
            retrier
            for name in named
            for retrier in self._profiles.retriers(name, f"{where}, Retry")
        ]

    def _catcher(self, rule: Json, where: str) -> Json:
        named = self._named(rule, {"ErrorEquals", "Next"}, f"{where}, Catch")
        if named is None:
            full: Json = self._filled(rule, where)
            return full
        found = [self._profiles.find("Catch", name, f"{where}, Catch") for name in named]
        if len(found) > 1:
            self._profiles.problems.append(f"{where}, Catch: one catcher names several profiles")
        return (found[0] or {}) | {"Next": rule.get("Next")}

    def _named(self, rule: Json, allowed: set[str], where: str) -> list[str] | None:
        """The profiles that a rule names; None for one that is written out."""
        errors: list[str] = rule.get("ErrorEquals", [])
        matches = [_NAME.fullmatch(error) for error in errors]
        found = [match[1] for match in matches if match]
        if not found:
            return None
        if len(found) < len(errors):
            self._profiles.problems.append(f"{where}: errors and profiles in one ErrorEquals")
        for key in sorted(allowed - rule.keys()):
            self._profiles.problems.append(f"{where}: {key} is missing")
        for key in sorted(rule.keys() - allowed):
            self._profiles.problems.append(f"{where}: {key} beside a profile, which says it")
        return found

    def _filled(self, value: Any, where: str) -> Any:
        """The value with every named expression in its texts."""
        match value:
            case str():
                return _NAME.sub(
                    lambda match: self._profiles.expression(match[1], where) or match[0], value
                )
            case list():
                return [self._filled(each, where) for each in value]
            case dict():
                return {key: self._filled(each, where) for key, each in value.items()}
        return value


def invoked(*machines: str) -> tuple[str, ...]:
    """The operations whose functions these machines invoke, or all, each once, in their order.

    Raises:
        DefinitionError: any of the definitions names what no profile is, or the like.
    """
    found = (
        operation_of(task) for name in machines or names() for _, task in tasks(definition(name))
    )
    return tuple(dict.fromkeys(operation for operation in found if operation is not None))


def tasks(part: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and state of every Task, those inside of Parallel and Map states among them."""
    for name, state in part["States"].items():
        if state["Type"] == "Task":
            yield name, state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor")):
            if inner:
                yield from tasks(inner)


def operation_of(task: Mapping[str, Any]) -> str | None:
    """The operation whose function a Task of a full definition invokes; None for other Tasks."""
    arguments = task.get("Arguments")
    function = arguments.get("FunctionName") if isinstance(arguments, Mapping) else None
    found = _FUNCTION.fullmatch(str(function))
    return found[1] if found else None


def placeholders(full: str) -> set[str]:
    """What is left for CloudFormation to substitute in a full definition's text."""
    return set(_NAME.findall(full))


def _load(path: Path, problems: list[str]) -> Json:
    """A file's object; what is wrong with the file goes to the problems."""

    def without_duplicates(pairs: list[tuple[str, Any]]) -> Json:
        keys = [key for key, _ in pairs]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            problems.append(f"{path.name}: {key} stands twice in one object")
        return dict(pairs)

    try:
        content: Json = json.loads(
            path.read_text(encoding="utf-8"), object_pairs_hook=without_duplicates
        )
    except ValueError as unreadable:
        problems.append(f"{path.name}: is no JSON: {unreadable}")
        return {}
    return content


def main(wanted: Sequence[str]) -> int:
    """Print the full definitions of these machines, of all where none is named."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        sys.stderr.write(f"no definition: {', '.join(unknown)}; there are: {', '.join(names())}\n")
        return 2
    for name in wanted or names():
        sys.stdout.write(text(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
