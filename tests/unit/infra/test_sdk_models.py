"""What the asset keeps of the SDK's models says of every call what the whole models say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from infra.bundling import build_local
from infra.sdk_models import OperationMissing, reduced
from permissions.called_operations import called_operations
from permissions.declared_calls import all_calls
from permissions.reference import sdk_service
from tests.grids import few

CALLED = called_operations()


@cache
def model_of(service: str, data: str | None = None) -> ServiceModel:
    paths = None if data is None else [data]
    loader = Loader(extra_search_paths=paths, include_default_search_paths=data is None)
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def said_of(shape: Shape | None, *, above: tuple[str, ...] = ()) -> Any:
    """All that the SDK goes by: names, types, limits, and how each is written."""
    if shape is None or shape.name in above:
        return shape and shape.name
    inner: Mapping[str, Shape] = {
        **getattr(shape, "members", {}),
        **{one: getattr(shape, one) for one in ("member", "key", "value") if hasattr(shape, one)},
    }
    return (
        (shape.name, shape.type_name, dict(shape.metadata), dict(shape.serialization)),
        {name: said_of(one, above=(*above, shape.name)) for name, one in inner.items()},
    )


@pytest.mark.parametrize(
    "service", few(sorted(CALLED), quick=["dynamodb", "organizations", "s3", "stepfunctions"])
)
def test_asset_says_of_every_call_what_the_sdk_says(service: str) -> None:
    whole = model_of(service)
    ours = model_of(service, str(build_local().path / "botocore" / "data"))

    assert CALLED[service]
    assert set(ours.operation_names) >= CALLED[service]
    for name in CALLED[service]:
        one, other = ours.operation_model(name), whole.operation_model(name)
        assert said_of(one.input_shape) == said_of(other.input_shape), name
        assert said_of(one.output_shape) == said_of(other.output_shape), name
        assert one.http == other.http, name
        assert [each.name for each in one.error_shapes] == [
            each.name for each in other.error_shapes
        ]
    assert [said_of(each) for each in ours.error_shapes] == [
        said_of(each) for each in whole.error_shapes
    ]
    assert ours.metadata == whole.metadata
    found, expected = ours.endpoint_discovery_operation, whole.endpoint_discovery_operation
    assert (found and found.name) == (expected and expected.name)


def test_every_declared_call_is_an_operation_that_the_asset_has() -> None:
    declared = {call.partition(":")[::2] for calls in all_calls().values() for call in calls}
    kept = {
        (prefix, action): action in CALLED[sdk_service(prefix)]
        for prefix, action in declared
        # Some actions are no operation: that of a transaction is each write's own.
        if action in model_of(sdk_service(prefix)).operation_names
    }

    assert len(kept) > 50
    assert [each for each, is_kept in kept.items() if not is_kept] == []


def test_model_is_smaller_by_what_is_not_called() -> None:
    model = {
        "metadata": {"endpointPrefix": "x"},
        "documentation": "<p>text</p>",
        "operations": {
            "Get": {
                "input": {"shape": "In", "documentation": "text"},
                "output": {"shape": "Out"},
                "errors": [{"shape": "NotFound"}],
            },
            "Put": {"input": {"shape": "Large"}},
            "Endpoints": {"endpointoperation": True},
        },
        "shapes": {
            "In": {
                "type": "structure",
                "members": {"documentation": {"shape": "Text", "documentation": "text"}},
            },
            "Out": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Out"}},
            "Text": {"type": "string", "documentation": "text"},
            "Large": {"type": "list", "member": {"shape": "Number"}},
            "Number": {"type": "integer"},
            "NotFound": {"type": "structure", "members": {}, "exception": True},
            "Conflict": {
                "type": "structure",
                "members": {"n": {"shape": "Number"}},
                "exception": True,
            },
        },
    }

    kept = reduced(model, {"Get"})

    assert list(kept["operations"]) == ["Get", "Endpoints"]
    assert list(kept["shapes"]) == ["In", "Out", "Text", "Number", "NotFound", "Conflict"]
    assert kept["shapes"]["In"]["members"] == {"documentation": {"shape": "Text"}}
    assert "text" not in str(kept)
    with pytest.raises(OperationMissing, match=r"^Head, Post$"):
        reduced(model, {"Post", "Get", "Head"})
