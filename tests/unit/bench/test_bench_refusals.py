"""What refusing costs is measured of requests that have the report's sizes and are refused."""

from __future__ import annotations

import json

import pytest

from bench.refusals import GROWTH, MISTAKES, SIZES, growth, of_size
from vending.errors.exceptions import RequestInvalid
from vending.request.account_request import parse


@pytest.mark.parametrize("kind", MISTAKES)
@pytest.mark.parametrize("size", SIZES)
def test_request_that_is_measured_has_its_size_and_is_refused(kind: str, size: int) -> None:
    request = of_size(MISTAKES[kind], size)

    assert 0.9 * size < len(json.dumps(request)) < 1.1 * size
    with pytest.raises(RequestInvalid):
        parse(request)


def test_cost_that_grows_with_the_square_of_the_size_exceeds_the_limit() -> None:
    linear, squared = [30.0, 3.0, 3.1], [300.0, 3.0, 30.0]

    assert growth(linear) <= GROWTH < growth(squared)
