"""ClientRequestToken of TransactWriteItems: the same request twice acts once.

Source: "TransactWriteItems", Amazon DynamoDB API Reference, ClientRequestToken: a token is valid
for 10 minutes after the first request that uses it is finished; the same token with other
parameters is IdempotentParameterMismatchException.

Upstream: moto/dynamodb/responses.py.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException

from embedded.core.context import current
from embedded.core.frozen import frozen

VALID_SECONDS = 600
"""How long a token is remembered, in seconds of the embedded AWS's clock."""


class IdempotentParameterMismatch(DynamodbException):
    """A token of another request."""

    def __init__(self) -> None:
        super().__init__(
            ERROR_TYPE_PREFIX + "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )


@frozen
class _Done:
    """A finished request: what it was, what it answered and when it is forgotten."""

    content: str
    answer: Any
    until: float


def once(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`operation` of moto's handler, which answers a repeated token as it did the first time.

    A request that was refused changed nothing and is not remembered.
    """

    @functools.wraps(operation)
    def answered(self: Any) -> Any:
        token = self.body.get("ClientRequestToken")
        if not token:
            return operation(self)
        # On the backend, so that it is one account's and region's and goes with a reset.
        done: dict[str, _Done] = self.dynamodb_backend.__dict__.setdefault("finished_tokens", {})
        now = current().clock.now()
        while done and next(iter(done.values())).until <= now:  # the oldest are first
            del done[next(iter(done))]
        rest = {name: value for name, value in self.body.items() if name != "ClientRequestToken"}
        content = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
        if token not in done:
            answer = operation(self)
            done[token] = _Done(content=content, answer=answer, until=now + VALID_SECONDS)
        elif done[token].content != content:
            raise IdempotentParameterMismatch
        return done[token].answer

    return answered
