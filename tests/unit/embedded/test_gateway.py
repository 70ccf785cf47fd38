"""Real boto3 clients against the gateway: who may do what, where, and what goes wrong."""

from __future__ import annotations

import io
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from embedded import ACCOUNT_ID, REGION
from embedded.core.principal import Principal, caller
from embedded.gateway.gateway import Gateway
from tests.unit.embedded.cloudformation_template import trust
from tests.unit.embedded.gateway_server import Server, running

MEMBER = "222222222222"
MACHINE = {
    "StartAt": "Done",
    "States": {"Done": {"Type": "Succeed"}},
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def server(shared: Server) -> Server:
    shared.again()
    return shared


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refusal(error: ClientError) -> tuple[str, int]:
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def root_id(server: Server) -> str:
    return str(server.client("organizations").list_roots()["Roots"][0]["Id"])


def units(server: Server) -> list[str]:
    listed = server.client("organizations").list_organizational_units_for_parent(
        ParentId=root_id(server)
    )
    return [unit["Name"] for unit in listed["OrganizationalUnits"]]


def test_organizations_condition_limits_a_role(server: Server) -> None:
    condition = {"StringEquals": {"organizations:ServicePrincipal": "ram.amazonaws.com"}}
    role = server.role(allow("organizations:EnableAWSServiceAccess", Condition=condition))
    organizations = server.client("organizations", role)

    organizations.enable_aws_service_access(ServicePrincipal="ram.amazonaws.com")
    with pytest.raises(organizations.exceptions.AccessDeniedException) as caught:
        organizations.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")

    assert refusal(caught.value) == ("AccessDeniedException", 400)
    message = caught.value.response["Error"]["Message"]
    assert message == (
        f"User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/{server.last_role}/session is not "
        "authorized to perform: organizations:EnableAWSServiceAccess on resource: * because no "
        "identity-based policy allows the organizations:EnableAWSServiceAccess action"
    )
    enabled = server.client("organizations").list_aws_service_access_for_organization()
    names = [one["ServicePrincipal"] for one in enabled["EnabledServicePrincipals"]]
    assert names == ["ram.amazonaws.com"]
    assert server.errors("EnableAWSServiceAccess") == [None, "AccessDeniedException"]


def test_organizations_resource_limits_a_role(server: Server) -> None:
    administrator = server.client("organizations")
    root = administrator.list_roots()["Roots"][0]
    made = [
        administrator.create_organizational_unit(ParentId=root["Id"], Name=name)
        for name in ("Mine", "Other")
    ]
    mine, other = (one["OrganizationalUnit"] for one in made)
    role = server.role(allow("organizations:CreateOrganizationalUnit", mine["Arn"]))
    organizations = server.client("organizations", role)

    organizations.create_organizational_unit(ParentId=mine["Id"], Name="Below")
    with pytest.raises(organizations.exceptions.AccessDeniedException, match=other["Arn"]):
        organizations.create_organizational_unit(ParentId=other["Id"], Name="Below")


def test_iam_denial_is_xml_that_botocore_reads(server: Server) -> None:
    role = server.role(allow("iam:ListOrganizationsFeatures"))
    server.client("organizations").enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    iam = server.client("iam", role)

    listed = iam.list_organizations_features()
    with pytest.raises(ClientError) as caught:
        iam.enable_organizations_root_sessions()

    assert listed["EnabledFeatures"] == []
    assert refusal(caught.value) == ("AccessDenied", 403)
    assert "iam:EnableOrganizationsRootSessions on resource: *" in str(caught.value)
    assert server.errors("EnableOrganizationsRootSessions") == ["AccessDenied"]


def test_dynamodb_rows_limit_a_role(server: Server) -> None:
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "request#*"}}
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/ledger"
    role = server.role(allow("dynamodb:PutItem", table, Condition=condition))
    limited = server.client("dynamodb", role)

    limited.put_item(TableName="ledger", Item={"pk": {"S": "request#1"}})
    with pytest.raises(ClientError) as other_row:
        limited.put_item(TableName="ledger", Item={"pk": {"S": "gate"}})
    with pytest.raises(ClientError) as other_action:
        limited.get_item(TableName="ledger", Key={"pk": {"S": "request#1"}})
    with pytest.raises(ClientError) as transaction:
        limited.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "ledger", "Item": {"pk": {"S": "request#2"}}}},
                {"Delete": {"TableName": "ledger", "Key": {"pk": {"S": "request#1"}}}},
            ]
        )

    for caught in (other_row, other_action, transaction):
        assert refusal(caught.value) == ("AccessDeniedException", 400)
    assert "dynamodb:DeleteItem" in str(transaction.value)
    assert dynamodb.scan(TableName="ledger")["Count"] == 1


