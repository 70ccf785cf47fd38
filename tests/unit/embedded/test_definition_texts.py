"""Where expressions stand in a definition, which the executions of one machine find out at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.component import Component

from embedded.stepfunctions import definition_texts


class Meanwhile(list[Any]):
    """A list that, when it is walked through, does what another thread may do at that moment."""

    def __init__(self, component: Component) -> None:
        super().__init__()
        self._component = component

    def __iter__(self) -> Iterator[Any]:
        vars(self._component)["added"] = True
        return super().__iter__()


def test_state_that_another_execution_is_at_work_on_is_read_all_the_same() -> None:
    state: Any = Component()
    state.others = Meanwhile(state)
    state.expression = StringJSONata(expression="$states.input")

    definition_texts.locate(state)

    assert state.located
    assert isinstance(state.expression.location, str)
