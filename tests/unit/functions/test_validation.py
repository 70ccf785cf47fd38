"""The judge of the functions' requests is itself judged: it must see what botocore lets through."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from tests.unit.functions.validation import violations

SESSION = botocore.session.get_session()
NEW = {"Email": "a@example.com", "AccountName": "A"}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateAccount", {"AccountName": "A"}),
        ("CreateAccount", NEW | {"Email": 7}),
        ("CreateAccount", NEW | {"Email": "a" * 60 + "@example.com"}),
        ("CreateAccount", NEW | {"AccountName": "x" * 51}),
        ("CreateAccount", NEW | {"AccountName": "Büro"}),
        ("CreateAccount", NEW | {"IamUserAccessToBilling": "MAYBE"}),
        ("CreateAccount", NEW | {"Tags": [{"Key": "a*", "Value": ""}]}),
        ("CreateAccount", NEW | {"Tags": [{"Key": "a", "Value": "v" * 257}]}),
        ("DescribeAccount", {"AccountId": "42"}),
        ("ListAccounts", {"MaxResults": 21}),
        ("ListRoots", {"Unknown": "x"}),
        ("EnableAWSServiceAccess", {"ServicePrincipal": "a b"}),
    ],
    ids=str,
)
def test_request_that_aws_would_not_take_is_seen(
    operation: str, parameters: dict[str, Any]
) -> None:
    model = SESSION.get_service_model("organizations").operation_model(operation)

    assert violations(parameters, model.input_shape)


def test_request_that_aws_takes_has_no_violations() -> None:
    model = SESSION.get_service_model("organizations").operation_model("CreateAccount")
    tags = [{"Key": "Größe 大小", "Value": "٣ _.:/=+-@"}]

    assert violations(NEW | {"Tags": tags, "RoleName": "A"}, model.input_shape) == []