def test_lambda_denial_is_rest_json(server: Server) -> None:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:mine"
    role = server.role(allow("lambda:InvokeFunction", [function, f"{function}:*"]))
    limited = server.client("lambda", role)

    with pytest.raises(limited.exceptions.ResourceNotFoundException):
        limited.invoke(FunctionName="mine")
    with pytest.raises(ClientError) as caught:
        limited.invoke(FunctionName="other")

    assert refusal(caught.value) == ("AccessDeniedException", 403)
    assert f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:other" in str(caught.value)
    assert server.errors("Invoke") == ["ResourceNotFoundException", "AccessDeniedException"]


def test_events_bus_limits_a_role(server: Server) -> None:
    server.client("events").create_event_bus(Name="account-vending")
    bus = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/account-vending"
    condition = {"StringEquals": {"events:source": "account-vending"}}
    role = server.role(allow("events:PutEvents", bus, Condition=condition))
    limited = server.client("events", role)

    def entry(bus: str, source: str = "account-vending") -> dict[str, str]:
        return {"EventBusName": bus, "Source": source, "DetailType": "d", "Detail": "{}"}

    sent = limited.put_events(Entries=[entry("account-vending"), entry(bus)])
    assert sent["FailedEntryCount"] == 0
    for refused in (entry("default"), entry("account-vending", "somebody.else")):
        with pytest.raises(ClientError) as caught:
            limited.put_events(Entries=[entry("account-vending"), refused])
        assert refusal(caught.value) == ("AccessDeniedException", 400)


def test_states_machine_limits_a_role(server: Server) -> None:
    states = server.client("stepfunctions")
    trusted = server.client("iam").create_role(
        RoleName="Machine", AssumeRolePolicyDocument=json.dumps(trust("states.amazonaws.com"))
    )
    made = {
        name: states.create_state_machine(
            name=name, definition=json.dumps(MACHINE), roleArn=trusted["Role"]["Arn"]
        )["stateMachineArn"]
        for name in ("mine", "other")
    }
    role = server.role(
        allow("states:StartExecution", made["mine"]),
        allow("states:DescribeExecution", made["mine"].replace("stateMachine", "execution") + ":*"),
    )
    limited = server.client("stepfunctions", role)

    started = limited.start_execution(stateMachineArn=made["mine"], name="one")
    limited.describe_execution(executionArn=started["executionArn"])
    other = states.start_execution(stateMachineArn=made["other"], name="one")
    with pytest.raises(ClientError) as start:
        limited.start_execution(stateMachineArn=made["other"])
    with pytest.raises(ClientError) as describe:
        limited.describe_execution(executionArn=other["executionArn"])
    with pytest.raises(ClientError) as stop:
        limited.stop_execution(executionArn=started["executionArn"])

    for caught in (start, describe, stop):
        assert refusal(caught.value) == ("AccessDeniedException", 400)


def test_other_protocols_deny_readably(server: Server) -> None:
    role = server.role(allow("organizations:*"))

    with pytest.raises(ClientError) as sqs:
        server.client("sqs", role).send_message(
            QueueUrl=f"{server.url}/{ACCOUNT_ID}/q", MessageBody="m"
        )
    with pytest.raises(ClientError) as s3:
        server.client("s3", role).get_object(Bucket="box", Key="k")
    with pytest.raises(ClientError) as cloudwatch:
        server.client("cloudwatch", role).put_metric_data(
            Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}]
        )

    assert refusal(sqs.value) == ("AccessDeniedException", 400)
    assert refusal(s3.value) == ("AccessDenied", 403)
    assert refusal(cloudwatch.value)[0] == "AccessDeniedException"


def test_session_knows_who_it_is(server: Server) -> None:
    role = server.role()

    identity = server.client("sts", role).get_caller_identity()

    assert identity["Account"] == ACCOUNT_ID
    assert identity["Arn"].endswith(f":assumed-role/{server.last_role}/session")


