"""What runs executions, imported when the first one starts: moto's interpreter as changed here.

The interpreter and the grammar that comes with it are a quarter of what the embedded AWS would
import to start. Machines are made and checked without them where their definitions were parsed
before (`kept`).
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser import models, utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.backend import execution_worker

from embedded.core.bounded import Unkept
from embedded.core.deferral import settle
from embedded.stepfunctions import (
    definition_texts,
    expressions,
    integrations,
    parsing,
    sizes,
    states,
)
from embedded.stepfunctions.environment import Environment
from embedded.stepfunctions.executions import Execution

__all__ = ["Execution"]


def _without_scopes(self: Any) -> None:
    # moto's list is one for all definitions and threads: what a refused definition leaves in it
    # would count for all that come after.
    self._query_language_per_scope = []


def _one_at_a_time(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """`parse`, once a definition: it takes a tenth of a second, and nothing writes to its result.

    ANTLR keeps what it learns of the grammar in tables that all parsers share, without a lock.
    """
    lock = threading.Lock()
    once = lru_cache(maxsize=64)(parse)

    def parsed(definition: str) -> Any:
        with lock:
            return once(definition)

    return parsed


def _install() -> None:
    settle(models)
    AmazonStateLanguageParser.parse = staticmethod(_one_at_a_time(parsing.parse))
    Preprocessor.__init__ = _without_scopes
    execution_worker.Environment = Environment
    # moto logs what fails inside a state machine as an error of its own.
    logging.getLogger("moto.stepfunctions.parser").setLevel(logging.CRITICAL)
    definition_texts.install()
    expressions.install()
    states.install()
    sizes.install()
    integrations.install()
    # moto's list of threads, which grows with every task.
    kept, unkept = utils.TMP_THREADS, Unkept()
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions") and getattr(module, "TMP_THREADS", None) is kept:
            module.TMP_THREADS = unkept  # type: ignore[attr-defined]


_install()
