"""pytest plugin: what the recorded suites ask for, given by clients of an embedded AWS.

Runs in the environment of build/recorded, beside the suites, and imports nothing of this project.
A skip whose reason begins with `harness: ` says that this plugin lacks something, not the suite.
"""

import os
from importlib import import_module
from typing import Any

import boto3
import pytest
from botocore.config import Config

MARKERS = (
    "aws", "snapshot", "skip_snapshot_verify", "multiruntime", "only_on_amd64", "requires_docker",
    "lambda_runtime_update", "acceptance_test", "only_localstack", "snapshot_validated",
    "aws_validated", "aws_only_localstack", "aws_needs_fixing", "aws_manual_setup_required",
    "aws_unknown",
)  # fmt: skip
NOT_FROM_AWS = ("aws_only_localstack", "aws_needs_fixing", "aws_unknown")
NAMES = {
    "sfn": "stepfunctions",
    "lambda_": "lambda",
    "awslambda": "lambda",
    "cognito_idp": "cognito-idp",
    "resource_groups": "resource-groups",
}
ACCOUNT = "1" * 12
REGION = "us-east-1"


class Clients:
    """One client per service, made when it is first asked for by attribute."""

    def __init__(self, region_name: str | None = None, config: Config | None = None) -> None:
        self._session = boto3.session.Session("local", "local", region_name=region_name or REGION)
        ours = Config(inject_host_prefix=False, read_timeout=40)
        self._config = ours.merge(config) if config else ours

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        make: Any = self._session.client
        client = make(
            NAMES.get(name, name), endpoint_url=os.environ["EMBEDDED_AWS_URL"], config=self._config
        )
        setattr(self, name, client)
        return client


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what nobody compared with AWS, so that it cannot pass for right."""
    for item in items:
        if any(item.get_closest_marker(name) for name in NOT_FROM_AWS):
            item.add_marker(pytest.mark.skip(reason="never validated on AWS"))
        elif any(_exempts_all(mark) for mark in item.iter_markers("skip_snapshot_verify")):
            item.add_marker(pytest.mark.skip(reason="the suite exempts the whole answer"))


def _exempts_all(mark: pytest.Mark) -> bool:
    condition = mark.kwargs.get("condition")
    return not mark.kwargs.get("paths") and (condition is None or bool(condition()))


@pytest.fixture(scope="session")
def aws_client() -> Clients:
    return Clients()


@pytest.fixture(scope="session")
def aws_client_no_retry(aws_client: Clients) -> Clients:
    # A limit of retries would change the texts of errors, which the recordings compare.
    return aws_client


@pytest.fixture(scope="session")
def aws_client_no_sync_prefix(aws_client: Clients) -> Clients:
    return aws_client


@pytest.fixture(scope="session")
def aws_client_factory() -> type[Clients]:
    return Clients


@pytest.fixture
def secondary_aws_client() -> Any:
    pytest.skip("harness: no second account")


@pytest.fixture(scope="session")
def account_id() -> str:
    return ACCOUNT


@pytest.fixture(scope="session")
def region_name() -> str:
    return REGION


@pytest.fixture
def create_lambda_function() -> Any:
    return lambda *_args, **_options: pytest.skip("harness: no Lambda function of a suite runs")


@pytest.fixture
def snapshot(_snapshot_session: Any) -> Any:
    """The comparison, with account, Region and partition written as the recordings write them."""
    suite = import_module("localstack.testing.snapshots.transformer_utility")
    transformer = import_module("localstack_snapshot.snapshots.transformer")
    rules = suite.TransformerUtility
    _snapshot_session.transform = rules
    written = {ACCOUNT: "1" * 12, REGION: "<region>", "arn:aws:": "arn:<partition>:"}
    for found, recorded in written.items():
        rule = transformer.RegexTransformer(found, recorded)
        _snapshot_session.add_transformer(rule, priority=2)
    _snapshot_session.add_transformer(rules.remove_key("x-localstack"))
    _snapshot_session.add_transformer(suite.SNAPSHOT_BASIC_TRANSFORMER, priority=2)
    return _snapshot_session
