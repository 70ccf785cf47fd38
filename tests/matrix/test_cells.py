"""The matrix has what it promises, whatever joins the definition."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from embedded.core.service_models import operation_model
from permissions.reference import sdk_service
from tests.matrix.cells import Cell, cells, sample, wide_sample
from tests.matrix.definition import (
    ELSEWHERE,
    TRANSACTED,
    Site,
    calls_of,
    machine,
    sources,
    tasks_of,
)


def test_every_source_of_the_definition_has_cells() -> None:
    assert {cell.source for cell in cells()} == set(sources()) >= {"new", "existing"}


def test_every_task_is_reached_by_some_source() -> None:
    tasks = {name for source in sources() for name in tasks_of(source)}

    assert set(re.findall(r"\$\{(\w+)FunctionArn\}", json.dumps(machine()))) == tasks


def test_every_modelled_error_of_every_call_comes_once_and_for_good() -> None:
    broken = {(c.site.actor, c.site.operation, c.error, c.kind) for c in cells() if c.site}

    for source in sources():
        for task in tasks_of(source):
            for call in calls_of(task):
                service, operation = call.split(":")
                model = operation_model(sdk_service(service), operation)
                assert model is not None
                if Site(task, model.service_model.service_name, operation) in ELSEWHERE:
                    continue
                if (task, service, operation) in TRANSACTED:
                    operation = TRANSACTED[task, service, operation]
                    model = operation_model(service, operation)
                    assert model is not None
                for shape in model.error_shapes:
                    for kind in ("error-once", "error-for-good"):
                        assert (task, operation, shape.name, kind) in broken


def test_names_of_cells_are_unique() -> None:
    names = [str(cell) for cell in cells()]

    assert len(names) == len(set(names))


def test_sample_meets_every_kind_source_and_number_of_deliveries() -> None:
    for attribute in ("kind", "source", "deliveries"):
        everywhere = {getattr(cell, attribute) for cell in cells()}
        assert {getattr(cell, attribute) for cell in sample()} == everywhere
    assert len(sample()) <= 16


def test_wide_sample_meets_every_call_site_error_and_kind_of_every_function() -> None:
    def met(chosen: Collection[Cell]) -> set[tuple[object, ...]]:
        sites = {(cell.site,) for cell in chosen if cell.site and not cell.lasts}
        errors = {(cell.error, cell.reason) for cell in chosen if not cell.lasts}
        kinds = {(cell.kind, cell.site.actor if cell.site else cell.state) for cell in chosen}
        return {*sites, *errors, *kinds, *((cell.kind, cell.source) for cell in chosen)}

    assert sample() <= wide_sample() <= set(cells())
    assert met(wide_sample()) == met(cells())
    assert len(wide_sample()) <= 500
