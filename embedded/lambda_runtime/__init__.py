"""Lambda: every function of the template runs from its built asset in a process of its own.

Invocations reach it by the real Lambda Runtime API, through Lambda's own runtime client where that
is installed; its environment holds Lambda's variables, its own, and its role's credentials.
"""

from __future__ import annotations

import os
from pathlib import Path

from moto.awslambda import models

from embedded.lambda_runtime import account_settings, stream_mappings
from embedded.lambda_runtime.async_invocations import settle
from embedded.lambda_runtime.functions import EmbeddedFunction, LambdaRuntime, logs, put_function
from embedded.lambda_runtime.stream_mappings import StreamMappings

__all__ = ["StreamMappings", "install", "logs", "reset", "settle", "shutdown"]


def install(
    functions_asset: Path,
    runtime: Path,
    *,
    at_most: int = 4,
    fork: bool = hasattr(os, "fork"),
) -> None:
    """Run the functions of moto's Lambda from `functions_asset` from now on.

    Nothing needs to be in S3: `Code` of a function must name a bucket and a key, which are shown
    but not read.

    Args:
        functions_asset: the functions built for this machine.
        runtime: the folder with the Lambda runtime client; without one, a stand-in is used.
        at_most: how many processes of one function run at once; more invocations wait.
        fork: start processes as copies of one that has imported the dependencies.
    """
    shutdown()
    EmbeddedFunction.runtime = LambdaRuntime(functions_asset, runtime, at_most=at_most, fork=fork)
    models.LambdaFunction = EmbeddedFunction
    models.LambdaStorage.put_function = put_function
    account_settings.install()
    stream_mappings.install()


def reset() -> None:
    """After a reset of moto: end the processes of functions that are no more; keep the others."""
    if EmbeddedFunction.runtime is not None:
        EmbeddedFunction.runtime.forget_deleted()


def shutdown() -> None:
    """End every function process."""
    runtime, EmbeddedFunction.runtime = EmbeddedFunction.runtime, None
    if runtime is not None:
        runtime.close()
