"""AWS clients that ask each question once: a plan of many accounts is one look at AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cli.dry_run.dry_run_client import READS

Question = tuple[str, tuple[tuple[str, Any], ...]]


class OneLook:
    """One client, whose answers to calls that read are kept; it makes no others.

    Args:
        client: a boto3 client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._answers: dict[Question, Any] = {}

    @property
    def exceptions(self) -> Any:
        """The client's own exception classes."""
        return self._client.exceptions

    @property
    def meta(self) -> Any:
        """What the client says of itself."""
        return self._client.meta

    def know(self, operation: str, parameters: Mapping[str, Any], answer: Any) -> None:
        """Keep what another call has answered already."""
        self._answers[_question(operation, parameters)] = answer

    def get_paginator(self, operation: str) -> Any:
        """A paginator whose pages are kept."""
        return _Pages(self, self._client.get_paginator(operation), operation)

    def answer(self, operation: str, parameters: Mapping[str, Any], ask: Callable[[], Any]) -> Any:
        """What was answered before; else what is answered now."""
        question = _question(operation, parameters)
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if not name.startswith(READS):
            raise AttributeError(name)
        call = getattr(self._client, name)
        return lambda **parameters: self.answer(name, parameters, lambda: call(**parameters))


class _Pages:
    def __init__(self, look: OneLook, paginator: Any, operation: str) -> None:
        self._look, self._paginator, self._operation = look, paginator, operation

    def paginate(self, **parameters: Any) -> list[Any]:
        """As boto3's, all at once."""
        return list(
            self._look.answer(
                f"pages of {self._operation}",
                parameters,
                lambda: list(self._paginator.paginate(**parameters)),
            )
        )


def _question(operation: str, parameters: Mapping[str, Any]) -> Question:
    return operation, tuple(sorted((name, repr(value)) for name, value in parameters.items()))
