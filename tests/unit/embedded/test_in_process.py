"""Calls within the process are answered as those that come by the wire."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from embedded.cloud import EmbeddedAws
from embedded.core.in_process import attach
from embedded.core.sessions import isolated
from tests.unit.embedded import gateway_server
from tests.unit.embedded.gateway_server import Server

Client = Callable[[str], Any]
VARYING = ("HTTPHeaders", "HostId", "MaxAttemptsReached", "RequestId", "RetryAttempts")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with gateway_server.running() as server:
        yield server


@pytest.fixture
def within(server: Server) -> Client:
    """Clients whose calls take no wire."""
    server.again()
    server.context.app = server.app
    session = isolated()

    def client(service: str) -> Any:
        made = session.client(service, endpoint_url=server.url)  # type: ignore[call-overload]
        return attach(made, server.context)

    return client


def answer(call: Callable[[Any], Any], client: Any) -> Any:
    """What the call answers or is refused with, but for what differs with every call."""
    try:
        answered = call(client)
    except ClientError as error:
        answered = error.response
    metadata = answered["ResponseMetadata"]
    types = {
        name: value
        for name, value in metadata["HTTPHeaders"].items()
        if name in ("content-type", "content-length", "x-amzn-errortype", "etag")
    }
    kept = {key: value for key, value in metadata.items() if key not in VARYING}
    return answered | {"ResponseMetadata": kept | {"HTTPHeaders": types}}


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("sts", lambda sts: sts.get_caller_identity()),
        ("organizations", lambda client: client.list_roots()),
        ("organizations", lambda client: client.describe_account(AccountId="999999999999")),
        ("iam", lambda iam: iam.get_role(RoleName="nöbody" * 2)),
        ("s3", lambda s3: s3.get_object(Bucket="kept", Key="a folder/ümlaut +%")),
        ("s3", lambda s3: s3.head_object(Bucket="kept", Key="a folder/ümlaut +%")),
        ("s3", lambda s3: s3.get_object(Bucket="kept", Key="other")),
        ("s3", lambda s3: s3.list_objects_v2(Bucket="kept", Prefix="a folder/ü")),
        ("ec2", lambda ec2: ec2.describe_regions()),
    ],
)
def test_call_within_the_process_is_answered_as_by_the_wire(
    service: str, call: Callable[[Any], Any], server: Server, within: Client
) -> None:
    s3 = within("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(
        Bucket="kept", Key="a folder/ümlaut +%", Body=io.BytesIO(b"text"), Metadata={"by": "us"}
    )

    by_wire, directly = answer(call, server.client(service)), answer(call, within(service))

    for answered in (by_wire, directly):
        if "Body" in answered:
            answered["Body"] = answered["Body"].read()
    assert directly == by_wire


def test_metadata_that_only_the_wire_keeps_takes_it(server: Server, within: Client) -> None:
    s3 = within("s3")
    s3.create_bucket(Bucket="kept")

    s3.put_object(Bucket="kept", Key="one", Body=b"1", Metadata={"with_underscore": "kept"})

    assert s3.head_object(Bucket="kept", Key="one")["Metadata"] == {"with_underscore": "kept"}


def test_answer_that_a_fault_loses_is_a_closed_connection(server: Server, within: Client) -> None:
    server.context.faults.replace(
        [{"service": "organizations", "operation": "CreatePolicy", "calls": "all", "lost": True}]
    )

    with pytest.raises(ConnectionClosedError):
        within("organizations").create_policy(
            Name="p", Description="", Type="SERVICE_CONTROL_POLICY", Content="{}"
        )

    assert {call.operation for call in server.context.calls} == {"CreatePolicy"}


def test_what_fails_unforeseen_is_an_internal_error(
    server: Server, within: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(server.context, "app", fail)

    with pytest.raises(ClientError) as failed:
        within("sts").get_caller_identity()

    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_client_of_an_aws_that_is_no_more_finds_none() -> None:
    aws = EmbeddedAws()
    aws.context.endpoint_url = "http://127.0.0.1:1"

    with pytest.raises(EndpointConnectionError):
        aws.client("sts").get_caller_identity()