def test_assumed_role_acts_in_its_own_account_within_its_policies(server: Server) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam_backends[MEMBER]["aws"].create_role("Visitor", trust, "/", None, "", [], "3600")
    iam_backends[MEMBER]["aws"].put_role_policy(
        "Visitor",
        "visit",
        json.dumps({"Version": "2012-10-17", "Statement": [allow("iam:CreateUser")]}),
    )
    arn = f"arn:aws:iam::{MEMBER}:role/Visitor"
    given = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    iam = server.client(
        "iam", (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    )

    made = iam.create_user(UserName="somebody")
    with pytest.raises(ClientError) as caught:
        iam.list_users()

    assert made["User"]["Arn"] == f"arn:aws:iam::{MEMBER}:user/somebody"
    assert refusal(caught.value) == ("AccessDenied", 403)
    assert server.client("iam").list_users()["Users"] == []


def test_administrator_attaches_an_aws_managed_policy(server: Server) -> None:
    role = server.role()
    server.client("iam").attach_role_policy(
        RoleName=server.last_role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )

    assert server.client("organizations", role).list_roots()["Roots"]


def test_fault_error_fails_instead_of_acting(server: Server) -> None:
    rule = {"service": "organizations", "operation": "CreateOrganizationalUnit", "calls": [2]}
    error = {"error": "ConstraintViolationException", "reason": "OU_NUMBER_LIMIT_EXCEEDED"}
    server.context.faults.replace([rule | error])
    organizations, root = server.client("organizations"), root_id(server)

    organizations.create_organizational_unit(ParentId=root, Name="A")
    with pytest.raises(organizations.exceptions.ConstraintViolationException) as caught:
        organizations.create_organizational_unit(ParentId=root, Name="B")
    organizations.create_organizational_unit(ParentId=root, Name="C")

    assert refusal(caught.value) == ("ConstraintViolationException", 400)
    assert caught.value.response["Reason"] == "OU_NUMBER_LIMIT_EXCEEDED"
    assert units(server) == ["A", "C"]
    assert server.errors("CreateOrganizationalUnit") == [
        None,
        "ConstraintViolationException",
        None,
    ]


@pytest.mark.parametrize(
    ("service", "operation", "error", "code", "status"),
    [
        ("organizations", "ListRoots", "ServiceException", "ServiceException", 500),
        ("organizations", "ListRoots", "TooManyRequestsException", "TooManyRequestsException", 400),
        ("iam", "GetRole", "NoSuchEntityException", "NoSuchEntity", 404),
        (
            "iam",
            "ListOrganizationsFeatures",
            "ServiceAccessNotEnabledException",
            "ServiceAccessNotEnabledException",
            400,
        ),
        ("lambda", "Invoke", "TooManyRequestsException", "TooManyRequestsException", 429),
        ("dynamodb", "GetItem", "ProvisionedThroughputExceededException", None, 400),
        ("stepfunctions", "ListStateMachines", "InvalidToken", None, 400),
        ("events", "ListEventBuses", "InternalException", None, 500),
        ("sqs", "ListQueues", "RequestThrottled", None, 400),
        ("sts", "AssumeRole", "RegionDisabledException", None, 403),
        ("s3", "GetObject", "NoSuchKey", None, 404),
    ],
)
def test_fault_error_is_its_modelled_exception(
    server: Server, service: str, operation: str, error: str, code: str | None, status: int
) -> None:
    rule = {"service": service, "operation": operation, "calls": "all", "error": error}
    server.context.faults.replace([rule])
    client = server.client(service)
    call: dict[tuple[str, str], dict[str, Any]] = {
        ("iam", "GetRole"): {"RoleName": "r"},
        ("lambda", "Invoke"): {"FunctionName": "f"},
        ("dynamodb", "GetItem"): {"TableName": "t", "Key": {"pk": {"S": "a"}}},
        ("sts", "AssumeRole"): {"RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "one"},
        ("s3", "GetObject"): {"Bucket": "box", "Key": "k"},
    }
    method = next(m for m, name in client.meta.method_to_api_mapping.items() if name == operation)

    with pytest.raises(getattr(client.exceptions, error)) as caught:
        getattr(client, method)(**call.get((service, operation), {}))

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    if code:
        assert caught.value.response["Error"]["Code"] == code
    assert server.errors(operation) == [caught.value.response["Error"]["Code"]]


def test_lost_answer_acts_once_and_closes_the_connection(server: Server) -> None:
    rule = {"service": "organizations", "operation": "CreateOrganizationalUnit", "calls": [1]}
    server.context.faults.replace([rule | {"lost": True}])
    root = root_id(server)
    started = time.monotonic()

    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        server.client("organizations").create_organizational_unit(ParentId=root, Name="A")

    assert time.monotonic() - started < 1
    assert units(server) == ["A"]
    assert server.errors("CreateOrganizationalUnit") == [None]


def test_lost_answer_of_a_rest_call_too(server: Server) -> None:
    server.context.faults.replace(
        [{"service": "s3", "operation": "CreateBucket", "calls": [1], "lost": True}]
    )

    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        server.client("s3").create_bucket(Bucket="box")

    assert [b["Name"] for b in server.client("s3").list_buckets()["Buckets"]] == ["box"]


def test_denied_call_counts_for_no_fault(server: Server) -> None:
    rule = {"service": "organizations", "operation": "ListRoots", "calls": [1]}
    server.context.faults.replace([rule | {"error": "ServiceException"}])
    limited = server.client("organizations", server.role())
    administrator = server.client("organizations")

    with pytest.raises(limited.exceptions.AccessDeniedException):
        limited.list_roots()
    with pytest.raises(administrator.exceptions.ServiceException):
        administrator.list_roots()


def test_operation_that_moto_lacks_says_so(server: Server) -> None:
    with pytest.raises(ClientError) as caught:
        server.client("organizations").put_resource_policy(Content="{}")

    assert refusal(caught.value) == ("NotImplemented", 501)
    assert "organizations:PutResourcePolicy" in str(caught.value)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("lambda", "ListCapacityProviders", {}),
        ("account", "ListRegions", {}),
        ("controltower", "ListEnabledBaselines", {}),
        ("billing", "ListBillingViews", {}),
        ("workmail", "ListOrganizations", {}),
        ("autoscaling", "DescribeAccountLimits", {}),
    ],
)
def test_call_that_the_embedded_aws_lacks_is_an_error_in_the_services_protocol(
    server: Server, service: str, operation: str, parameters: dict[str, str]
) -> None:
    client = server.client(service)
    call = getattr(client, xform_name(operation))

    with pytest.raises(ClientError) as caught:
        call(**parameters)

    assert refusal(caught.value) == ("NotImplemented", 501)
    assert f"{service}:{operation}" in str(caught.value)


