"""A moto server with our CloudFormation on it, for the CloudFormation and assembly tests only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.awslambda import models as lambda_models
from moto.backends import get_backend
from moto.core.config import default_user_config
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from embedded import REGION, cloudformation
from embedded.core import context
from embedded.core.clock import Clock
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.gateway.dispatcher import Dispatcher
from embedded.gateway.server import Server
from tests.unit.embedded.cloudformation_template import (
    ASSETS_BUCKET,
    FUNCTIONS_KEY,
    NAME,
    VERSION_PARAMETER,
    text,
)

_SERVICES = (
    "apigatewayv2",
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "ecr",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "s3",
    "scheduler",
    "sns",
    "sqs",
    "ssm",
)


class Aws:
    """Where the server listens, and clients of it."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self._session = boto3.session.Session()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client that does not retry; made once, since that is what takes long."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,  # type: ignore[call-overload]
                region_name=REGION,
                endpoint_url=self.endpoint_url,
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    def create(self, body: str | None = None, **parameters: Any) -> dict[str, str]:
        """Create the stack from `body`, the whole template by default; returns its outputs."""
        self.client("cloudformation").create_stack(
            StackName=NAME, TemplateBody=body or text(), **parameters
        )
        assert self.stack()["StackStatus"] == "CREATE_COMPLETE"
        return self.outputs()

    def update(self, body: str) -> None:
        """Update the stack to `body`, however that ends."""
        self.client("cloudformation").update_stack(StackName=NAME, TemplateBody=body)

    def stack(self) -> dict[str, Any]:
        """What DescribeStacks says of the stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        return dict(stack)

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack().get("Outputs", [])}

    def ids(self) -> dict[str, str]:
        """Physical ids by logical id."""
        found = self.client("cloudformation").describe_stack_resources(StackName=NAME)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found["StackResources"]
        }

    def events(self) -> list[dict[str, Any]]:
        """The stack's events, oldest first."""
        found = self.client("cloudformation").describe_stack_events(StackName=NAME)
        return list(reversed(found["StackEvents"]))


@pytest.fixture(scope="module")
def cloudformation_server() -> Iterator[Aws]:
    """The server, with state machines in the backend that runs them."""
    configured = dict(default_user_config)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    cloudformation.install()
    app = Dispatcher()
    http = Server(0, app)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    # For what earlier tests of the process have extended.
    own = context.Context(clock=Clock(), faults=Faults.none(), credentials=Credentials())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "_active", [own])
        yield Aws(f"http://127.0.0.1:{http.server_port}")
    http.shutdown()
    http.server_close()
    default_user_config.clear()
    default_user_config.update(configured)


@pytest.fixture
def empty_cloud(cloudformation_server: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The server with nothing on it, and moto's own functions, which no test here runs."""
    functions = lambda_models.LambdaFunction.__mro__
    moto_s = next(each for each in functions if each.__module__ == lambda_models.__name__)
    monkeypatch.setattr(lambda_models, "LambdaFunction", moto_s)
    _reset()
    yield cloudformation_server
    _reset()


@pytest.fixture
def cloud(empty_cloud: Aws) -> Aws:
    """An account that is bootstrapped and has the functions' asset published."""
    empty_cloud.client("ssm").put_parameter(Name=VERSION_PARAMETER, Value="30", Type="String")
    s3 = empty_cloud.client("s3")
    s3.create_bucket(Bucket=ASSETS_BUCKET)
    s3.put_object(Bucket=ASSETS_BUCKET, Key=FUNCTIONS_KEY, Body=b"a zip")
    return empty_cloud


def _reset() -> None:
    for name in _SERVICES:
        get_backend(name).reset()
    stepfunctions_parser_backends.reset()
