"""Services that moto imports for nobody are there for whoever calls them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    ("given", "printed_then"),
    [('"{}"', "InvalidDefinition"), ("DEFINITION", "None")],
    ids=["refused", "taken"],
)
def test_definition_that_was_parsed_before_needs_no_parser(
    tmp_path: Path, given: str, printed_then: str
) -> None:
    program = f"""
import json
from pathlib import Path
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from embedded.stepfunctions.backend import _check
DEFINITION = json.dumps({{
    "QueryLanguage": "JSONata",
    "StartAt": "A",
    "States": {{"A": {{"Type": "Pass", "Output": "{{% 1 + 1 %}}", "End": True}}}},
}})
stepfunctions.install()
stepfunctions.kept.keep_in(Path({str(tmp_path)!r}))
_check(DEFINITION)
try:
    refused = StepFunctionsParserBackend._validate_definition({given})
except Exception as error:
    refused = type(error).__name__
print(refused, bool({{"antlr4", "jsonata"}} & sys.modules.keys()))
"""

    first, second = printed(program), printed(program)

    assert first == f"{printed_then} True"
    assert second == f"{printed_then} {given != 'DEFINITION'}"


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
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.parse.asl_parser import ASLParserException
backend = models.stepfunctions_parser_backends["111111111111"]["us-east-1"]
try:
    backend.create_state_machine("name", "{}", "arn:aws:iam::111111111111:role/r")
except models.InvalidDefinition:
    print(models.ASLParserException is ASLParserException)
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
    ids=["cloudformation", "ssm", "classes", "stepfunctions", "calls"],
)
def test_what_is_used_is_motos_own(program: str) -> None:
    assert printed(program) == "True"


def test_sessions_are_boto3s_own_afterwards() -> None:
    assert printed("import boto3\nprint(boto3.Session is boto3.session.Session)") == "True"
