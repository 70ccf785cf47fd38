"""CloudFormation is answered at S3 alone, shortly, and without a word of the address anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.respond_to_cloud_formation import RespondToCloudFormation, run
from tests.unit.functions.custom_resources import DELIVERY, STACK, URL, an_event
from vending.errors.exceptions import OperationRefused, ServiceUnavailable

ERROR = {"code": "Quota", "reason": "TOO_MANY", "message": "No room.", "remedy": "Ask for more."}


class S3:
    """What is put, and how that is answered."""

    def __init__(self, status: int = 200, error: Exception | None = None) -> None:
        self.status, self.error = status, error
        self.put: list[tuple[str, bytes]] = []

    def __call__(self, url: str, body: bytes) -> int:
        if self.error:
            raise self.error
        self.put.append((url, body))
        return self.status

    @property
    def answer(self) -> dict[str, Any]:
        ((_, body),) = self.put
        assert len(body) <= 4096
        found: dict[str, Any] = json.loads(body)
        return found


def respond(
    s3: S3, event: dict[str, Any] | None = None, endpoint: str | None = None, **more: Any
) -> dict[str, Any]:
    payload = {"event": event or an_event(), **more}
    understood = RespondToCloudFormation.model_validate(payload, extra="ignore")
    return run(understood, endpoint=endpoint, send=s3)


def test_success_has_the_request_as_id_and_what_get_att_shows() -> None:
    s3 = S3()

    respond(
        s3, physicalResourceId="stacks.sandbox", data={"AccountId": "1", "Revision": 2, "X": None}
    )

    assert s3.answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "stacks.sandbox",
        "StackId": STACK,
        "RequestId": DELIVERY,
        "LogicalResourceId": "Sandbox",
        "Data": {"AccountId": "1", "Revision": "2", "X": ""},
    }


def test_failure_says_code_reason_message_and_remedy() -> None:
    s3 = S3()

    respond(s3, physicalResourceId="stacks.sandbox", error=ERROR)

    assert s3.answer["Status"] == "FAILED"
    assert s3.answer["Reason"] == "Quota/TOO_MANY: No room. Ask for more."
    assert s3.answer["PhysicalResourceId"] == f"unvended:{DELIVERY}"


@pytest.mark.parametrize("kind", ["Update", "Delete"])
def test_failure_leaves_a_resource_its_id(kind: str) -> None:
    s3 = S3()

    respond(s3, an_event(kind), error=ERROR, physicalResourceId="another")

    assert s3.answer["PhysicalResourceId"] == "stacks.sandbox"


def test_failure_of_a_step_is_told_as_records_tell_it() -> None:
    said = json.dumps({"errorMessage": json.dumps(ERROR | {"code": "RequestInvalid"})})
    s3 = S3()

    respond(s3, failure={"Error": "RequestInvalid", "Cause": said})

    assert s3.answer["Reason"].startswith("RequestInvalid/TOO_MANY: No room.")


@pytest.mark.parametrize("letter", ["x", "é", "😀", '"'])
def test_long_reason_is_cut_and_its_remedy_stays(letter: str) -> None:
    s3 = S3()

    respond(s3, error=ERROR | {"message": letter * 9_000})

    assert s3.answer["Reason"].endswith("… Ask for more.")
    assert len(s3.put[0][1]) > 3_000


@pytest.mark.parametrize(
    "url",
    [
        "http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a?b",
        "https://s3.amazonaws.com.example.com/a?b",
        "https://example.com/s3.amazonaws.com",
        "https://user@s3.amazonaws.com/a",
        "https://s3.amazonaws.com:8443/a",
        "https://s3.amazonaws.com@example.com/a",
        "https://169.254.169.254/latest",
        "https://evil-s3.amazonaws.com/a",
        "https://ec2.us-east-1.amazonaws.com/a",
        "file:///etc/passwd",
        "http://127.0.0.1:5000/a",
        "not a url",
    ],
)
def test_answer_goes_to_s3_alone(url: str) -> None:
    s3 = S3()

    with pytest.raises(OperationRefused) as error:
        respond(s3, an_event(ResponseURL=url))

    assert error.value.code == "ResponseUrlRefused"
    assert url not in str(error.value)
    assert s3.put == []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com/a?b",
        "https://s3.us-east-1.amazonaws.com/bucket/a?b",
        "https://s3-us-west-2.amazonaws.com/bucket/a?b",
        "https://bucket.s3.dualstack.us-east-1.amazonaws.com/a?b",
        "https://bucket.s3.cn-north-1.amazonaws.com.cn/a?b",
    ],
)
def test_every_address_of_s3_is_one(url: str) -> None:
    s3 = S3()

    respond(s3, an_event(ResponseURL=url), physicalResourceId="x")

    assert s3.put[0][0] == url


def test_where_the_sdk_has_another_endpoint_that_is_the_only_one() -> None:
    here = "http://127.0.0.1:5000"
    s3 = S3()

    respond(s3, an_event(ResponseURL=f"{here}/b/k?x"), here, physicalResourceId="x")
    for other in (URL, "http://127.0.0.1:5001/b/k", "https://127.0.0.1:5000/b/k"):
        with pytest.raises(OperationRefused):
            respond(s3, an_event(ResponseURL=other), here, physicalResourceId="x")

    assert len(s3.put) == 1


@pytest.mark.parametrize("s3", [S3(503), S3(429), S3(error=TimeoutError()), S3(error=OSError())])
def test_s3_that_is_busy_is_asked_again(s3: S3) -> None:
    with pytest.raises(ServiceUnavailable) as error:
        respond(s3, physicalResourceId="x")

    assert "Signature" not in str(error.value)


@pytest.mark.parametrize("status", [301, 307, 400, 403, 404])
def test_answer_that_comes_too_late_is_not_repeated(status: int) -> None:
    with pytest.raises(OperationRefused) as error:
        respond(S3(status), physicalResourceId="x")

    assert error.value.code == "ResponseRefused"
