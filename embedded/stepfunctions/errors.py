"""Step Functions' errors under their codes; many of moto's parser have none on the wire."""

from __future__ import annotations

import inspect
from typing import Any

from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.parser import api


def _init(self: Any, message: str = "", *_: Any, **__: Any) -> None:
    AWSError.__init__(self, message)


def install() -> None:
    """Give every modelled error its code and a message that may be left out."""
    error: Any
    for _, error in inspect.getmembers(api, inspect.isclass):
        code = vars(error).get("code")
        if issubclass(error, AWSError) and isinstance(code, str):
            error.TYPE = code
            error.__init__ = _init
