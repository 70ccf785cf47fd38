"""Which route of an HTTP API a request takes.

Source: "Create routes for HTTP APIs in API Gateway", developer guide: a full match before one with
a greedy path variable, and `$default` last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

DEFAULT = "$default"
_GREEDY, _ONE = "(?P<{}>.+)", "(?P<{}>[^/]+)"


def find(routes: Iterable[Any], method: str, path: str) -> tuple[Any, dict[str, str]] | None:
    """The route and the path's parameters; None where no route fits."""
    fitting: list[tuple[tuple[int, int, int], Any, dict[str, str]]] = []
    for route in routes:
        if route.route_key == DEFAULT:
            fitting.append(((9, 9, 0), route, {}))
            continue
        verb, _, pattern = route.route_key.partition(" ")
        found = re.fullmatch(_regex(pattern), path)
        if found is None or verb not in (method, "ANY"):
            continue
        rank = (pattern.count("+}"), pattern.count("{"), int(verb == "ANY"))
        fitting.append((rank, route, found.groupdict()))
    if not fitting:
        return None
    _, route, parameters = min(fitting, key=lambda one: one[0])
    return route, parameters


def _regex(pattern: str) -> str:
    parts = re.split(r"(\{[^}]+\})", pattern)
    return "".join(
        (_GREEDY if part.endswith("+}") else _ONE).format(part.strip("{+}"))
        if part.startswith("{")
        else re.escape(part)
        for part in parts
    )
