"""The text of a policy is looked at before there is an account, as AWS would look at it after."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from embedded.organizations import policy as embedded_policy
from embedded.organizations.errors import OrganizationsError
from embedded.organizations.quotas import POLICY_LIMITS
from tests.builders import a_request
from vending.errors.exceptions import RequestInvalid
from vending.request import policy_documents, validators
from vending.request.account_request import parse
from vending.request.fields import PolicyType

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
TYPES = get_args(PolicyType)


def of(*statements: Any) -> dict[str, Any]:
    """A policy of statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    (SCP, of(DENY), []),
    (SCP, of(DENY) | {"Statement": DENY}, []),
    (SCP, {"Statement": DENY}, ["must have the Version"]),
    (SCP, of(DENY) | {"Version": "2008-10-17"}, ["must have the Version"]),
    (SCP, of({"Effect": "Deny", "NotAction": "iam:*", "NotResource": "*"}), []),
    (RCP, of(DENY | {"Principal": "*"}), []),
    ("TAG_POLICY", {"tags": {}}, []),
    ("GUARDDUTY_POLICY", {"anything": {}}, []),
    (SCP, {}, ["must have the Version", "must have a Statement"]),
    (SCP, of() | {"Statement": "deny"}, ["must have a Statement"]),
    (SCP, of(DENY, "deny"), ["Statement[1] must be an object"]),
    (SCP, of({"Effect": "Deny", "Resource": "*"}), ["Statement[0] must have either Action"]),
    (SCP, of(DENY | {"NotAction": "*"}), ["Statement[0] must have either Action"]),
    (SCP, of({"Effect": "Deny", "Action": "*"}), ["Statement[0] must have either Resource"]),
    (SCP, of(DENY | {"Effect": "deny"}), ["Statement[0] must have the Effect Allow or Deny"]),
    (SCP, of(DENY | {"Principal": "*"}), ["Statement[0] must not have Principal"]),
    (
        RCP,
        of(DENY | {"Effect": "Allow"}),
        ["Statement[0] must have the Effect Deny", "Statement[0] must have the Principal"],
    ),
    ("TAG_POLICY", {"Tags": {}}, ["must have the key 'tags'"]),
    ("BACKUP_POLICY", {"plans": {}, "more": {}}, ["must have the key 'plans'"]),
]


@pytest.mark.parametrize(("kind", "document", "expected"), CASES)
def test_malformed_policy_is_refused_with_every_problem(
    kind: str, document: dict[str, Any], expected: list[str]
) -> None:
    found = policy_documents.problems(document, kind)

    assert len(found) == len(expected)
    assert all(text.startswith(start) for text, start in zip(found, expected, strict=True))


@pytest.mark.parametrize(("kind", "document", "expected"), CASES)
def test_a_request_and_the_embedded_aws_agree_on_a_policy(
    kind: str, document: dict[str, Any], expected: list[str]
) -> None:
    content = json.dumps(document)
    request = a_request(policies=[{"name": "p", "type": kind, "content": content}])

    if expected:
        with pytest.raises(OrganizationsError):
            embedded_policy.check_content(kind, content)
        with pytest.raises(RequestInvalid, match=r"policies\[0\]\.content: "):
            parse(request)
    else:
        embedded_policy.check_content(kind, content)
        assert parse(request).policies[0].content == content


@pytest.mark.parametrize("kind", TYPES)
def test_a_new_account_takes_what_aws_attaches_and_as_many_as_a_request_may_name(kind: str) -> None:
    by_aws = 1 if kind in validators.ATTACHED_BY_AWS else 0
    most = validators.POLICIES_PER_NEW_ACCOUNT.get(kind, validators.POLICIES_PER_TARGET)
    policies = [{"name": f"p{number}", "type": kind} for number in range(most)]

    assert most + by_aws == POLICY_LIMITS[kind].attached_at_most
    assert len(parse(a_request(policies=policies)).policies) == most
    with pytest.raises(RequestInvalid, match="are too many"):
        parse(a_request(policies=[*policies, {"name": "more", "type": kind}]))


def test_the_policy_that_aws_attaches_is_not_counted_twice() -> None:
    named = [{"name": f"p{number}", "type": SCP} for number in range(9)]

    request = parse(a_request(policies=[*named, {"name": "FullAWSAccess", "type": SCP}]))

    assert len(request.policies) == 10


def test_an_account_that_is_a_member_already_may_have_room_for_one_more() -> None:
    policies = [{"name": f"p{number}", "type": SCP} for number in range(10)]
    request = {"source": "existing", "account": {"accountId": "000000000042"}}

    assert len(parse(request | {"policies": policies}).policies) == 10
