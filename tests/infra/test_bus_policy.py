"""Who may put what on the bus, by its own policy and by the rule on it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings import Settings
from tests.infra.extremes import ORGANIZATION, PARTNER
from tests.infra.synthesized import Statement, SynthesizedTemplate, logical_id

OWN = {"Ref": "AWS::AccountId"}
REQUESTS = {
    "ForAllValues:StringEquals": {
        "events:detail-type": ["AccountRequested", "AccountRetirementRequested"]
    },
    "Null": {"events:detail-type": "false"},
}


def statements(template: SynthesizedTemplate) -> dict[str, dict[str, Any]]:
    """The statements of the bus's policy by their ids."""
    (bus_id,) = template.of_type("AWS::Events::EventBus")
    policies = [
        each["Properties"] for each in template.of_type("AWS::Events::EventBusPolicy").values()
    ]
    for policy in policies:
        assert policy["EventBusName"] == {"Ref": bus_id}
        assert policy["Statement"]["Action"] == "events:PutEvents"
        assert policy["Statement"]["Resource"] == {"Fn::GetAtt": [bus_id, "Arn"]}
        assert policy["Statement"]["Sid"] == policy["StatementId"]
    return {policy["StatementId"]: policy["Statement"] for policy in policies}


def may_put_as_this_system(template: SynthesizedTemplate) -> set[str]:
    """The roles that are granted to put events of this system's source."""
    return {
        role
        for role in template.of_type("AWS::IAM::Role")
        for statement in template.statements(role)
        if "events:PutEvents" in statement.actions and "account-vending" in sources(statement)
    }


def sources(statement: Statement) -> list[str]:
    """The sources that the statement lets events have."""
    allowed = statement.condition["ForAllValues:StringEquals"]["events:source"]
    return [allowed] if isinstance(allowed, str) else list(allowed)


@pytest.mark.parametrize("discovered", ["record", "baseline"])
def test_announcements_are_denied_to_everybody_but_exactly_the_roles_that_are_granted_them(
    template: SynthesizedTemplate, full: SynthesizedTemplate, discovered: str
) -> None:
    template = {"record": template, "baseline": full}[discovered]

    deny = statements(template)["OnlyAnnouncersAnnounce"]

    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    source, principal = deny["Condition"].values()
    assert list(deny["Condition"]) == ["ForAnyValue:StringEquals", "ArnNotEquals"]
    assert source == {"events:source": "account-vending"}
    roles = {logical_id(arn) for arn in principal["aws:PrincipalArn"]}
    assert roles == may_put_as_this_system(template)
    assert roles


@pytest.mark.parametrize("discovered", ["ignore", "record"])
def test_source_of_discovered_accounts_is_nobodys_but_the_functions_that_discovers_them(
    template: SynthesizedTemplate, bare: SynthesizedTemplate, discovered: str
) -> None:
    template = {"record": template, "ignore": bare}[discovered]

    deny = statements(template)["OnlyDiscoverersDiscover"]

    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    condition = dict(deny["Condition"])
    assert condition.pop("ForAnyValue:StringEquals") == {
        "events:source": "account-vending.discovered-accounts"
    }
    if discovered == "ignore":
        assert condition == {}
    else:
        (arn,) = condition["ArnNotEquals"]["aws:PrincipalArn"]
        assert "DiscoverAccount" in logical_id(arn)


@pytest.mark.parametrize("drift", ["ignore", "report", "repair"])
def test_source_of_repairs_is_nobodys_but_the_functions_that_may_repair(
    template: SynthesizedTemplate,
    full: SynthesizedTemplate,
    bare: SynthesizedTemplate,
    drift: str,
) -> None:
    template = {"report": template, "repair": full, "ignore": bare}[drift]

    deny = statements(template)["OnlyRepairersRepair"]

    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    condition = dict(deny["Condition"])
    assert condition.pop("ForAnyValue:StringEquals") == {
        "events:source": "account-vending.drift-repairs"
    }
    repairs = drift == "repair"
    arns = condition["ArnNotEquals"]["aws:PrincipalArn"] if repairs else []
    roles = [role for role in template.of_type("AWS::IAM::Role") if "DetectDrift" in role]
    assert len(roles) == (drift != "ignore")
    assert [logical_id(arn) for arn in arns] == roles * repairs


def test_other_accounts_may_put_requests_where_the_settings_have_them(
    full: SynthesizedTemplate,
) -> None:
    allow = statements(full)["AccountsRequest"]
    _, rule = full.rule("AccountRequested")

    assert allow["Effect"] == "Allow"
    assert [arn["Fn::Join"][1][-1] for arn in allow["Principal"]["AWS"]] == [
        f":iam::{PARTNER}:root"
    ]
    assert allow["Condition"] == REQUESTS
    assert rule["EventPattern"]["account"] == [OWN, PARTNER]


def test_accounts_of_an_organization_may_put_requests_and_this_account_is_none_of_them(
    bare: SynthesizedTemplate,
) -> None:
    allow = statements(bare)["OrganizationsRequest"]
    _, rule = bare.rule("AccountRequested")

    assert (allow["Effect"], allow["Principal"]) == ("Allow", "*")
    assert allow["Condition"] == {
        **REQUESTS,
        "StringEquals": {"aws:PrincipalOrgID": [ORGANIZATION]},
        "StringNotEquals": {"aws:PrincipalAccount": OWN},
    }
    assert "account" not in rule["EventPattern"]
    assert rule["EventPattern"]["source"] == [{"anything-but": ["account-vending"]}]


@pytest.mark.parametrize("one", ["*", "12345678901", "1234567890123", "root"])
def test_account_that_is_none_is_refused(one: str) -> None:
    with pytest.raises(ValueError, match="requesting_accounts"):
        Settings(requesting_accounts=(one,))


@pytest.mark.parametrize("one", ["*", "o-short", "r-abcdefghijkl", "o-UPPERCASEID"])
def test_organization_that_is_none_is_refused(one: str) -> None:
    with pytest.raises(ValueError, match="requesting_organizations"):
        Settings(requesting_organizations=(one,))
