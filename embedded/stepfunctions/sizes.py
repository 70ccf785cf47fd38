"""Sizes of data as Step Functions counts them: bytes of JSON in UTF-8, without spaces."""

from __future__ import annotations

import json
import sys
from typing import Any

from moto.stepfunctions.parser import quotas

LARGEST = 256 * 1024
"""Bytes that the input or output of a state has at most, and the variables of one Assign."""

_moto_fits = quotas.is_within_size_quota


def size_of(value: Any) -> int:
    """How many bytes the value has."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    return len(text.encode(errors="surrogatepass"))


def _fits(value: Any) -> bool:
    return size_of(value) <= LARGEST


def install() -> None:
    """Count so where moto counts spaces, and escapes of what is not ASCII."""
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser") and (
            getattr(module, "is_within_size_quota", None) is _moto_fits
        ):
            module.is_within_size_quota = _fits  # type: ignore[attr-defined]
