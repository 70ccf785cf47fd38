"""Custom resources: what their function is asked, and what of its answers CloudFormation takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from embedded.cloudformation.resources.custom import CustomResource
from embedded.core import context
from embedded.core.clock import Clock
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from tests.unit.embedded.cloudformation_template import NAME
from vending.custom_resource.response import send

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]

TOKEN = "arn:aws:lambda:us-east-1:111111111111:function:made"
Answer = Callable[[dict[str, Any]], Any]


def success(event: dict[str, Any]) -> dict[str, Any]:
    """An answer that is as it should be."""
    ids = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    known = event.get("PhysicalResourceId", "made-1")
    return {**ids, "Status": "SUCCESS", "PhysicalResourceId": known, "Data": {"Size": "3"}}


@dataclass
class Function:
    """The function behind the service token."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoked(self, _token: str, event: dict[str, Any]) -> None:
        self.asked.append(event)
        make: Answer = self.answers.get(event["RequestType"], success)
        answer = make(event)
        if answer is not None:
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            assert send(event["ResponseURL"], body) == 200

    @property
    def kinds(self) -> list[str]:
        return [one["RequestType"] for one in self.asked]


@dataclass
class Stacks:
    """The stack of one custom resource, `Made`, of the type Custom::Thing."""

    cloud: Aws

    def create(self, **properties: Any) -> str:
        self.cloud.client("cloudformation").create_stack(
            StackName=NAME, TemplateBody=template(**properties)
        )
        return self.settled()

    def update(self, **properties: Any) -> str:
        self.cloud.update(template(**properties))
        return self.settled()

    def settled(self) -> str:
        until = time.monotonic() + 10
        while (status := str(self.cloud.stack()["StackStatus"])).endswith("_IN_PROGRESS"):
            assert time.monotonic() < until
            time.sleep(0.01)
        return status

    def reason(self) -> str:
        """Why the resource failed, the first time."""
        return next(
            str(each["ResourceStatusReason"])
            for each in self.cloud.events()
            if each["ResourceType"] == "Custom::Thing" and "FAILED" in each["ResourceStatus"]
        )


def template(*, kind: str = "Custom::Thing", **properties: Any) -> str:
    made = {"Type": kind, "Properties": {"ServiceToken": TOKEN, **properties}}
    outputs = {"Id": {"Value": {"Ref": "Made"}}, "Size": {"Value": {"Fn::GetAtt": "Made.Size"}}}
    return json.dumps({"Resources": {"Made": made}, "Outputs": outputs})


