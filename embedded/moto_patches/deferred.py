"""Services that moto imports though nothing uses them yet: they are imported when something does.

moto's CloudFormation imports every service that it could make resources of, EC2 and SageMaker among
them, with all that these import; it is the embedded AWS's own that makes the resources here. That
was a third of what the embedded AWS imports. A quarter of the rest was what interprets the States
Language, which a state machine needs only when something runs. Import this before anything of moto
that leads there; who calls such a service gets moto's, whole, a moment later.

Upstream: moto/cloudformation/parsing.py, moto/ssm/models.py,
moto/stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service_batch.py,
moto/stepfunctions/parser/models.py,
moto/ec2/models/availability_zones_and_regions.py.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import moto
from moto.core.base_backend import BackendDict  # noqa: F401 - has boto3's own Session

from embedded.moto_patches.regions import Regions

_SERVICES = (
    "apigateway",
    "autoscaling",
    "batch",
    "datapipeline",
    "ec2",
    "ec2.models",
    "ecs",
    "efs",
    "elb",
    "elbv2",
    "emr",
    "iot",
    "rds",
    "redshift",
    "route53",
    "sagemaker",
)
_LEADING_THERE = (
    "moto.batch.utils",
    "moto.cloudformation.parsing",
    "moto.ssm.models",
)
_INTERPRETER = (
    "stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record",
    "stepfunctions.parser.asl.eval.callback.callback",
    "stepfunctions.parser.asl.parse.asl_parser",
    "stepfunctions.parser.backend.execution",
)
"""Modules of the interpreter of the States Language that moto's state machines lead to."""
_LEADING_TO_INTERPRETER = "moto.stepfunctions.parser.models"
_REGIONS_OF_EC2 = "moto.ec2.models.availability_zones_and_regions"
"""It makes a session while it is imported, which would read the user's AWS configuration."""


class Deferred:
    """What a module will have under a name; the module is imported when something of it is used.

    Args:
        module: that module's name.
        name: the name in it.
        user: the module that is then given all it deferred, where it has classes among that which
            it catches or compares.
    """

    def __init__(self, module: str, name: str, user: str | None) -> None:
        self._module = module
        self._name = name
        self._user = user

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._found()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found())

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._found()(*args, **named)

    def _found(self) -> Any:
        if self._user is not None:
            settle(sys.modules[self._user])
        return self._imported()

    def _imported(self) -> Any:
        return getattr(importlib.import_module(self._module), self._name)


class _Package(ModuleType):
    """In a package's place: its own modules can be imported, it itself is not run."""

    def __init__(self, name: str, user: str | None) -> None:
        super().__init__(name)
        self._user = user

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Deferred(self.__name__, name, self._user)


def settle(module: ModuleType) -> None:
    """Import what a module deferred, and give it that itself."""
    for name, value in list(vars(module).items()):
        if isinstance(value, Deferred):
            setattr(module, name, value._imported())


@contextmanager
def _deferred(names: Iterable[str], user: str | None = None) -> Iterator[None]:
    placed = {}
    for each in names:
        name = f"moto.{each}"
        if name not in sys.modules:
            placed[name] = sys.modules[name] = package = _Package(name, user)
            package.__path__ = [str(Path(moto.__path__[0], *each.split(".")))]
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]


def _install() -> None:
    session = boto3.Session
    with _deferred(_SERVICES):
        boto3.Session = Regions  # type: ignore[assignment,misc]
        try:
            importlib.import_module(_REGIONS_OF_EC2)
        finally:
            boto3.Session = session  # type: ignore[misc]
        for name in _LEADING_THERE:
            importlib.import_module(name)
    with _deferred(_INTERPRETER, user=_LEADING_TO_INTERPRETER):
        importlib.import_module(_LEADING_TO_INTERPRETER)


_install()
