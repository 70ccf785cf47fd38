"""The logger, the tracer and the metrics that every function shares (Powertools).

An email address is never logged in clear: errors are logged by code and reason, not by message.
"""

from __future__ import annotations

import os

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger()
tracer = Tracer(patch_modules=["botocore"])

# A namespace that is not set must not fail an operation that has already acted.
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "AccountVending"))
