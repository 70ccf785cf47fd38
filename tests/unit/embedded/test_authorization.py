"""A role's policies, from moto's IAM, held against calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.organizations.models import organizations_backends

from embedded import ACCOUNT_ID, REGION, organizations
from embedded.authorization.authorization import Authorization
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.core.principal import Principal
from embedded.moto_patches import iam_managed_policies
from embedded.protocols.protocols import ApiCall
from tests.unit.embedded.cloudformation_template import trust

NOON = 1_795_000_000.0
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
WORKER = Principal(
    arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/Worker/one", role_name="Worker", session_name="one"
)


@pytest.fixture(autouse=True)
def fresh_backends() -> Iterator[None]:
    BackendDict.reset()
    activate(Context(clock=Clock(), faults=Faults.none(), credentials=Credentials()))
    organizations.install()
    organizations.reset_organization(organizations.OrganizationSettings())
    yield
    BackendDict.reset()


def iam() -> Any:
    return iam_backends[ACCOUNT_ID]["aws"]


def worker(*statements: dict[str, Any], boundary: str | None = None) -> None:
    trusted = json.dumps(trust("lambda.amazonaws.com"))
    iam().create_role("Worker", trusted, "/", boundary, "", [], "3600")
    if statements:
        put(*statements)


def put(*statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    iam().put_role_policy("Worker", "inline", json.dumps(document))


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def call(service: str, operation: str, **parameters: Any) -> ApiCall:
    return ApiCall(
        service=service,
        operation=operation,
        region=REGION,
        access_key_id="ASIA",
        protocol="json",
        parameters=parameters,
    )


def denial(one: ApiCall, authorization: Authorization | None = None) -> str | None:
    found = (authorization or Authorization()).denial(WORKER, one, NOON)
    return found.message if found else None


LIST_ROOTS = call("organizations", "ListRoots")


def test_administrator_is_held_to_no_policy() -> None:
    assert Authorization().denial(Principal(), LIST_ROOTS, NOON) is None


def test_role_without_policies_may_do_nothing() -> None:
    worker()

    assert denial(LIST_ROOTS) == (
        f"User: {WORKER.arn} is not authorized to perform: organizations:ListRoots on resource: * "
        "because no identity-based policy allows the organizations:ListRoots action"
    )


def test_inline_policy_allows_what_it_says() -> None:
    worker(allow("organizations:ListRoots"))

    assert denial(LIST_ROOTS) is None
    assert denial(call("organizations", "ListAccounts")) is not None


def test_explicit_deny_is_distinguished() -> None:
    worker(allow("*"), allow("organizations:*") | {"Effect": "Deny"})

    refused = denial(LIST_ROOTS)

    assert refused is not None
    assert refused.endswith("on resource: * with an explicit deny in an identity-based policy")


def test_changed_policy_holds_for_the_next_call() -> None:
    worker(allow("organizations:ListRoots"))
    authorization = Authorization()
    before = denial(LIST_ROOTS, authorization)

    put(allow("organizations:ListAccounts"))

    assert before is None
    assert denial(LIST_ROOTS, authorization) is not None


def test_role_made_anew_does_not_keep_the_old_ones_policies() -> None:
    worker(allow("organizations:ListRoots"))
    authorization = Authorization()
    denial(LIST_ROOTS, authorization)
    iam().delete_role_policy("Worker", "inline")
    iam().delete_role("Worker")

    worker()

    assert denial(LIST_ROOTS, authorization) is not None


def test_role_that_does_not_exist_may_do_nothing() -> None:
    refused = denial(LIST_ROOTS)

    assert refused is not None
    assert "its role does not exist" in refused


def test_malformed_policy_denies_everything() -> None:
    worker(allow("*"))
    iam().get_role("Worker").policies["broken"] = "{"

    refused = denial(LIST_ROOTS)

    assert refused is not None
    assert "a policy is malformed" in refused


def test_policy_put_as_an_object_is_read_too() -> None:
    worker()
    iam().get_role("Worker").policies["template"] = {"Statement": [allow("organizations:*")]}

    assert denial(LIST_ROOTS) is None


def test_aws_managed_policy_is_found_when_attached() -> None:
    worker()
    logs = call("logs", "PutLogEvents", logGroupName="/g", logStreamName="s")

    iam_managed_policies.attach(ACCOUNT_ID, "Worker", BASIC)

    assert denial(logs) is None
    assert denial(LIST_ROOTS) is not None


def test_aws_managed_policy_under_a_wrong_path_is_none() -> None:
    worker()

    with pytest.raises(Exception, match="NoSuchEntity"):
        iam_managed_policies.attach(ACCOUNT_ID, "Worker", BASIC.replace("service-role/", ""))


def test_managed_policy_counts_by_its_default_version() -> None:
    worker()
    document = {"Version": "2012-10-17", "Statement": [allow("organizations:ListRoots")]}
    policy = iam().create_policy("", "/", json.dumps(document), "mine", [])
    iam().attach_role_policy(policy.arn, "Worker")
    authorization = Authorization()
    before = denial(LIST_ROOTS, authorization)

    nothing = {"Version": "2012-10-17", "Statement": [allow("sqs:*")]}
    iam().create_policy_version(policy.arn, json.dumps(nothing), True)

    assert before is None
    assert denial(LIST_ROOTS, authorization) is not None


def test_permissions_boundary_limits_what_policies_allow() -> None:
    document = {"Version": "2012-10-17", "Statement": [allow("sqs:*")]}
    boundary = iam().create_policy("", "/", json.dumps(document), "boundary", [])
    worker(allow("*"), boundary=boundary.arn)

    refused = denial(LIST_ROOTS)

    assert denial(call("sqs", "ListQueues")) is None
    assert refused is not None
    assert "no permissions boundary allows the organizations:ListRoots action" in refused


def test_every_resource_of_a_move_must_be_allowed() -> None:
    organization = organizations_backends[ACCOUNT_ID]["aws"].org
    prefix = f"arn:aws:organizations::{ACCOUNT_ID}"
    move = call(
        "organizations",
        "MoveAccount",
        AccountId="222222222222",
        SourceParentId="r-root",
        DestinationParentId="ou-root-a",
    )
    three = [
        f"{prefix}:account/{organization.id}/*",
        f"{prefix}:root/{organization.id}/r-root",
        f"{prefix}:ou/{organization.id}/ou-root-a",
    ]
    worker()

    for missing in range(3):
        put(
            allow("organizations:MoveAccount")
            | {"Resource": three[:missing] + three[missing + 1 :]}
        )
        refused = denial(move)
        assert refused is not None
        assert three[missing].removesuffix("*") in refused
    put(allow("organizations:MoveAccount") | {"Resource": three})
    assert denial(move) is None


def test_account_with_tags_needs_both_actions() -> None:
    create = call("organizations", "CreateAccount", Tags=[{"Key": "team", "Value": "a"}])
    worker(allow("organizations:CreateAccount"))

    refused = denial(create)
    put(allow("organizations:CreateAccount"), allow("organizations:TagResource"))

    assert refused is not None
    assert "organizations:TagResource" in refused
    assert denial(create) is None


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "a"}}, True),
        ({"StringEquals": {"aws:RequestTag/team": "b"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}, False),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/Work*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Other"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": "1000"}}, False),
        ({"Null": {"aws:MultiFactorAuthAge": "true"}}, True),
    ],
    ids=json.dumps,
)
def test_conditions_see_the_call_and_the_caller(condition: dict[str, Any], allowed: bool) -> None:
    worker(allow("organizations:*", Condition=condition))
    tag = call(
        "organizations",
        "TagResource",
        ResourceId="222222222222",
        Tags=[{"Key": "team", "Value": "a"}],
    )

    assert (denial(tag) is None) == allowed


def test_leading_keys_hold_a_role_to_its_rows() -> None:
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["request#*"]}}
    needs_key = {"Null": {"dynamodb:LeadingKeys": "false"}}
    worker(allow("dynamodb:*", Condition=condition | needs_key))
    dynamodb_backends[ACCOUNT_ID][REGION].tables["ledger"] = _Table()

    def get(key: str) -> str | None:
        return denial(call("dynamodb", "GetItem", TableName="ledger", Key={"pk": {"S": key}}))

    assert get("request#1") is None
    assert get("other#1") is not None


class _Table:
    hash_key_attr = "pk"
    global_indexes = indexes = ()


@pytest.mark.parametrize(("action", "allowed"), [("mystery:*", True), ("mystery:Other", False)])
def test_unknown_service_needs_its_action_on_everything(action: str, allowed: bool) -> None:
    worker(allow(action))

    assert (denial(call("mystery", "DoThings", Name="x")) is None) == allowed


def test_unknown_service_is_not_allowed_on_one_resource() -> None:
    worker(allow("mystery:*", "arn:aws:mystery:::thing"))

    assert denial(call("mystery", "DoThings")) is not None


def test_caller_identity_needs_no_permission() -> None:
    worker(allow("*") | {"Effect": "Deny"})

    assert denial(call("sts", "GetCallerIdentity")) is None
