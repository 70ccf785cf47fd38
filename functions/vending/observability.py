"""The logger, the tracer and the metrics that every function shares (Powertools).

An email address is never logged in clear: errors are logged by code and reason, not by message.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger()
tracer = Tracer(patch_modules=["botocore"])
metrics = Metrics()
