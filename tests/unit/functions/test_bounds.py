"""What is too deep to be looked at: found, and read as far as it can be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.request import bounds

TEXTS = st.text(st.sampled_from('[]{}",:\\/ab\n\u2028é'), max_size=6)
SHALLOW = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(SHALLOW)
def test_document_within_the_bounds_is_read_as_it_is(document: Any) -> None:
    assert bounds.read(json.dumps(document)) == (document, False)


@given(beside=SHALLOW, levels=st.integers(bounds.DEPTH_MAX, 40_000))
def test_what_is_too_deep_is_left_out_and_the_rest_is_read(beside: Any, levels: int) -> None:
    nested = f"{'[' * levels}7{']' * levels}"

    document, is_deep = bounds.read(f'{{"a": {nested}, "b": {json.dumps(beside)}}}')

    assert is_deep
    assert document["b"] == beside
    assert bounds.problems(document) == []


@pytest.mark.parametrize("text", ["", "no json", '{"a', "]" * 20_000, '"\\', "[" * 20_000, "{]"])
def test_text_that_is_no_json_is_none(text: str) -> None:
    assert bounds.read(text)[0] is None
