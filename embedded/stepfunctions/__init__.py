"""Step Functions: moto's interpreter of the States Language, made to run real JSONata definitions.

What differs from moto, one file each: expressions are evaluated on data (`expressions`, by
`embedded.jsonata`); states run, wait and end on the embedded clock (`environment`, `states`);
services are called with the machine's role and fail with AWS's error names (`integrations`);
executions can be stopped, listed and followed by events (`executions`, `backend`, `responses`).

Standard workflows only, without redrive, activities, TestState and Express.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from embedded.moto_patches import deferred  # noqa: F401 - before what leads to moto's EC2

# isort: split
import moto.stepfunctions
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.stepfunctions import models, urls
from moto.stepfunctions.parser import models as parser_models
from moto.stepfunctions.parser import utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.backend import execution_worker

from embedded.core.bounded import Unkept
from embedded.stepfunctions import (
    definition_texts,
    errors,
    expressions,
    integrations,
    parsing,
    sizes,
    states,
)
from embedded.stepfunctions.backend import Backend
from embedded.stepfunctions.environment import Environment
from embedded.stepfunctions.responses import StepFunctions

backends = BackendDict(Backend, "stepfunctions")
"""All state machines and executions: `backends[account_id][region]`."""


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


def install() -> None:
    """Let every state machine run here, however it is created: by API or by CloudFormation."""
    if getattr(parser_models, "stepfunctions_parser_backends", None) is backends:
        return
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    parser_models.stepfunctions_parser_backends = backends
    models.stepfunctions_backends = backends
    moto.stepfunctions.stepfunctions_backends = backends
    urls.url_paths = {"{0}/$": StepFunctions.dispatch}
    AmazonStateLanguageParser.parse = staticmethod(_one_at_a_time(parsing.parse))
    Preprocessor.__init__ = _without_scopes
    execution_worker.Environment = Environment
    # moto logs what fails inside a state machine as an error of its own.
    logging.getLogger("moto.stepfunctions.parser").setLevel(logging.CRITICAL)
    definition_texts.install()
    errors.install()
    expressions.install()
    states.install()
    sizes.install()
    integrations.install()
    # moto's list of threads, which grows with every task.
    kept, unkept = utils.TMP_THREADS, Unkept()
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions") and getattr(module, "TMP_THREADS", None) is kept:
            module.TMP_THREADS = unkept  # type: ignore[attr-defined]


def forget_executions() -> None:
    """Stop and forget the executions of all state machines; the machines stay."""
    for _, _, backend in list(backends.iter_backends()):
        backend.forget_executions()
