"""AWS in one process: the synthesized template deployed and its functions run, on loopback."""

import gc
import os

ACCOUNT_ID = "111111111111"
"""The management account of the embedded organization."""

REGION = "us-east-1"

# moto reads these when its modules are imported, so they are set before any of them is.
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID
os.environ.setdefault("AWS_DEFAULT_REGION", REGION)

# What modules and the deployed stack are made of stays. Looking for garbage among it after every
# 700 objects is a twentieth of the time to start.
gc.set_threshold(100_000, 20, 20)
