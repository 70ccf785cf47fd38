from __future__ import annotations

import json
from typing import Any

import pytest

from embedded.core.service_models import service_model
from embedded.organizations.quotas import POLICY_LIMITS
from tests.unit.embedded.live_aws import Aws

SCP, RCP, TAG = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY"
FULL_ACCESS, RCP_FULL_ACCESS = "p-FullAWSAccess", "p-RCPFullAWSAccess"
DENY = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


CONTENT = {
    SCP: document(DENY),
    RCP: document(DENY | {"Principal": "*"}),
    TAG: '{"tags": {}}',
    "BACKUP_POLICY": '{"plans": {}}',
    "AISERVICES_OPT_OUT_POLICY": '{"services": {}}',
}


def create(aws: Aws, name: str = "guard", type_: str = SCP, **more: Any) -> str:
    request = {"Name": name, "Description": "", "Type": type_, "Content": CONTENT[type_]} | more
    policy = aws.client("organizations").create_policy(**request)["Policy"]
    return str(policy["PolicySummary"]["Id"])


def root_id(aws: Aws) -> str:
    return str(aws.client("organizations").list_roots()["Roots"][0]["Id"])


def turn_on(aws: Aws, type_: str) -> Any:
    return aws.client("organizations").enable_policy_type(RootId=root_id(aws), PolicyType=type_)


def attached(aws: Aws, target: str, type_: str = SCP) -> list[str]:
    listed = aws.client("organizations").list_policies_for_target(TargetId=target, Filter=type_)
    return [policy["Id"] for policy in listed["Policies"]]


def test_every_policy_type_of_the_model_has_limits() -> None:
    model = service_model("organizations")
    assert model is not None
    assert set(POLICY_LIMITS) == set(model.shape_for("PolicyType").enum)  # type: ignore[attr-defined]


@pytest.mark.parametrize("type_", list(CONTENT))
def test_a_policy_is_created_described_updated_and_deleted(aws: Aws, type_: str) -> None:
    client = aws.client("organizations")
    organization_id = client.describe_organization()["Organization"]["Id"]
    policy_id = create(aws, "guard", type_, Tags=[{"Key": "a", "Value": "b"}])

    described = client.describe_policy(PolicyId=policy_id)["Policy"]
    updated = client.update_policy(PolicyId=policy_id, Name="other", Description="why")["Policy"]
    tags = client.list_tags_for_resource(ResourceId=policy_id)["Tags"]
    listed = client.list_policies(Filter=type_)["Policies"]
    client.delete_policy(PolicyId=policy_id)

    assert described["Content"] == updated["Content"] == CONTENT[type_]
    assert described["PolicySummary"] == {
        "Id": policy_id,
        "Arn": f"arn:aws:organizations::111111111111:policy/{organization_id}/{type_.lower()}/"
        f"{policy_id}",
        "Name": "guard",
        "Description": "",
        "Type": type_,
        "AwsManaged": False,
    }
    assert (updated["PolicySummary"]["Name"], updated["PolicySummary"]["Description"]) == (
        "other",
        "why",
    )
    assert tags == [{"Key": "a", "Value": "b"}]
    assert updated["PolicySummary"] in listed
    gone = aws.refused("organizations", "DescribePolicy", PolicyId=policy_id)
    assert gone == ("PolicyNotFoundException", None)


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        (SCP, "{"),
        (SCP, "[]"),
        (SCP, "{}"),
        (SCP, document({"Effect": "Deny", "Resource": "*"})),
        (SCP, document({"Effect": "Deny", "Action": "*"})),
        (SCP, document(DENY | {"Effect": "Maybe"})),
        (SCP, document(DENY | {"Principal": "*"})),
        (SCP, json.dumps({"Version": "2015-10-17", "Statement": [DENY]})),
        (SCP, json.dumps({"Statement": [DENY]})),
        (SCP, json.dumps({"Version": "2012-10-17", "Statement": []})),
        (SCP, document(DENY | {"Surplus": "x"})),
        (SCP, document(DENY | {"Action": "DeleteBucket"})),
        (SCP, document(DENY | {"Resource": "bucket"})),
        (SCP, document(DENY | {"Condition": {"StringEqualz": {"aws:x": "y"}}})),
        (RCP, document(DENY | {"Principal": "*", "Condition": {"StringEqualz": {}, "x": 1}})),
        (RCP, document(DENY)),
        (RCP, document(DENY | {"Effect": "Allow", "Principal": "*"})),
        (TAG, '{"plans": {}}'),
        ("BACKUP_POLICY", "{}"),
    ],
)
@pytest.mark.parametrize("operation", ["CreatePolicy", "UpdatePolicy"])
def test_policy_texts_that_are_malformed(
    aws: Aws, operation: str, type_: str, content: str
) -> None:
    request = {"Name": "bad", "Description": "", "Type": type_, "Content": content}
    if operation == "UpdatePolicy":
        request = {"PolicyId": create(aws, "good", type_), "Content": content}

    refused = aws.refused("organizations", operation, **request)

    assert refused == ("MalformedPolicyDocumentException", None)


