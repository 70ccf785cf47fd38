"""What of a grid is slow."""

from __future__ import annotations

import pytest

from tests.grids import few


def test_value_that_is_not_named_is_slow() -> None:
    one, other = few([("a", 1), ("b", 2)], quick=[("b", 2)])

    assert (one.values, [mark.name for mark in one.marks]) == (("a", 1), ["slow"])
    assert (other.values, other.marks) == (("b", 2), ())


def test_name_that_is_none_of_the_values_is_refused() -> None:
    with pytest.raises(ValueError, match="gone"):
        few(["a", "b"], quick=["gone"])
