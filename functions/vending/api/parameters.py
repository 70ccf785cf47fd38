"""What a call carries beside its path: query parameters, the body, and the idempotency key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vending.errors.exceptions import RequestInvalid
from vending.frozen import frozen
from vending.request.validators import shown

LIMIT_DEFAULT, LIMIT_MAX = 20, 100


@frozen
class Call:
    """One call of a route.

    Attributes:
        path: as it was called.
        query: the parameters by name.
        body: as it was sent; None where there is none.
        key: of idempotency; None where there is none.
    """

    path: str
    query: Mapping[str, str]
    body: str | None = None
    key: str | None = None

    def parameters(self, *known: str, states: Sequence[str] = ()) -> dict[str, Any]:
        """The query parameters, each None where it is absent; `limit` as a number.

        RequestInvalid with every problem.
        """
        problems = [
            f"{shown(name)}: unknown parameter; allowed: {', '.join(known)}"
            for name in self.query
            if name not in known
        ]
        found: dict[str, Any] = {name: self.query.get(name) for name in known}
        if "limit" in known:
            text = found["limit"] or str(LIMIT_DEFAULT)
            is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LIMIT_MAX))
            if not is_number or not 1 <= int(text) <= LIMIT_MAX:
                problems.append(f"limit: must be a whole number from 1 to {LIMIT_MAX}")
            else:
                found["limit"] = int(text)
        state = found.get("state")
        if state is not None and state not in states:
            problems.append(f"state: must be one of {', '.join(states)}")
        if problems:
            raise RequestInvalid(problems)
        return found

    def json_body(self, *, optional: bool = False) -> Any:
        """What the body says; RequestInvalid where it is no JSON. An empty object without one."""
        if optional and not (self.body or "").strip():
            return {}
        try:
            return json.loads(self.body or "", parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise RequestInvalid([f"the body must be JSON: {error}"]) from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
