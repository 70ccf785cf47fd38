"""Services that moto imports for nobody are there for whoever calls them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.embedded.test_assembly import an_assembly

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
unused |= {"antlr4", "cryptography.x509", "jsonata"}
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


def test_start_with_known_definitions_imports_nothing_that_runs_them(tmp_path: Path) -> None:
    an_assembly(tmp_path / "assembly")
    (tmp_path / "functions" / "local").mkdir(parents=True)
    program = f"""
from pathlib import Path
from embedded.cloud import EmbeddedAws
folder = Path({str(tmp_path)!r})
with EmbeddedAws(assembly=folder / "assembly", build=folder) as aws:
    (machine,) = aws.client("stepfunctions").list_state_machines()["stateMachines"]
interpreter = "moto.stepfunctions.parser.asl"
later = {{"antlr4", "cryptography.x509", "jsonata", interpreter}}
print(machine["name"], sorted(later & sys.modules.keys()))
"""

    first, second = printed(program), printed(program)

    assert first == "account-vending ['antlr4', 'jsonata', 'moto.stepfunctions.parser.asl']"
    assert second == "account-vending []"


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
from moto.iam.models import iam_backends
from moto.iam.exceptions import MalformedCertificate
backend = iam_backends["111111111111"]["aws"]
backend.create_user("us-east-1", "u")
try:
    backend.upload_signing_certificate("u", "no certificate")
except MalformedCertificate:
    print(True)
""",
        """
from cryptography.exceptions import InvalidSignature
from moto.kms import utils
key = utils.generate_private_key("ECC_NIST_P256")
signature = key.sign(b"message", "ECDSA_SHA_256")
print(
    key.verify(b"message", signature, "ECDSA_SHA_256")
    and not key.verify(b"another", signature, "ECDSA_SHA_256")
    and utils.InvalidSignature is InvalidSignature
)
""",
        """
import boto3
from moto import mock_aws
with mock_aws():
    kms = boto3.client("kms", "us-east-1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    print(kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"text")
""",
        """
from moto.sns.models import sns_backends
backend = sns_backends["111111111111"]["us-east-1"]
topic = backend.create_topic("topic")
subscription = backend.subscribe(topic.arn, "http://127.0.0.1/", "http")
data = subscription.get_post_data("text", "id", None)
print(len(data["Signature"]) > 300)
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
    ids=[
        "cloudformation",
        "ssm",
        "classes",
        "certificates",
        "signatures",
        "ciphers",
        "signed messages",
        "stepfunctions",
        "calls",
    ],
)
def test_what_is_used_is_motos_own(program: str) -> None:
    assert printed(program) == "True"


def test_sessions_are_boto3s_own_afterwards() -> None:
    assert printed("import boto3\nprint(boto3.Session is boto3.session.Session)") == "True"
