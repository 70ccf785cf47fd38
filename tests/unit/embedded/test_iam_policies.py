"""Policy texts that IAM refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.embedded.gateway_server import Server, running

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
SYNTAX = "Syntax errors in policy."
SID = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
    "expression [0-9A-Za-z]*"
)
TRUST_SYNTAX = "Syntax error in policy."


@pytest.fixture(scope="module")
def iam() -> Iterator[Any]:
    with running() as server:
        yield _prepared(server)


def _prepared(server: Server) -> Any:
    client = server.client("iam")
    client.create_role(RoleName="role", AssumeRolePolicyDocument=document(TRUST))
    return client


def document(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | more)


def without(statement: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != name}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", SYNTAX),
        (document(), SYNTAX),
        (document(ALLOW, Version="2015-10-17"), SYNTAX),
        (document(without(ALLOW, "Effect")), SYNTAX),
        (document(ALLOW | {"Effect": "Permit"}), SYNTAX),
        (document(ALLOW | {"NotAction": "s3:*"}), SYNTAX),
        (document(ALLOW | {"Condition": {"StringEqualz": {"aws:x": "y"}}}), SYNTAX),
        (document(ALLOW | {"Surplus": 1}), SYNTAX),
        (
            json.dumps({"Statement": [ALLOW]}),
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (document(without(ALLOW, "Action")), "Policy statement must contain actions."),
        (document(without(ALLOW, "Resource")), "Policy statement must contain resources."),
        (
            document(ALLOW | {"Action": "GetObject"}),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            document(ALLOW | {"Resource": "bucket"}),
            'Resource bucket must be in ARN format or "*".',
        ),
        (
            document(ALLOW | {"Sid": "A"}, ALLOW | {"Sid": "A"}),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (
            document(ALLOW | {"Sid": "a b"}),
            SID,
        ),
        (
            document(ALLOW | {"Principal": "*"}),
            "Policy document should not specify a principal.",
        ),
    ],
)
def test_a_faulty_policy_of_an_identity_is_refused(iam: Any, text: str, message: str) -> None:
    given = {"PolicyName": "faulty", "PolicyDocument": text}
    for put, more in ((iam.create_policy, {}), (iam.put_role_policy, {"RoleName": "role"})):
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException) as refused:
            put(**given, **more)
        assert refused.value.response["Error"]["Message"] == message

    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.list_role_policies(RoleName="role")["PolicyNames"] == []


@pytest.mark.parametrize(
    "statement",
    [
        ALLOW | {"Action": ["s3:Nonsense", "nonsense:*"]},
        ALLOW | {"Condition": {"ForAllValues:StringLikeIfExists": {"no:key": ["y"]}}},
        ALLOW | {"Condition": {"Bool": {"aws:SecureTransport": False}}},
    ],
)
def test_what_no_service_has_is_taken_by_iam(iam: Any, statement: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName="role", PolicyName="odd", PolicyDocument=document(statement))

    iam.delete_role_policy(RoleName="role", PolicyName="odd")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "This policy contains invalid Json"),
        ("[]", "This policy contains invalid Json"),
        (document(), "Could not parse the policy: Statement is empty!"),
        (document(TRUST, Version="x"), "The policy must contain a valid version string"),
        (document(TRUST, Surplus=1), "Unknown field Surplus"),
        (document(TRUST | {"Surplus": 1}), "Unknown field Surplus"),
        (document("x"), TRUST_SYNTAX),
        (document(without(TRUST, "Effect")), "Missing required field Effect"),
        (document(TRUST | {"Effect": "allow"}), "Invalid effect: allow"),
        (document(without(TRUST, "Principal")), "Missing required field Principal"),
        (
            document(TRUST | {"Principal": {}}),
            "Missing required field Principal cannot be empty!",
        ),
        (document(TRUST | {"Principal": "lambda"}), "Principal must be a JSON object."),
        (document(TRUST | {"Principal": {"Role": "x"}}), 'Invalid principal in policy: "Role"'),
        (
            document(TRUST | {"Principal": {"AWS": ["*", "bob"]}}),
            'Invalid principal in policy: "AWS":"bob"',
        ),
        (
            document(TRUST | {"Principal": {"Service": "lambda"}}),
            'Invalid principal in policy: "SERVICE":"lambda"',
        ),
        (document(without(TRUST, "Action")), "Missing required field Action"),
        (document(TRUST | {"NotAction": "sts:AssumeRole"}), TRUST_SYNTAX),
        (
            document(TRUST | {"Action": ["sts:AssumeRole", "s3:GetObject"]}),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (document(TRUST | {"Resource": "*"}), "Has prohibited field Resource"),
        (
            document(TRUST | {"Condition": {"StringEqualz": {"aws:x": "y"}}}),
            "Invalid Condition type : StringEqualz",
        ),
        (document(TRUST | {"Condition": {"Bool": "x"}}), TRUST_SYNTAX),
        (
            document(TRUST | {"Sid": "A"}, TRUST | {"Sid": "A"}),
            "The Statement Ids in the policy are not unique",
        ),
    ],
)
def test_a_faulty_trust_policy_is_refused(iam: Any, text: str, message: str) -> None:
    for put, given in (
        (iam.create_role, {"RoleName": "faulty", "AssumeRolePolicyDocument": text}),
        (iam.update_assume_role_policy, {"RoleName": "role", "PolicyDocument": text}),
    ):
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException) as refused:
            put(**given)
        assert refused.value.response["Error"]["Message"] == message

    assert all(role["RoleName"] != "faulty" for role in iam.list_roles()["Roles"])
    kept = iam.get_role(RoleName="role")["Role"]["AssumeRolePolicyDocument"]
    assert kept["Statement"] == [TRUST]


@pytest.mark.parametrize(
    "statement",
    [
        TRUST | {"Principal": "*"},
        TRUST | {"Principal": {"AWS": ["123456789012", "arn:aws-cn:iam::123456789012:root"]}},
        TRUST | {"Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]},
        TRUST | {"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}},
        TRUST | {"Principal": {"Service": "ec2.amazonaws.com.cn"}, "Effect": "Deny"},
    ],
)
def test_a_trust_policy_is_taken(iam: Any, statement: dict[str, Any]) -> None:
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=document(statement))

    iam.delete_role(RoleName="other")
