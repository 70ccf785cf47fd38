"""botocore's service models, loaded once a process, and the names one service goes by."""

from __future__ import annotations

import functools
import threading

from botocore.model import OperationModel, ServiceModel, StructureShape

from embedded.core.models_on_disk import model_loader

_MODEL = "service-2"
_LOCK = threading.Lock()

_CLIENT_NAMES = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "eventbridge": "events",
    "tagging": "resourcegroupstaggingapi",
    "email": "ses",
}
"""Signing names, as they stand in a request's credential scope, that boto3 calls otherwise."""


def client_name(service: str) -> str:
    """boto3's name of a service, whether given that name or the one it signs with."""
    return _CLIENT_NAMES.get(service, service)


@functools.cache
def services() -> frozenset[str]:
    """Every service that botocore has a model of, by boto3's names."""
    with _LOCK:
        return frozenset(model_loader().list_available_services(_MODEL))


@functools.cache
def service_model(service: str) -> ServiceModel | None:
    """The model of a service; None when botocore has none."""
    loader = model_loader()
    with _LOCK:
        if service not in loader.list_available_services(_MODEL):
            return None
        return ServiceModel(loader.load_service_model(service, _MODEL), service)


@functools.cache
def operation_names(service: str) -> tuple[str, ...]:
    """The operations of a service's API; none where there is no such service."""
    model = service_model(service)
    return tuple(model.operation_names) if model else ()


def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation; None when service or operation are unknown."""
    model = service_model(service)
    if model is None or operation not in model.operation_names:
        return None
    return model.operation_model(operation)


def error_shape(service: str, operation: str, code: str) -> StructureShape | None:
    """The shape of the operation's error of that code or name, or else of the service's."""
    one, whole = operation_model(service, operation), service_model(service)
    shapes = [*(one.error_shapes if one else ()), *(whole.error_shapes if whole else ())]
    return next((shape for shape in shapes if code in (shape.name, shape.error_code)), None)


def error_names(service: str, operation: str) -> frozenset[str]:
    """Names and codes of the errors that the operation's model lists."""
    model = operation_model(service, operation)
    shapes = model.error_shapes if model else []
    # The stubs know error shapes only as shapes.
    return frozenset(name for shape in shapes for name in (shape.name, str(shape.error_code)))  # type: ignore[attr-defined]