@pytest.mark.parametrize(("type_", "most"), [(SCP, 10_240), (RCP, 5_120), (TAG, 10_000)])
def test_policy_texts_have_a_largest_size(aws: Aws, type_: str, most: int) -> None:
    fitting = CONTENT[type_].ljust(most)
    policy_id = create(aws, "good", type_, Content=fitting)
    request = {"Description": "", "Type": type_, "Content": fitting + " "}

    created = aws.refused("organizations", "CreatePolicy", Name="bad", **request)
    updated = aws.refused(
        "organizations", "UpdatePolicy", PolicyId=policy_id, Content=fitting + " "
    )

    assert created == updated
    assert created == ("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED")


def test_a_policys_name_is_its_own(aws: Aws) -> None:
    first, second = create(aws, "one"), create(aws, "two")
    request = {"Description": "", "Type": TAG, "Content": CONTENT[TAG]}

    created = aws.refused("organizations", "CreatePolicy", Name="one", **request)
    renamed = aws.refused("organizations", "UpdatePolicy", PolicyId=second, Name="one")
    aws.client("organizations").update_policy(PolicyId=first, Name="one", Content=CONTENT[SCP])

    assert created == renamed == ("DuplicatePolicyException", None)


def test_policies_of_one_type_have_a_largest_number(aws: Aws) -> None:
    aws.reset_organization(throttled=False, policy_limit=2)
    create(aws, "a"), create(aws, "b")
    request = {"Name": "c", "Description": "", "Type": SCP, "Content": CONTENT[SCP]}

    refused = aws.refused("organizations", "CreatePolicy", **request)
    other = create(aws, "d", TAG)

    assert refused == ("ConstraintViolationException", "POLICY_NUMBER_LIMIT_EXCEEDED")
    assert other.startswith("p-")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (
            [{"Key": "aws:x", "Value": ""}],
            ("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER"),
        ),
        ([{"Key": "a", "Value": ""}] * 2, ("InvalidInputException", "DUPLICATE_TAG_KEY")),
        (
            [{"Key": str(number), "Value": ""} for number in range(51)],
            ("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED"),
        ),
    ],
    ids=["system", "duplicate", "51"],
)
def test_a_policy_with_wrong_tags_is_not_created(
    aws: Aws, tags: list[dict[str, str]], expected: tuple[str, str]
) -> None:
    request = {"Name": "c", "Description": "", "Type": SCP, "Content": CONTENT[SCP], "Tags": tags}

    refused = aws.refused("organizations", "CreatePolicy", **request)

    listed = aws.client("organizations").list_policies(Filter=SCP)["Policies"]
    assert refused == expected
    assert [policy["Id"] for policy in listed] == [FULL_ACCESS]


@pytest.mark.parametrize("policy_id", [FULL_ACCESS, RCP_FULL_ACCESS])
@pytest.mark.parametrize("operation", ["UpdatePolicy", "DeletePolicy"])
def test_awss_own_policies_do_not_change(aws: Aws, operation: str, policy_id: str) -> None:
    refused = aws.refused("organizations", operation, PolicyId=policy_id)

    assert refused == ("InvalidInputException", "IMMUTABLE_POLICY")


@pytest.mark.parametrize("kind", ["root", "unit", "account"])
def test_a_policy_is_attached_and_detached(aws: Aws, kind: str) -> None:
    client = aws.client("organizations")
    target = "111111111111" if kind == "account" else root_id(aws)
    if kind == "unit":
        unit = client.create_organizational_unit(ParentId=target, Name="A")["OrganizationalUnit"]
        target = unit["Id"]
    policy_id = create(aws)
    request = {"PolicyId": policy_id, "TargetId": target}

    before = aws.refused("organizations", "DetachPolicy", **request)
    client.attach_policy(**request)
    again = aws.refused("organizations", "AttachPolicy", **request)
    in_use = aws.refused("organizations", "DeletePolicy", PolicyId=policy_id)
    during = attached(aws, target)
    targets = client.list_targets_for_policy(PolicyId=policy_id)["Targets"]
    client.detach_policy(**request)

    assert before == ("PolicyNotAttachedException", None)
    assert again == ("DuplicatePolicyAttachmentException", None)
    assert in_use == ("PolicyInUseException", None)
    assert during == [FULL_ACCESS, policy_id]
    assert [(one["TargetId"], one["Type"]) for one in targets] == [
        (target, {"root": "ROOT", "unit": "ORGANIZATIONAL_UNIT", "account": "ACCOUNT"}[kind])
    ]
    assert attached(aws, target) == [FULL_ACCESS]