@pytest.fixture
def function(empty_cloud: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    made, before = Function(), list(context._active)
    monkeypatch.setattr(CustomResource, "_invoke", made.invoked)
    context.activate(
        context.Context(
            clock=Clock(100),
            faults=Faults.none(),
            credentials=Credentials(),
            endpoint_url=empty_cloud.endpoint_url,
        )
    )
    yield made
    context._active[:] = before


@pytest.fixture
def stacks(empty_cloud: Aws, function: Function) -> Stacks:
    return Stacks(empty_cloud)


def test_function_is_asked_with_texts_and_its_answer_is_shown(
    stacks: Stacks, function: Function
) -> None:
    status = stacks.create(on=True, number=3, tags=[{"a": 1.5}])

    (event,) = function.asked
    assert status == "CREATE_COMPLETE"
    assert stacks.cloud.outputs() == {"Id": "made-1", "Size": "3"}
    assert event["RequestType"] == "Create"
    assert event["ResourceType"] == "Custom::Thing"
    assert event["LogicalResourceId"] == "Made"
    assert event["StackId"] == stacks.cloud.stack()["StackId"]
    assert event["ResourceProperties"] == {
        "ServiceToken": TOKEN,
        "on": "true",
        "number": "3",
        "tags": [{"a": "1.5"}],
    }
    assert "PhysicalResourceId" not in event


def test_update_and_deletion_say_what_there_is(stacks: Stacks, function: Function) -> None:
    stacks.create(size=1)
    stacks.update(size=2)
    stacks.cloud.client("cloudformation").delete_stack(StackName=stacks.cloud.stack()["StackId"])
    until = time.monotonic() + 5
    while len(function.asked) < 3 and time.monotonic() < until:
        time.sleep(0.01)

    _, update, delete = function.asked
    assert (update["RequestType"], update["PhysicalResourceId"]) == ("Update", "made-1")
    assert update["ResourceProperties"]["size"] == "2"
    assert update["OldResourceProperties"]["size"] == "1"
    assert (delete["RequestType"], delete["PhysicalResourceId"]) == ("Delete", "made-1")


def test_failed_creation_is_deleted_by_the_id_that_the_function_gave(
    stacks: Stacks, function: Function
) -> None:
    said = {"Status": "FAILED", "Reason": "No room.", "PhysicalResourceId": "half-made"}
    function.answers["Create"] = lambda event: success(event) | said

    status = stacks.create()

    assert status == "ROLLBACK_COMPLETE"
    assert "Message returned: No room. (RequestId: " in stacks.reason()
    assert function.kinds == ["Create", "Delete"]
    assert function.asked[1]["PhysicalResourceId"] == "half-made"


def test_failed_update_is_updated_back(stacks: Stacks, function: Function) -> None:
    stacks.create(size=1)
    fails = {"Status": "FAILED", "Reason": "No."}
    function.answers["Update"] = lambda event: (
        success(event) | (fails if event["ResourceProperties"]["size"] == "2" else {})
    )

    status = stacks.update(size=2)

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert function.kinds == ["Create", "Update", "Update"]
    back = function.asked[2]
    assert back["ResourceProperties"]["size"] == "1"
    assert back["OldResourceProperties"]["size"] == "2"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: b"no JSON", "Expected valid JSON"),
        (lambda event: success(event) | {"Data": {"a": "x" * 4096}}, "too long"),
        (lambda event: success(event) | {"RequestId": "another"}, "Invalid Response object"),
        (lambda event: success(event) | {"PhysicalResourceId": ""}, "Invalid Response object"),
        (lambda event: success(event) | {"PhysicalResourceId": "x" * 1025}, "Invalid Response"),
        (lambda _: None, "did not receive a response"),
    ],
    ids=["no JSON", "too long", "another's", "no id", "long id", "none"],
)
def test_answer_that_is_none_fails_the_resource(
    stacks: Stacks, function: Function, answer: Answer, reason: str
) -> None:
    function.answers["Create"] = answer

    assert stacks.create(ServiceTimeout=30) == "ROLLBACK_COMPLETE"
    assert reason in stacks.reason()
    assert function.kinds == ["Create", "Delete"]
    assert function.asked[1]["PhysicalResourceId"].startswith(f"{NAME}-Made-")


def test_physical_id_that_changes_is_refused_here(stacks: Stacks, function: Function) -> None:
    stacks.create(size=1)
    changes = iter(["made-2", "made-1"])
    function.answers["Update"] = lambda event: (
        success(event) | {"PhysicalResourceId": next(changes)}
    )

    assert stacks.update(size=2) == "UPDATE_ROLLBACK_COMPLETE"
    assert "replaces no custom resource" in stacks.reason()


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"ServiceToken": "arn:aws:sns:us-east-1:111111111111:topic"}, "Invalid service token"),
        ({"ServiceTimeout": 3601}, "ServiceTimeout must be from 1 to 3600"),
        ({"ServiceTimeout": "soon"}, "ServiceTimeout must be from 1 to 3600"),
    ],
)
def test_resource_that_asks_nobody_fails(
    stacks: Stacks, function: Function, properties: dict[str, Any], reason: str
) -> None:
    assert stacks.create(**properties) == "ROLLBACK_COMPLETE"
    assert reason in stacks.reason()
    assert function.asked == []


def test_service_token_stays(stacks: Stacks) -> None:
    stacks.create(size=1)

    assert stacks.update(ServiceToken=f"{TOKEN}2") == "UPDATE_ROLLBACK_FAILED"
    assert "Modifying service token is not allowed." in stacks.reason()


def test_stack_that_is_busy_is_neither_updated_nor_deleted(
    stacks: Stacks, function: Function
) -> None:
    function.answers["Create"] = lambda _: None
    cloudformation = stacks.cloud.client("cloudformation")
    cloudformation.create_stack(StackName=NAME, TemplateBody=template(ServiceTimeout=60))

    with pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state and can not be updated"):
        stacks.cloud.update(template(size=1))
    with pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state and can not be deleted"):
        cloudformation.delete_stack(StackName=NAME)

    assert stacks.settled() == "ROLLBACK_COMPLETE"


def test_general_type_is_one_too(stacks: Stacks, function: Function) -> None:
    body = template(kind="AWS::CloudFormation::CustomResource")
    stacks.cloud.client("cloudformation").create_stack(StackName=NAME, TemplateBody=body)

    assert stacks.settled() == "CREATE_COMPLETE"
    assert function.asked[0]["ResourceType"] == "AWS::CloudFormation::CustomResource"
