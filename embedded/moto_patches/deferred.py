"""What moto's modules import though nothing uses it yet: it is imported when something does.

moto's CloudFormation imports every service that it could make resources of, EC2 and SageMaker among
them, with all that these import; it is the embedded AWS's own that makes the resources here. That
was a third of what the embedded AWS imports. Of the rest, a quarter was what interprets the States
Language, which a state machine needs only when something runs, and a twentieth certificates and
keys, which IAM, KMS and SNS can make. Import this before anything of moto that leads there; who
uses it gets the very same, whole, a moment later.

Upstream: moto/cloudformation/parsing.py, moto/ssm/models.py,
moto/stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service_batch.py,
moto/stepfunctions/parser/models.py, moto/ec2/models/availability_zones_and_regions.py,
moto/iam/models.py, moto/kms/utils.py, moto/sns/models.py.
"""

from __future__ import annotations

import importlib

import boto3
import cryptography  # noqa: F401 - little but its name
import moto  # noqa: F401
from moto.core.base_backend import BackendDict  # noqa: F401 - has boto3's own Session

from embedded.core.deferral import deferring
from embedded.moto_patches.regions import Regions

_SERVICES = (
    "moto.apigateway",
    "moto.autoscaling",
    "moto.batch",
    "moto.datapipeline",
    "moto.ec2",
    "moto.ec2.models",
    "moto.ecs",
    "moto.efs",
    "moto.elb",
    "moto.elbv2",
    "moto.emr",
    "moto.iot",
    "moto.rds",
    "moto.redshift",
    "moto.route53",
    "moto.sagemaker",
)
_LEADING_THERE = (
    "moto.batch.utils",
    "moto.cloudformation.parsing",
    "moto.ssm.models",
)
_MAP = "moto.stepfunctions.parser.asl.component.state.exec.state_map"
_INTERPRETER = (
    f"{_MAP}.iteration.itemprocessor.map_run_record",
    "moto.stepfunctions.parser.asl.eval.callback.callback",
    "moto.stepfunctions.parser.asl.parse.asl_parser",
    "moto.stepfunctions.parser.backend.execution",
)
_LEADING_TO_INTERPRETER = "moto.stepfunctions.parser.models"
_CRYPTOGRAPHY = (
    "cryptography.exceptions",
    "cryptography.hazmat.backends",
    "cryptography.hazmat.primitives._asymmetric",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.padding",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.ciphers",
    "cryptography.hazmat.primitives.hashes",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.x509",
    "cryptography.x509.oid",
)
_LEADING_TO_CRYPTOGRAPHY = ("moto.iam.models", "moto.kms.utils", "moto.sns.models")
_REGIONS_OF_EC2 = "moto.ec2.models.availability_zones_and_regions"
"""It makes a session while it is imported, which would read the user's AWS configuration."""


def _install() -> None:
    session = boto3.Session
    with deferring(_SERVICES):
        for name in _LEADING_TO_CRYPTOGRAPHY:
            with deferring(_CRYPTOGRAPHY, user=name):
                importlib.import_module(name)
        boto3.Session = Regions  # type: ignore[assignment,misc]
        try:
            importlib.import_module(_REGIONS_OF_EC2)
        finally:
            boto3.Session = session  # type: ignore[misc]
        for name in _LEADING_THERE:
            importlib.import_module(name)
    with deferring(_INTERPRETER, user=_LEADING_TO_INTERPRETER):
        importlib.import_module(_LEADING_TO_INTERPRETER)


_install()
