"""Payloads that a definition once sent to the functions, one file for each recorded definition.

Functions change in place, executions keep the definition they began with for up to 47 days. So what
is recorded here must be understood by the functions of today. After a change of what a definition
sends, `python -m tests.payloads NAME` adds a file; one goes when no execution can be that old.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

Recording = dict[str, list[dict[str, Any]]]
"""By task: payloads of different shapes."""


def recordings() -> dict[str, Recording]:
    """All of them by name, the newest last."""
    paths = sorted(FOLDER.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
