"""The logger, the tracer and the metrics that every function shares (Powertools).

An email address is never logged in clear: errors are logged by code and reason, not by message.
"""

from __future__ import annotations

import os

from aws_lambda_powertools import Logger, Metrics, Tracer

from vending.aws.traces import Traces

# A name that is not set must not fail an operation that has already acted.
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "account-vending")

logger = Logger(service=_SERVICE)
traces = Traces()
# Where Lambda does not sample, or there is no Lambda, nothing is sent.
tracer = Tracer(service=_SERVICE, provider=traces, disabled=False, auto_patch=False)
metrics = Metrics(
    namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "AccountVending"), service=_SERVICE
)


def log_request_id(request_id: str | None) -> None:
    """Put the request's id into every line that is logged from here on in this invocation.

    The invocation's trace is found by it, too: `annotation.request_id = "…"`.
    """
    if request_id is not None:
        logger.append_keys(request_id=request_id)
        tracer.put_annotation("request_id", request_id)
