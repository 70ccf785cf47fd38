"""Services that moto imports for nobody are there for whoever calls them."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
from embedded.cloudformation import api
from embedded import stepfunctions
"""


def printed(program: str) -> str:
    """What a process says that has imported what the embedded AWS imports."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_nothing_uses_is_not_imported() -> None:
    program = """
unused = {"moto.ec2", "moto.ec2.models", "moto.sagemaker", "openapi_spec_validator", "pydantic"}
print(sorted(unused & sys.modules.keys()))
"""

    assert printed(program) == "[]"


@pytest.mark.parametrize(
    "program",
    [
        """
from moto.cloudformation import parsing
made = parsing.ec2_models.ec2_backends["111111111111"]["us-east-1"]
from moto.ec2 import ec2_backends
print(made is ec2_backends["111111111111"]["us-east-1"])
""",
        """
from moto.ssm import models
found = list(models.ec2_backends["111111111111"]["us-east-1"].describe_regions())
print(isinstance(found, list))
""",
        """
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.cloudformation import parsing
print(parsing.TaggedEC2Resource is TaggedEC2Resource and len(EC2Backend.regions) > 10)
""",
        """
import boto3
from moto import mock_aws
with mock_aws():
    batch = boto3.client("batch", "us-east-1").describe_compute_environments()
    regions = boto3.client("ec2", "us-east-1").describe_regions()["Regions"]
print(batch["computeEnvironments"] == [] and len(regions) > 10)
""",
    ],
    ids=["cloudformation", "ssm", "classes", "calls"],
)
def test_what_is_used_is_motos_own(program: str) -> None:
    assert printed(program) == "True"


def test_sessions_are_boto3s_own_afterwards() -> None:
    assert printed("import boto3\nprint(boto3.Session is boto3.session.Session)") == "True"
