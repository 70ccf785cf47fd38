"""The AWS calls that the functions declare in `CALLS`, read from their source without running it.

A declaration is made of sets of `prefix:Action` texts, joined by `|`, under names that may come
from another module of `functions/`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from permissions.reference import sdk_service

FUNCTIONS = Path(__file__).parents[1] / "functions"
PACKAGES = ("operations", "events", "api")

Declared = frozenset[str] | Mapping[str, frozenset[str]]


class NotDeclared(Exception):
    """A module declares no calls, or not in the form that can be read; the message says where."""


def calls_of(
    module: str, *, under: str | None = None, functions: Path = FUNCTIONS
) -> frozenset[str]:
    """The calls of a module such as `operations.move_account`.

    `under` chooses among `CALLS_BY_SETTING`, where a setting decides what a function calls.

    Raises:
        NotDeclared: it has no such declaration.
    """
    if under is None:
        return _calls(_declared(functions, module, "CALLS"), module)
    declared = _declared(functions, module, "CALLS_BY_SETTING")
    if not isinstance(declared, Mapping) or under not in declared:
        raise NotDeclared(f"{module}: CALLS_BY_SETTING has no {under!r}")
    return declared[under]


def all_calls(functions: Path = FUNCTIONS) -> Mapping[str, frozenset[str]]:
    """The calls of every function, by its module."""
    modules = [
        f"{package}.{path.stem}"
        for package in PACKAGES
        for path in sorted((functions / package).glob("[a-z]*.py"))
    ]
    return {module: calls_of(module, functions=functions) for module in modules}


def sdk_services(functions: Path = FUNCTIONS) -> frozenset[str]:
    """The services that the functions call, by the SDK's names.

    Raises:
        NotDeclared: a module makes a client of a service that no function declares to call.
    """
    called = {call for calls in all_calls(functions).values() for call in calls}
    services = frozenset(sdk_service(call.partition(":")[0]) for call in called)
    for path in sorted(functions.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="_client") | ast.Attribute(attr="client" | "resource"),
                    args=[ast.Constant(value=str(service)), *_],
                ) if service not in services:
                    raise NotDeclared(
                        f"{path.relative_to(functions).as_posix()}:{node.lineno}: a client of "
                        f"{service}, which no function has in its CALLS"
                    )
    return services


def _calls(declared: Declared, where: str) -> frozenset[str]:
    if isinstance(declared, Mapping):
        raise NotDeclared(f"{where}: calls are a set of texts")
    return declared


@cache
def _declared(functions: Path, module: str, name: str) -> Declared:
    path = functions.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        raise NotDeclared(f"{module}: there is no {path.name}")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return _value(functions, module, value)
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if (
                found == name
            ):
                return _value(functions, module, value)
            case ast.ImportFrom(module=str(source), names=names) if any(
                name in (alias.asname, alias.name) for alias in names
            ):
                (original,) = (a.name for a in names if name in (a.asname, a.name))
                return _declared(functions, source, original)
    raise NotDeclared(f"{module}: {name} is not declared")


def _value(functions: Path, module: str, node: ast.expr) -> Declared:
    match node:
        case ast.Set(elts=elements):
            texts = [one.value for one in elements if isinstance(one, ast.Constant)]
            calls = frozenset(text for text in texts if isinstance(text, str))
            if len(calls) == len(elements):
                return calls
        case ast.Call(func=ast.Name(id="set" | "frozenset"), args=[], keywords=[]):
            return frozenset()
        case ast.Name(id=name):
            return _declared(functions, module, name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            both = (_value(functions, module, one) for one in (left, right))
            return frozenset().union(*(_calls(one, module) for one in both))
        case ast.Dict(keys=keys, values=values):
            return {
                str(ast.literal_eval(key)): _calls(_value(functions, module, value), module)
                for key, value in zip(keys, values, strict=True)
                if key is not None
            }
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            chosen = _value(functions, module, value)
            if isinstance(chosen, Mapping) and key in chosen:
                return chosen[key]
    line = getattr(node, "lineno", 0)
    raise NotDeclared(f"{module}:{line}: calls are sets of texts joined by |, or names of such")
