"""What AWS is known to refuse is refused before anything is done that cannot be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.workflow.invitations import an_invitation
from tests.workflow.test_policies import DENY, GUARD, SCP, TAG_RULES, TAGGED, TAGS

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.workflow.vending import Vending

CREATIONS = ("CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization")
STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"

WISHES: dict[str, tuple[dict[str, Any], str]] = {
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


@pytest.mark.parametrize("wish", WISHES)
def test_what_would_be_refused_is_rejected_before_there_is_an_account(
    vending: Vending, wish: str
) -> None:
    prepared(vending)
    changes, words = WISHES[wish]
    request = a_request(**changes)

    ended = vending.run(request)
    corrected = vending.run({**a_request(), "requestId": request["requestId"]})

    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid")
    assert words in ended.cause["message"]
    assert corrected.status == "SUCCEEDED", corrected
    assert len(vending.accounts()) == begun(vending) == 1


@pytest.mark.parametrize("source", SOURCES)
def test_all_mistakes_are_told_at_once_and_nothing_is_begun(vending: Vending, source: str) -> None:
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
    "wish",
    [{"policies": [GUARD, TAGGED]}, {"serviceAccess": ["ram.amazonaws.com"]}, {"rootAccess": []}],
    ids=["policies", "service access", "nothing"],
)
def test_organization_without_all_features_gets_only_accounts_that_need_none(
    cloud: EmbeddedAws, vending: Vending, wish: dict[str, Any]
) -> None:
    cloud.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))
    needs_features = any(wish.values())

    ended = vending.run(a_request(**{"serviceAccess": [], "rootAccess": [], **wish}))

    assert ended.status == ("FAILED" if needs_features else "SUCCEEDED"), ended
    assert len(vending.accounts()) == begun(vending) == (0 if needs_features else 1)
    if needs_features:
        assert ended.error == "RequestInvalid"
        assert "all features" in ended.cause["message"]