def test_failure_inside_moto_is_an_error_in_the_protocol(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    iam_backends[ACCOUNT_ID]["aws"].roles = None

    with pytest.raises(ClientError) as caught:
        server.client("iam").list_roles()

    assert refusal(caught.value) == ("InternalFailure", 500)
    assert server.errors("ListRoles") == ["InternalFailure"]
    assert "iam:ListRoles failed" in caplog.text


def test_large_and_streamed_bodies_reach_moto_whole(server: Server) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="big")
    content = bytes(range(256)) * 8192

    s3.put_object(Bucket="big", Key="a b/ü", Body=content)

    assert s3.get_object(Bucket="big", Key="a b/ü")["Body"].read() == content


def test_calls_are_recorded_with_caller_and_virtual_time(server: Server) -> None:
    before = server.context.clock.now()

    server.client("organizations").list_roots()

    call = server.context.calls[-1]
    assert (call.service, call.operation, call.error) == ("organizations", "ListRoots", None)
    assert call.caller == f"arn:aws:iam::{ACCOUNT_ID}:root"
    assert before <= call.at <= server.context.clock.now()


def test_motos_own_api_passes_through(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/moto-api/config") as answer:
        assert answer.status == 201
        assert "batch" in json.load(answer)
    with pytest.raises(urllib.error.HTTPError, match="404"):  # a page, by Flask's templates
        urllib.request.urlopen(f"{server.url}/moto-api/")
    assert server.context.calls == []


def test_caller_is_known_while_moto_acts_and_forgotten_after(server: Server) -> None:
    seen: list[Principal] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(caller.get())
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    role = server.role(allow("organizations:*"))
    credential = f"Credential={role.access_key_id}/20261120/{REGION}/organizations/aws4_request"
    environ = {
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {credential}, Signature=0",
        "HTTP_X_AMZ_TARGET": "AWSOrganizationsV20161128.ListRoots",
        "CONTENT_LENGTH": "2",
        "wsgi.input": io.BytesIO(b"{}"),
    }

    body = list(Gateway(app)(environ, lambda *_: lambda data: None))

    assert body == [b"{}"]
    assert [principal.role_name for principal in seen] == [server.last_role]
    assert caller.get().is_administrator


def test_answer_has_no_headers_for_other_sites_scripts(server: Server) -> None:
    answer = server.client("sqs").list_queues()

    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in headers if name.startswith("access-control-")]
