"""Requests as boto3 serializes them, identified; error answers as botocore reads them."""

from __future__ import annotations

import gzip
import io
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import boto3
import pytest
from botocore.config import Config

from embedded import REGION
from embedded.protocols.errors import Answer, denied, error
from embedded.protocols.protocols import ApiCall, error_code, identify

URL = "http://127.0.0.1:4566"


class _SentError(Exception):
    """Stops a client when its request is ready."""


def client(service: str) -> Any:
    return boto3.session.Session().client(  # type: ignore[call-overload]
        service,
        region_name=REGION,
        endpoint_url=URL,
        aws_access_key_id="ASIAEXAMPLEKEY",
        aws_secret_access_key="x",
        aws_session_token="t",
        config=Config(retries={"total_max_attempts": 1}),
    )


def request(service: str, method: str, **parameters: Any) -> tuple[dict[str, Any], bytes]:
    """The WSGI environment and body of the request that boto3 would send."""
    sent: list[Any] = []

    def stop(request: Any, **_: Any) -> None:
        sent.append(request)
        raise _SentError

    one = client(service)
    one.meta.events.register_last("before-send.*", stop)
    with pytest.raises(_SentError):
        getattr(one, method)(**parameters)
    prepared = sent[0]
    parts = urlsplit(prepared.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": prepared.method,
        "PATH_INFO": unquote(parts.path),
        "RAW_URI": parts.path + (f"?{parts.query}" if parts.query else ""),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4566",
        "HTTP_HOST": "127.0.0.1:4566",
        "wsgi.url_scheme": "http",
    }
    for name, value in prepared.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode() if isinstance(value, bytes) else str(value)
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    body = prepared.body or b""
    body = body.read() if isinstance(body, io.IOBase) else body
    return environ, body.encode() if isinstance(body, str) else bytes(body)


@pytest.mark.parametrize(
    ("service", "method", "parameters", "operation"),
    [
        (
            "organizations",
            "move_account",
            {
                "AccountId": "222222222222",
                "SourceParentId": "r-aaaa",
                "DestinationParentId": "ou-aaaa-bbbbbbbb",
            },
            "MoveAccount",
        ),
        ("dynamodb", "get_item", {"TableName": "ledger", "Key": {"pk": {"S": "é"}}}, "GetItem"),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": "arn:s", "input": "{}"},
            "StartExecution",
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]},
            "PutEvents",
        ),
        ("logs", "create_log_group", {"logGroupName": "/aws/lambda/f"}, "CreateLogGroup"),
        (
            "sqs",
            "send_message",
            {"QueueUrl": f"{URL}/111111111111/q", "MessageBody": "m"},
            "SendMessage",
        ),
        ("iam", "get_role", {"RoleName": "a+b@c"}, "GetRole"),
        ("iam", "list_organizations_features", {}, "ListOrganizationsFeatures"),
        ("iam", "tag_role", {"RoleName": "r", "Tags": [{"Key": "k", "Value": "v"}]}, "TagRole"),
        (
            "sts",
            "assume_role",
            {"RoleArn": "arn:aws:iam::222222222222:role/r", "RoleSessionName": "one"},
            "AssumeRole",
        ),
        ("lambda", "invoke", {"FunctionName": "f", "Qualifier": "1", "Payload": b"{}"}, "Invoke"),
        (
            "lambda",
            "get_function",
            {"FunctionName": f"arn:aws:lambda:{REGION}:111111111111:function:f"},
            "GetFunction",
        ),
        ("s3", "get_object", {"Bucket": "box", "Key": "a/b c"}, "GetObject"),
        ("s3", "list_objects_v2", {"Bucket": "box", "Prefix": "p/"}, "ListObjectsV2"),
        ("xray", "put_trace_segments", {"TraceSegmentDocuments": ["{}"]}, "PutTraceSegments"),
        ("ec2", "describe_instances", {"InstanceIds": ["i-1"]}, "DescribeInstances"),
        ("cloudformation", "describe_stacks", {"StackName": "s"}, "DescribeStacks"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_of_boto3_is_identified(
    service: str, method: str, parameters: dict[str, Any], operation: str
) -> None:
    call = identify(*request(service, method, **parameters))

    assert call is not None
    assert (call.service, call.operation, call.region) == (service, operation, REGION)
    assert call.access_key_id == "ASIAEXAMPLEKEY"
    given = {k: v for k, v in parameters.items() if k != "Payload"}
    assert {k: call.parameters[k] for k in given} == given


def test_request_of_cloudwatch_is_identified() -> None:
    # Its dimensions' values are what matters least; the protocol is the one that differs.
    metric = {"MetricName": "m", "Value": 1.0}

    call = identify(*request("cloudwatch", "put_metric_data", Namespace="n", MetricData=[metric]))

    assert call is not None
    assert (call.service, call.operation) == ("cloudwatch", "PutMetricData")
    assert call.parameters["Namespace"] == "n"


def environ(scope: str = f"organizations/{REGION}", **more: str) -> dict[str, Any]:
    service, region = scope.split("/")
    credential = f"Credential=AKIA/20261120/{region}/{service}/aws4_request"
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4566",
        "wsgi.url_scheme": "http",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        **more,
    }


def test_compressed_json_is_read() -> None:
    target = {"HTTP_X_AMZ_TARGET": "AWSEvents.PutEvents", "HTTP_CONTENT_ENCODING": "gzip"}

    call = identify(environ(**target), gzip.compress(b'{"Entries": [1]}'))

    assert call is not None
    assert call.parameters == {"Entries": [1]}


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b""], ids=repr)
def test_body_that_is_no_json_object_gives_no_parameters(body: bytes) -> None:
    call = identify(environ(HTTP_X_AMZ_TARGET="AWSOrganizationsV20161128.TagResource"), body)

    assert call is not None
    assert (call.operation, call.parameters) == ("TagResource", {})


