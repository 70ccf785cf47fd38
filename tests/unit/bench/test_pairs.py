"""What one program costs beside another, on a machine that others use, too."""

from __future__ import annotations

from itertools import count

import pytest

from bench import pairs


def test_what_the_machine_does_besides_passes_over_both() -> None:
    busy = [1, 1, 3, 1, 2]
    ones, others = (iter([share * slower for slower in busy]) for share in (0.5, 0.25))

    both = pairs.measured(lambda: next(ones), lambda: next(others), cost=float, at_most=10)

    assert len(both) == 5
    assert pairs.ratio(both, cost=float) == 2


@pytest.mark.parametrize(("at_most", "measured"), [(1.5, 5), (1.4, 25)])
def test_what_exceeds_the_limit_is_measured_again(at_most: float, measured: int) -> None:
    numbers = count()

    both = pairs.measured(lambda: (3, next(numbers)), lambda: (2, -1), cost=cost, at_most=at_most)

    assert [number for (_, number), _ in both] == list(range(measured))


def test_first_pairs_that_exceeded_by_chance_are_outweighed() -> None:
    costs = iter([2.0] * 4 + [1.0] * 30)

    both = pairs.measured(lambda: next(costs), lambda: 1.0, cost=float, at_most=1.5)

    assert len(both) == 10
    assert pairs.ratio(both, cost=float) == 1


def cost(of: tuple[int, int]) -> float:
    return of[0]
