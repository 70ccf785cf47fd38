"""The operations of AWS that the functions call, by the methods that their source names.

A declared call is an action, by which IAM knows an operation; the two are not always called alike.
What can be called is what some module names, as a method or, for a paginator, as a text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from permissions.declared_calls import FUNCTIONS, sdk_services


def called_operations(functions: Path = FUNCTIONS) -> Mapping[str, frozenset[str]]:
    """The operations by the SDK's names of their services; none of a service it does not have.

    More than are called: a method's name may be that of something else, too.

    Raises:
        NotDeclared: as `sdk_services`.
    """
    named = {name for path in functions.rglob("*.py") for name in _names(path)}
    models = Loader()
    called = {}
    for service in sorted(sdk_services(functions)):
        try:
            operations = models.load_service_model(service, "service-2")["operations"]
        except UnknownServiceError:
            operations = {}
        called[service] = frozenset(each for each in operations if xform_name(each) in named)
    return called


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                yield name