@pytest.mark.parametrize("operation", ["AttachPolicy", "DetachPolicy"])
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"PolicyId": "p-00000000"}, ("PolicyNotFoundException", None)),
        ({"PolicyId": "none"}, ("InvalidInputException", "INVALID_SYNTAX_POLICY_ID")),
        ({"TargetId": "000000000000"}, ("TargetNotFoundException", None)),
        ({"TargetId": "r-none"}, ("TargetNotFoundException", None)),
        ({"TargetId": "none"}, ("InvalidInputException", "INVALID_PATTERN_TARGET_ID")),
    ],
)
def test_attachments_to_or_of_what_is_not_there(
    aws: Aws, operation: str, request_: dict[str, str], expected: tuple[str, str | None]
) -> None:
    request = {"PolicyId": FULL_ACCESS, "TargetId": "111111111111"} | request_

    assert aws.refused("organizations", operation, **request) == expected


def test_a_policy_of_a_type_that_is_off_is_not_attached(aws: Aws) -> None:
    policy_id = create(aws, "tags", TAG)
    request = {"PolicyId": policy_id, "TargetId": root_id(aws)}

    off = aws.refused("organizations", "AttachPolicy", **request)
    turn_on(aws, TAG)
    aws.client("organizations").attach_policy(**request)

    assert off == ("PolicyTypeNotEnabledException", None)
    assert attached(aws, root_id(aws), TAG) == [policy_id]


@pytest.mark.parametrize(("type_", "most"), [(SCP, 10), (RCP, 5), (TAG, 10)])
def test_an_entity_has_so_many_policies_of_a_type(aws: Aws, type_: str, most: int) -> None:
    client, target = aws.client("organizations"), root_id(aws)
    if type_ != SCP:
        turn_on(aws, type_)
    policies = [create(aws, str(number), type_) for number in range(most + 1)]
    room = most - len(attached(aws, target, type_))
    for policy_id in policies[:room]:
        client.attach_policy(PolicyId=policy_id, TargetId=target)

    refused = aws.refused("organizations", "AttachPolicy", PolicyId=policies[room], TargetId=target)

    reason = "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    assert refused == ("ConstraintViolationException", reason)
    assert len(attached(aws, target, type_)) == most


def test_the_last_service_control_policy_stays_attached(aws: Aws) -> None:
    client, target = aws.client("organizations"), root_id(aws)
    policy_id = create(aws)

    alone = aws.refused("organizations", "DetachPolicy", PolicyId=FULL_ACCESS, TargetId=target)
    client.attach_policy(PolicyId=policy_id, TargetId=target)
    client.detach_policy(PolicyId=FULL_ACCESS, TargetId=target)

    reason = "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    assert alone == ("ConstraintViolationException", reason)
    assert attached(aws, target) == [policy_id]


def test_the_default_resource_control_policy_is_never_detached(aws: Aws) -> None:
    turn_on(aws, RCP)
    request = {"PolicyId": RCP_FULL_ACCESS, "TargetId": root_id(aws)}

    refused = aws.refused("organizations", "DetachPolicy", **request)

    assert refused == ("InvalidInputException", "NON_DETACHABLE_POLICY")


