"""Step Functions: moto's interpreter of the States Language, made to run real JSONata definitions.

What differs from moto, one file each: expressions are evaluated on data (`expressions`, by
`embedded.jsonata`); states run, wait and end on the embedded clock (`environment`, `states`);
services are called with the machine's role and fail with AWS's error names (`integrations`);
executions can be stopped, listed and followed by events (`executions`, `backend`, `responses`).

What runs executions is imported with the first of them (`interpreter`).

Standard workflows only, without redrive, activities, TestState and Express.
"""

from __future__ import annotations

from embedded.moto_patches import deferred  # noqa: F401 - before what leads to moto's EC2

# isort: split
import moto.stepfunctions
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.stepfunctions import models, urls
from moto.stepfunctions.parser import models as parser_models

from embedded.stepfunctions import errors, kept
from embedded.stepfunctions.backend import Backend, validate
from embedded.stepfunctions.responses import StepFunctions

__all__ = ["backends", "forget_executions", "install", "kept"]

backends = BackendDict(Backend, "stepfunctions")
"""All state machines and executions: `backends[account_id][region]`."""


def install() -> None:
    """Let every state machine run here, however it is created: by API or by CloudFormation."""
    if getattr(parser_models, "stepfunctions_parser_backends", None) is backends:
        return
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    parser_models.stepfunctions_parser_backends = backends
    parser_models.StepFunctionsParserBackend._validate_definition = staticmethod(validate)
    models.stepfunctions_backends = backends
    moto.stepfunctions.stepfunctions_backends = backends
    urls.url_paths = {"{0}/$": StepFunctions.dispatch}
    errors.install()


def forget_executions() -> None:
    """Stop and forget the executions of all state machines; the machines stay."""
    for _, _, backend in list(backends.iter_backends()):
        backend.forget_executions()
