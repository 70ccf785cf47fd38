from __future__ import annotations

from typing import Any

import pytest

from tests.unit.embedded.live_aws import Aws

MANAGEMENT = "111111111111"


def tags_of(aws: Aws, resource_id: str) -> dict[str, str]:
    listed = aws.client("organizations").list_tags_for_resource(ResourceId=resource_id)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def tag(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def test_tag_resource_adds_and_overwrites_and_changes_nothing_again(aws: Aws) -> None:
    organizations = aws.client("organizations")
    organizations.tag_resource(ResourceId=MANAGEMENT, Tags=tag(kept="1", changed="1"))

    for _ in range(2):
        organizations.tag_resource(ResourceId=MANAGEMENT, Tags=tag(changed="2", empty=""))

    assert tags_of(aws, MANAGEMENT) == {"kept": "1", "changed": "2", "empty": ""}


@pytest.mark.parametrize("kind", ["root", "unit", "policy"])
def test_tag_resource_takes_roots_units_and_policies(aws: Aws, kind: str) -> None:
    organizations = aws.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="A")["OrganizationalUnit"]
    resource = {"root": root, "unit": unit["Id"], "policy": "p-FullAWSAccess"}[kind]

    organizations.tag_resource(ResourceId=resource, Tags=tag(a="1"))

    assert tags_of(aws, resource) == {"a": "1"}


def test_tag_resource_stops_at_fifty_and_then_adds_none(aws: Aws) -> None:
    organizations = aws.client("organizations")
    organizations.tag_resource(ResourceId=MANAGEMENT, Tags=tag(**{f"k{n}": "" for n in range(49)}))

    refused = aws.refused(
        "organizations", "TagResource", ResourceId=MANAGEMENT, Tags=tag(x="", y="")
    )
    organizations.tag_resource(ResourceId=MANAGEMENT, Tags=tag(x="", k0="changed"))

    assert refused == ("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED")
    tags = tags_of(aws, MANAGEMENT)
    assert len(tags) == 50
    assert "y" not in tags


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
@pytest.mark.parametrize("resource_id", ["000000000000", "ou-abcd-00000000", "p-00000000"])
def test_an_unknown_resource_is_no_target(aws: Aws, operation: str, resource_id: str) -> None:
    request: dict[str, Any] = {
        "TagResource": {"Tags": tag(a="1")},
        "UntagResource": {"TagKeys": ["a"]},
    }

    refused = aws.refused(
        "organizations", operation, ResourceId=resource_id, **request.get(operation, {})
    )

    assert refused == ("TargetNotFoundException", None)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        pytest.param([*tag(a="1"), *tag(a="2")], "DUPLICATE_TAG_KEY", id="twice"),
        pytest.param(tag(**{"aws:a": "1"}), "INVALID_SYSTEM_TAGS_PARAMETER", id="reserved"),
        pytest.param(tag(**{"": "1"}), "MIN_LENGTH_EXCEEDED", id="empty-key"),
        pytest.param(tag(a="x" * 257), "MAX_LENGTH_EXCEEDED", id="long-value"),
        pytest.param(tag(a="<b>"), "INVALID_PATTERN", id="pattern"),
        pytest.param([{"Key": "a"}], "INPUT_REQUIRED", id="no-value"),
    ],
)
def test_tag_resource_refuses_and_adds_none(
    aws: Aws, tags: list[dict[str, str]], reason: str
) -> None:
    refused = aws.refused(
        "organizations", "TagResource", ResourceId=MANAGEMENT, Tags=[*tag(good="1"), *tags]
    )

    assert refused == ("InvalidInputException", reason)
    assert tags_of(aws, MANAGEMENT) == {}


def test_untag_resource_removes_only_what_is_named(aws: Aws) -> None:
    organizations = aws.client("organizations")
    organizations.tag_resource(ResourceId=MANAGEMENT, Tags=tag(a="1", b="2"))

    organizations.untag_resource(ResourceId=MANAGEMENT, TagKeys=["a", "never-there"])

    assert tags_of(aws, MANAGEMENT) == {"b": "2"}


def test_untag_resource_leaves_system_tags_alone(aws: Aws) -> None:
    refused = aws.refused(
        "organizations", "UntagResource", ResourceId=MANAGEMENT, TagKeys=["aws:a"]
    )

    assert refused == ("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER")