def test_service_control_policies_are_on_and_cover_whatever_is_new(aws: Aws) -> None:
    client = aws.client("organizations")
    root = client.list_roots()["Roots"][0]
    unit = client.create_organizational_unit(ParentId=root["Id"], Name="A")["OrganizationalUnit"]
    account = aws.create_account()["AccountId"]

    covered = {one: attached(aws, one) for one in (root["Id"], "111111111111", unit["Id"], account)}

    assert root["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    assert set(map(tuple, covered.values())) == {(FULL_ACCESS,)}
    assert attached(aws, account, RCP) == []


def test_a_policy_type_is_turned_on_and_off(aws: Aws) -> None:
    client, root = aws.client("organizations"), root_id(aws)
    account = aws.create_account()["AccountId"]
    own = create(aws)
    client.attach_policy(PolicyId=own, TargetId=account)

    again = aws.refused("organizations", "EnablePolicyType", RootId=root, PolicyType=SCP)
    off = client.disable_policy_type(RootId=root, PolicyType=SCP)["Root"]
    bare = attached(aws, account)
    twice = aws.refused("organizations", "DisablePolicyType", RootId=root, PolicyType=SCP)
    on = turn_on(aws, SCP)["Root"]

    assert again == ("PolicyTypeAlreadyEnabledException", None)
    assert off["PolicyTypes"] == bare == []
    assert twice == ("PolicyTypeNotEnabledException", None)
    assert on["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    assert attached(aws, account) == [FULL_ACCESS]
    assert client.describe_policy(PolicyId=own)["Policy"]["PolicySummary"]["Id"] == own


@pytest.mark.parametrize(
    ("type_", "service"),
    [
        ("SECURITYHUB_POLICY", "securityhub.amazonaws.com"),
        ("SECURITYHUB_CSPM_POLICY", "securityhub.amazonaws.com"),
        ("INSPECTOR_POLICY", "inspector2.amazonaws.com"),
    ],
)
def test_a_policy_type_of_a_service_is_on_only_while_the_service_has_access(
    aws: Aws, type_: str, service: str
) -> None:
    client, request = aws.client("organizations"), {"RootId": root_id(aws), "PolicyType": type_}

    early = aws.refused("organizations", "EnablePolicyType", **request)
    client.enable_aws_service_access(ServicePrincipal=service)
    on = turn_on(aws, type_)["Root"]
    late = aws.refused("organizations", "DisableAWSServiceAccess", ServicePrincipal=service)
    client.disable_policy_type(**request)
    client.disable_aws_service_access(ServicePrincipal=service)

    assert early == ("ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED")
    assert {"Type": type_, "Status": "ENABLED"} in on["PolicyTypes"]
    assert late == ("ConstraintViolationException", "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE")
    assert client.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []


@pytest.mark.parametrize("operation", ["EnablePolicyType", "DisablePolicyType"])
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"RootId": "r-none"}, ("RootNotFoundException", None)),
        ({"PolicyType": "HOUSE_RULES"}, ("InvalidInputException", "INVALID_ENUM_POLICY_TYPE")),
    ],
)
def test_policy_types_and_roots_that_are_not_there(
    aws: Aws, operation: str, request_: dict[str, str], expected: tuple[str, str | None]
) -> None:
    request = {"RootId": root_id(aws), "PolicyType": TAG} | request_

    assert aws.refused("organizations", operation, **request) == expected


@pytest.mark.parametrize("operation", ["CreatePolicy", "EnablePolicyType"])
def test_policies_need_all_features(aws: Aws, operation: str) -> None:
    aws.reset_organization(throttled=False, feature_set="CONSOLIDATED_BILLING")
    request = {
        "CreatePolicy": {"Name": "a", "Description": "", "Type": SCP, "Content": CONTENT[SCP]},
        "EnablePolicyType": {"RootId": root_id(aws), "PolicyType": SCP},
    }[operation]

    refused = aws.refused("organizations", operation, **request)

    assert refused == ("PolicyTypeNotAvailableForOrganizationException", None)
    assert aws.client("organizations").list_roots()["Roots"][0]["PolicyTypes"] == []


def test_policies_and_targets_come_in_pages(aws: Aws) -> None:
    client = aws.client("organizations")
    policies = [create(aws, str(number)) for number in range(22)]
    for number in range(20):
        client.create_organizational_unit(ParentId=root_id(aws), Name=str(number))

    pages = list(client.get_paginator("list_policies").paginate(Filter=SCP))
    targets = list(client.get_paginator("list_targets_for_policy").paginate(PolicyId=FULL_ACCESS))

    listed = [policy["Id"] for page in pages for policy in page["Policies"]]
    assert [len(page["Policies"]) for page in pages] == [20, 3]
    assert listed == [FULL_ACCESS, *policies]
    assert [len(page["Targets"]) for page in targets] == [20, 2]


def test_policies_of_a_target_come_in_pages(aws: Aws) -> None:
    client, target = aws.client("organizations"), root_id(aws)
    for number in range(4):
        client.attach_policy(PolicyId=create(aws, str(number)), TargetId=target)

    pages = list(
        client.get_paginator("list_policies_for_target").paginate(
            TargetId=target, Filter=SCP, PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["Policies"]) for page in pages] == [2, 2, 1]
