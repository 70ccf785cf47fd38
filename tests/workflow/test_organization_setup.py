"""The setup of an organization: from its document to an organization that accounts fit into."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.grids import few

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

DENY_LEAVING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
        ],
    }
)
WRITING = ("Accept", "Attach", "Create", "Detach", "Disable", "Enable", "Move", "Tag", "Update")


def a_policy(**changes: Any) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "name": "DenyLeaving",
        "type": "SERVICE_CONTROL_POLICY",
        "description": "No account leaves on its own",
        "content": DENY_LEAVING,
        "targets": ["/Workloads"],
    }
    return policy | changes


def a_document(**changes: Any) -> dict[str, Any]:
    """An organization's document with one of everything."""
    document: dict[str, Any] = {
        "allFeatures": True,
        "policyTypes": ["TAG_POLICY"],
        "serviceAccess": ["account.amazonaws.com", "ram.amazonaws.com"],
        "rootAccess": ["RootCredentialsManagement", "RootSessions"],
        "organizationalUnits": ["/Workloads/Sandbox", "/Security"],
        "policies": [a_policy()],
    }
    return document | changes


def unit_id(vending: Vending, name: str) -> str:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    units = vending.organizations.list_organizational_units_for_parent(ParentId=root)
    (found,) = [one for one in units["OrganizationalUnits"] if one["Name"] == name]
    return str(found["Id"])


def written(vending: Vending) -> list[str]:
    """Every call by the deployed functions that changes the organization."""
    return [
        call.operation
        for call in vending.aws.context.calls
        if call.service in {"organizations", "iam"}
        and "assumed-role" in call.caller
        and call.operation.startswith(WRITING)
    ]


def test_setup_brings_the_organization_to_what_its_document_says(vending: Vending) -> None:
    ended = vending.set_up(a_document())

    assert ended.status == "SUCCEEDED", ended
    types = vending.organizations.list_roots()["Roots"][0]["PolicyTypes"]
    assert {"SERVICE_CONTROL_POLICY", "TAG_POLICY"} <= {one["Type"] for one in types}
    assert vending.service_access() == {
        "account.amazonaws.com",
        "ram.amazonaws.com",
        "iam.amazonaws.com",
    }
    assert vending.root_features() == {"RootCredentialsManagement", "RootSessions"}
    assert vending.policies(unit_id(vending, "Workloads")) == {"FullAWSAccess", "DenyLeaving"}
    assert ended.output["state"] == "READY"
    assert ended.output["error"] is None
    assert ended.output["alreadyThere"] == [
        "all features",
        "policy type SERVICE_CONTROL_POLICY",
    ]
    assert ended.output["changed"] == [
        "service access for account.amazonaws.com",
        "service access for ram.amazonaws.com",
        "policy type TAG_POLICY",
        "root access RootCredentialsManagement",
        "root access RootSessions",
        "organizational unit /Workloads",
        "organizational unit /Workloads/Sandbox",
        "organizational unit /Security",
        "policy DenyLeaving",
        "policy DenyLeaving on /Workloads",
    ]
    (warning,) = ended.output["warnings"]
    assert "ram.amazonaws.com" in warning


def test_policy_that_aws_manages_is_attached_to_a_unit_where_it_is_missing(
    vending: Vending,
) -> None:
    vending.set_up({"policies": [a_policy()]})
    unit = unit_id(vending, "Workloads")
    vending.organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": [allow]})

    ended = vending.set_up({"policies": [a_policy(name="FullAWSAccess", content=content)]})

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["changed"] == ["policy FullAWSAccess on /Workloads"]
    assert vending.policies(unit) == {"FullAWSAccess", "DenyLeaving"}


def test_type_of_policies_that_needs_trusted_access_comes_after_it(vending: Vending) -> None:
    document = {
        "serviceAccess": ["securityhub.amazonaws.com"],
        "policyTypes": ["SECURITYHUB_POLICY"],
    }

    ended = vending.set_up(document)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["changed"] == [
        "service access for securityhub.amazonaws.com",
        "policy type SECURITYHUB_POLICY",
    ]
    assert written(vending) == ["EnableAWSServiceAccess", "EnablePolicyType"]


def test_setup_run_twice_changes_nothing(vending: Vending) -> None:
    vending.set_up(a_document())
    vending.aws.context.calls.clear()

    again = vending.set_up(a_document())

    assert again.status == "SUCCEEDED", again
    assert written(vending) == []
    assert again.output["changed"] == []
    assert set(again.output["alreadyThere"]) >= {
        "all features",
        "organizational unit /Workloads/Sandbox",
        "policy DenyLeaving on /Workloads",
    }


def test_empty_document_touches_nothing(vending: Vending) -> None:
    ended = vending.set_up({})

    assert ended.status == "SUCCEEDED", ended
    assert written(vending) == []
    assert ended.output["changed"] == ended.output["alreadyThere"] == []


def test_document_with_mistakes_fails_with_all_of_them_and_touches_nothing(
    vending: Vending,
) -> None:
    ended = vending.set_up(a_document(rootAccess=["Everything"], organizationalUnits=["Sandbox"]))

    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid")
    assert "rootAccess[0]: must be one of" in ended.cause["message"]
    assert "organizationalUnits[0]: must begin with /" in ended.cause["message"]
    assert ended.cause["remedy"]
    assert written(vending) == []


