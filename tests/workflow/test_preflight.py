"""What AWS is known to refuse is refused before anything is done that cannot be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.grids import few
from tests.workflow.invitations import INVITED, ROLE, an_invitation
from tests.workflow.test_policies import DENY, GUARD, SCP, TAG_RULES, TAGGED, TAGS

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.workflow.vending import Vending

pytestmark = pytest.mark.usefixtures("role_accepts")

CREATIONS = ("CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization")
STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "policy missing": ({"policies": [{"name": "Absent", "type": TAGS}]}, "'Absent'"),
    "policy of another type": ({"policies": [{"name": "Teams", "type": SCP}]}, "'Teams'"),
    "name of another type": (
        {"policies": [{"name": "Teams", "type": SCP, "content": DENY}]},
        "'Teams' is a TAG_POLICY",
    ),
    "policy type without its service": (
        {"policies": [{"name": "Scans", "type": "INSPECTOR_POLICY", "content": "{}"}]},
        "inspector2.amazonaws.com",
    ),
    "service unknown": ({"serviceAccess": ["new.amazonaws.com"]}, "new.amazonaws.com"),
    "service enables itself": ({"serviceAccess": [STACKSETS]}, "ActivateOrganizationsAccess"),
    "unit has a twin": ({"organizationalUnit": "/workloads/new"}, "/Workloads"),
}
SOURCES = {
    "new": a_request,
    "new-govcloud": lambda: a_request(
        source="new-govcloud", account={"name": "Pair", "email": "pair@example.com"}
    ),
    "invited": an_invitation,
}


def prepared(vending: Vending) -> None:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    vending.organizations.create_organizational_unit(ParentId=root, Name="Workloads")
    vending.organizations.create_policy(Name="Teams", Type=TAGS, Description="", Content=TAG_RULES)


def begun(vending: Vending) -> int:
    """How often AWS was asked for an account."""
    return sum(vending.calls("organizations", operation) for operation in CREATIONS)


def only_unit(vending: Vending, parent_id: str) -> str:
    """The id of the one unit below a parent."""
    found = vending.organizations.list_organizational_units_for_parent(ParentId=parent_id)
    (unit,) = found["OrganizationalUnits"]
    return str(unit["Id"])


@pytest.mark.parametrize(
    "case",
    few(
        CASES,
        quick=[
            "policy of another type",
            "policy type without its service",
            "service enables itself",
        ],
    ),
)
def test_what_would_be_refused_is_rejected_before_there_is_an_account(
    vending: Vending, case: str
) -> None:
    prepared(vending)
    changes, words = CASES[case]
    request = a_request(**changes)

    ended = vending.run(request)
    corrected = vending.run({**a_request(), "requestId": request["requestId"]})

    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid")
    assert words in ended.cause["message"]
    assert corrected.status == "SUCCEEDED", corrected
    assert len(vending.accounts()) == begun(vending) == 1


@pytest.mark.parametrize("source", SOURCES)
def test_all_mistakes_are_reported_at_once_and_nothing_is_begun(
    vending: Vending, source: str
) -> None:
    prepared(vending)
    request = SOURCES[source]() | {
        "organizationalUnit": "/workloads/new",
        "policies": [{"name": "Absent", "type": TAGS}, {"name": "Teams", "type": SCP}],
        "serviceAccess": [STACKSETS, "new.amazonaws.com"],
    }

    ended = vending.run(request)

    row = vending.row(request["requestId"])
    assert row is not None
    assert row["state"] == "REJECTED"
    assert [line.partition(":")[0] for line in ended.cause["message"].splitlines()] == [
        "policies[0]",
        "policies[1]",
        "serviceAccess",
        "serviceAccess",
        "organizationalUnit",
    ]
    assert (begun(vending), vending.accounts()) == (0, [])


@pytest.mark.parametrize(
    "case",
    few(
        [
            {"policies": [GUARD, TAGGED]},
            {"serviceAccess": ["ram.amazonaws.com"]},
            {"rootAccess": []},
        ],
        quick=[{"policies": [GUARD, TAGGED]}, {"rootAccess": []}],
        ids=["policies", "service access", "nothing"],
    ),
)
def test_organization_without_all_features_gets_only_accounts_that_need_none(
    cloud: EmbeddedAws, vending: Vending, case: dict[str, Any]
) -> None:
    cloud.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))
    needs_features = any(case.values())

    ended = vending.run(a_request(**{"serviceAccess": [], "rootAccess": [], **case}))

    assert ended.status == ("FAILED" if needs_features else "SUCCEEDED"), ended
    assert len(vending.accounts()) == begun(vending) == (0 if needs_features else 1)
    if needs_features:
        assert ended.error == "RequestInvalid"
        assert "all features" in ended.cause["message"]


OU_LIMIT = {
    "service": "organizations",
    "operation": "CreateOrganizationalUnit",
    "calls": "all",
    "error": "ConstraintViolationException",
    "reason": "OU_NUMBER_LIMIT_EXCEEDED",
}


@pytest.mark.parametrize("source", few(SOURCES, quick=["new"]))
def test_unit_that_cannot_be_made_costs_no_account_and_the_request_can_be_corrected(
    vending: Vending, source: str
) -> None:
    prepared(vending)
    vending.aws.faults.replace([OU_LIMIT])
    request = SOURCES[source]() | {"organizationalUnit": "/Workloads/New"}
    if source == "invited":
        request["account"] = {"accountId": INVITED, "roleName": ROLE}

    ended = vending.run(request)
    row, asked = vending.row(request["requestId"]), begun(vending)
    corrected = vending.run({**request, "organizationalUnit": "/Workloads"})

    assert (ended.status, ended.error) == ("FAILED", "ConstraintViolationException")
    assert ended.cause["reason"] == "OU_NUMBER_LIMIT_EXCEEDED"
    assert row is not None
    assert (row["state"], asked) == ("FAILED", 0)
    assert corrected.status == "SUCCEEDED", corrected
    assert vending.path(corrected.output["accountId"]) == "/Workloads"
    assert begun(vending) == 1


def test_unit_that_is_missing_is_made_before_the_account_and_looked_at_after(
    vending: Vending,
) -> None:
    ended = vending.run(a_request())
    again = vending.run(a_request())

    first, second = (vending.states_entered(one.arn) for one in (ended, again))
    assert first.index("PrepareOrganizationalUnit") < first.index("CreateAccount")
    assert first.index("CreateAccount") < first.index("MoveAccount")
    assert "PrepareOrganizationalUnit" not in second
    assert vending.calls("organizations", "CreateOrganizationalUnit") == 2
    assert vending.path(again.output["accountId"]) == "/Workloads/Sandbox"


@pytest.mark.slow
def test_request_whose_account_is_begun_is_not_held_up_by_a_unit_that_has_vanished(
    vending: Vending,
) -> None:
    request = a_request()
    vending.run_stopped_in("WaitForAccount", request)
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    sandbox = only_unit(vending, only_unit(vending, root))
    vending.organizations.delete_organizational_unit(OrganizationalUnitId=sandbox)

    resumed = vending.run(request)

    assert resumed.status == "SUCCEEDED", resumed
    assert "PrepareOrganizationalUnit" not in vending.states_entered(resumed.arn)
    assert vending.path(resumed.output["accountId"]) == "/Workloads/Sandbox"
    assert begun(vending) == 1