def test_rpc_path_names_the_operation() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"

    call = identify(environ(f"monitoring/{REGION}", PATH_INFO=path), b"\xa0")

    assert call is not None
    assert (call.service, call.operation) == ("cloudwatch", "PutMetricData")


@pytest.mark.parametrize(
    "scope", [f"lambda/{REGION}", f"mystery/{REGION}"], ids=["no-such-path", "no-such-service"]
)
def test_request_that_fits_no_operation(scope: str) -> None:
    call = identify(environ(scope, PATH_INFO="/nowhere/at/all"), b"")

    assert call is not None
    assert (call.operation, call.parameters) == ("", {})


def test_presigned_request_is_identified() -> None:
    signed = environ(f"s3/{REGION}", REQUEST_METHOD="GET", PATH_INFO="/box/key")
    del signed["HTTP_AUTHORIZATION"]
    credential = quote(f"ASIAX/20261120/{REGION}/s3/aws4_request", safe="")
    signed["QUERY_STRING"] = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}"

    call = identify(signed, b"")

    assert call is not None
    assert (call.service, call.operation, call.access_key_id) == ("s3", "GetObject", "ASIAX")


def test_unsigned_request_is_no_call() -> None:
    unsigned = environ()
    del unsigned["HTTP_AUTHORIZATION"]

    assert identify(unsigned, b"Action=AssumeRoleWithWebIdentity") is None


def api_call(service: str, operation: str, protocol: str) -> ApiCall:
    return ApiCall(
        service=service,
        operation=operation,
        region=REGION,
        access_key_id="AKIA",
        protocol=protocol,
    )


ORGANIZATIONS = api_call("organizations", "CreateAccount", "json")
IAM = api_call("iam", "GetRole", "query")
LAMBDA = api_call("lambda", "Invoke", "rest-json")
SQS = api_call("sqs", "SendMessage", "json")
S3 = api_call("s3", "GetObject", "rest-xml")
EC2 = api_call("ec2", "DescribeInstances", "ec2")


@pytest.mark.parametrize(
    ("call", "code", "on_the_wire", "status"),
    [
        (ORGANIZATIONS, "ConstraintViolationException", "ConstraintViolationException", 400),
        (ORGANIZATIONS, "ServiceException", "ServiceException", 500),
        (ORGANIZATIONS, "TooManyRequestsException", "TooManyRequestsException", 400),
        (ORGANIZATIONS, "InternalFailure", "InternalFailure", 500),
        (ORGANIZATIONS, "ServiceUnavailable", "ServiceUnavailable", 503),
        (ORGANIZATIONS, "ThrottlingException", "ThrottlingException", 400),
        (IAM, "NoSuchEntityException", "NoSuchEntity", 404),
        (IAM, "NoSuchEntity", "NoSuchEntity", 404),
        (IAM, "ServiceFailureException", "ServiceFailure", 500),
        (LAMBDA, "TooManyRequestsException", "TooManyRequestsException", 429),
        (LAMBDA, "ServiceException", "ServiceException", 500),
        (SQS, "QueueDoesNotExist", "QueueDoesNotExist", 400),
        (S3, "NoSuchKey", "NoSuchKey", 404),
        (EC2, "RequestLimitExceeded", "RequestLimitExceeded", 503),
    ],
    ids=lambda value: value.service if isinstance(value, ApiCall) else str(value),
)
def test_error_has_the_models_code_and_status(
    call: ApiCall, code: str, on_the_wire: str, status: int
) -> None:
    answer = error(call, code, "why <&>")

    assert answer.status.startswith(f"{status} ")
    assert error_code(dict(answer.headers), answer.body) == on_the_wire


@pytest.mark.parametrize(
    ("call", "code", "status"),
    [
        (ORGANIZATIONS, "AccessDeniedException", "400"),
        (SQS, "AccessDeniedException", "400"),
        (IAM, "AccessDenied", "403"),
        (LAMBDA, "AccessDeniedException", "403"),
        (S3, "AccessDenied", "403"),
        (EC2, "AccessDenied", "403"),
    ],
    ids=lambda value: value.service if isinstance(value, ApiCall) else str(value),
)
def test_denial_is_said_as_the_protocol_says_it(call: ApiCall, code: str, status: str) -> None:
    answer = denied(call, "no")

    assert answer.status.partition(" ")[0] == status
    assert error_code(dict(answer.headers), answer.body) == code


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"x-amzn-errortype": "A:http://x"}, b"{}", "A"),
        ({}, b'{"__type": "com.amazonaws.x#A"}', "A"),
        ({}, b'{"code": "A"}', "A"),
        ({"x-amzn-query-error": "A.B;Sender"}, b'{"__type": "C"}', "A.B"),
        ({}, b"<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>", "A"),
        ({}, b"<html>", "Unknown"),
        ({}, b"{", "Unknown"),
        ({}, b"", "Unknown"),
    ],
)
def test_error_code_is_found_wherever_it_is(
    headers: dict[str, str], body: bytes, expected: str
) -> None:
    assert error_code(headers, body) == expected


def test_message_is_escaped_in_xml() -> None:
    answer: Answer = error(IAM, "NoSuchEntity", "a < b & c")

    assert b"<Message>a &lt; b &amp; c</Message>" in answer.body