def test_existing_policy_with_other_content_is_refused_updated_or_kept_as_the_document_says(
    vending: Vending,
) -> None:
    vending.set_up(a_document())
    other = DENY_LEAVING.replace("Leave", "Describe")

    refused = vending.set_up(a_document(policies=[a_policy(content=other)]))
    kept = vending.set_up(a_document(policies=[a_policy(content=other, existing="keep")]))
    updated = vending.set_up(a_document(policies=[a_policy(content=other, update=True)]))

    assert (refused.status, refused.error) == ("FAILED", "PolicyContentDiffers")
    assert "LeaveOrganization" in refused.cause["message"]
    assert kept.output["changed"] == []
    assert "DenyLeaving" in kept.output["warnings"][0]
    assert updated.output["changed"] == ["content of policy DenyLeaving"]
    assert updated.output["warnings"] == []


def test_policy_is_attached_to_the_root_and_to_every_unit_named(vending: Vending) -> None:
    targets = ["/", "/Workloads", "/Workloads/Sandbox"]

    ended = vending.set_up({"policies": [a_policy(targets=targets)]})

    assert ended.status == "SUCCEEDED", ended
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    assert "DenyLeaving" in vending.policies(root)
    assert "DenyLeaving" in vending.policies(unit_id(vending, "Workloads"))
    assert "policy DenyLeaving on /Workloads/Sandbox" in ended.output["changed"]


def test_service_outside_the_stacks_setting_is_denied_with_the_settings_name(
    vending: Vending,
) -> None:
    ended = vending.set_up({"serviceAccess": ["newservice.amazonaws.com"]})

    assert ended.status == "FAILED", ended
    assert ended.cause["code"] in ("AccessDenied", "AccessDeniedException")
    assert "setting service_principals" in ended.cause["remedy"]
    assert vending.service_access() == set()


def test_service_that_enables_itself_is_refused_with_the_way_to_do_it(vending: Vending) -> None:
    principal = "member.org.stacksets.cloudformation.amazonaws.com"

    ended = vending.set_up({"serviceAccess": ["account.amazonaws.com", principal]})

    assert (ended.status, ended.error) == ("FAILED", "ServiceEnablesItself")
    assert principal in ended.cause["message"]
    assert "ActivateOrganizationsAccess" in ended.cause["remedy"]
    assert vending.service_access() == set()


def test_service_that_enables_itself_can_be_forced(vending: Vending) -> None:
    principal = "member.org.stacksets.cloudformation.amazonaws.com"

    ended = vending.set_up({"serviceAccess": [principal], "forcedServiceAccess": [principal]})

    assert ended.status == "SUCCEEDED", ended
    assert vending.service_access() == {principal}
    assert "ActivateOrganizationsAccess" in ended.output["warnings"][0]


@pytest.mark.parametrize(
    ("operation", "error"),
    few(
        [
            ("EnablePolicyType", "ConstraintViolationException"),
            ("CreatePolicy", "MalformedPolicyDocumentException"),
            ("AttachPolicy", "ConstraintViolationException"),
            ("CreateOrganizationalUnit", "ConstraintViolationException"),
        ],
        quick=[
            ("CreatePolicy", "MalformedPolicyDocumentException"),
            ("CreateOrganizationalUnit", "ConstraintViolationException"),
        ],
    ),
)
def test_refusal_ends_the_setup_with_its_reason_and_a_next_step(
    vending: Vending, operation: str, error: str
) -> None:
    vending.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": operation,
                "calls": "all",
                "error": error,
                **({"reason": "POLICY_NUMBER_LIMIT_EXCEEDED"} if "Constraint" in error else {}),
            }
        ]
    )

    failed = vending.set_up(a_document())

    assert (failed.status, failed.error) == ("FAILED", error)
    assert failed.cause["code"] == error
    assert failed.cause["remedy"]
    vending.aws.faults.replace([])
    assert vending.set_up(a_document()).status == "SUCCEEDED"


@pytest.mark.parametrize(
    "fault",
    few(
        [
            {"operation": "EnablePolicyType", "error": "PolicyChangesInProgressException"},
            {"operation": "AttachPolicy", "error": "PolicyTypeNotEnabledException"},
            {"operation": "AttachPolicy", "error": "PolicyNotFoundException"},
            {"operation": "CreatePolicy", "error": "ConcurrentModificationException"},
            {"operation": "CreatePolicy", "lost": True},
            {"operation": "AttachPolicy", "lost": True},
            {"operation": "EnablePolicyType", "lost": True},
        ],
        quick=[
            {"operation": "EnablePolicyType", "error": "PolicyChangesInProgressException"},
            {"operation": "AttachPolicy", "error": "PolicyTypeNotEnabledException"},
            {"operation": "CreatePolicy", "lost": True},
        ],
    ),
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_what_passes_is_tried_again_and_done_once(vending: Vending, fault: dict[str, Any]) -> None:
    vending.aws.faults.replace([{"service": "organizations", "calls": [1], **fault}])

    ended = vending.set_up(a_document())

    assert ended.status == "SUCCEEDED", ended
    assert "DenyLeaving" in vending.policies(unit_id(vending, "Workloads"))
    names = [
        policy["Name"]
        for policy in vending.organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")[
            "Policies"
        ]
    ]
    assert names.count("DenyLeaving") == 1
