"""AWS in one process: the synthesized template deployed and its functions run, on loopback."""

import os

ACCOUNT_ID = "111111111111"
"""The management account of the embedded organization."""

REGION = "us-east-1"

# moto reads these when its modules are imported, so they are set before any of them is.
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID
os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
