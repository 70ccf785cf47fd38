"""What a requester may ask for: each rule by itself, and all that are broken at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.functions.test_request_policy import HERE, PORTAL, team
from vending.authorization import rules
from vending.authorization.request_policy import parse_policy
from vending.errors.exceptions import RequestNotAllowed
from vending.request import patterns
from vending.request.account_request import AccountRequest, parse

GRANTED: dict[str, Any] = {
    "account": {"name": "Sandbox 1", "email": "aws+one@example.com"},
    "organizationalUnit": "/Workloads/Sandbox/One",
    "tags": {"cost-center": "1234", "owner": "a@example.com", "team-name": "blue"},
    "policies": [{"name": "NoLeaving", "type": "SERVICE_CONTROL_POLICY"}],
    "serviceAccess": ["account.amazonaws.com"],
    "rootAccess": ["RootSessions"],
}
EXISTING: dict[str, Any] = {
    "source": "existing",
    "account": {"accountId": "333344445555"},
    "tags": {"cost-center": "1", "owner": "a@example.com"},
}
SCP = "SERVICE_CONTROL_POLICY"


def broken(raw: dict[str, Any], **granted: Any) -> list[str]:
    """The rules of the team's portal, with these changes, that the request breaks."""
    content = team()
    content["requesters"]["portal"] |= granted
    policy = parse_policy(content)
    name, requester = policy.requester_of(PORTAL, here=HERE)
    try:
        rules.ensure_allowed(parse(raw), name=name, requester=requester, protected=policy.protected)
    except RequestNotAllowed as refused:
        return refused.problems
    return []


def test_request_within_its_grants_is_allowed() -> None:
    assert broken(GRANTED) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"source": "new-govcloud", "account": {"name": "S-1", "email": "aws+o@example.com"}},
         "source: requesters.portal.sources does not grant 'new-govcloud'"),
        ({"organizationalUnit": "/Production"}, "organizationalUnit: requesters.portal"),
        ({"organizationalUnit": "/Workloads"}, "organizationalUnit: requesters.portal"),
        ({"organizationalUnit": "/Workloads/Sandboxes"}, "organizationalUnit: requesters.portal"),
        ({"organizationalUnit": "/workloads/sandbox"}, "organizationalUnit: requesters.portal"),
        ({"organizationalUnit": "/"}, "organizationalUnit: requesters.portal"),
        ({"organizationalUnit": None}, "does not grant the root"),
        ({"account": {"name": "Sandbox 1", "email": "aws+one@evil.example"}},
         "account.email: is none that requesters.portal.emails grants"),
        ({"account": {"name": "Sandbox 1", "email": "root@example.com"}}, "account.email"),
        ({"account": {"name": "Production", "email": "aws+one@example.com"}}, "account.name"),
        ({"account": {"name": "Sandbox 1", "email": "aws+one@example.com",
                      "roleName": "Backdoor"}}, "account.roleName"),
        ({"tags": {"owner": "a@example.com"}}, "tags['cost-center']: is required"),
        ({"tags": {"cost-center": "1", "owner": "a@evil.example"}}, "tags['owner']"),
        ({"tags": GRANTED["tags"] | {"other": "x"}}, "tags['other']: requesters.portal.tags"),
        ({"tags": GRANTED["tags"] | {"team-secret": "x"}}, "tags['team-secret']: is forbidden"),
        ({"tags": GRANTED["tags"] | {"Team-Secret": "x"}}, "tags['Team-Secret']: is forbidden"),
        ({"tags": GRANTED["tags"] | {"aws-control-tower-managed": "x"}}, "protected.tags"),
        ({"tags": GRANTED["tags"] | {"AWS-Control-Tower": "x"}}, "protected.tags"),
        ({"policies": [{"name": "DenyAll", "type": SCP}]}, "policies[0]: requesters.portal"),
        ({"policies": [{"name": "NoLeaving", "type": SCP,
          "content": '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*",'
                     '"Resource":"*"}]}'}]},
         "policies[0].content: is for administrators"),
        ({"serviceAccess": ["sso.amazonaws.com"]}, "serviceAccess[0]"),
        ({"organizationalUnit": "/Security/Audit"}, "protected.organizationalUnits"),
        ({"organizationalUnit": "/security"}, "protected.organizationalUnits"),
    ],
)  # fmt: skip
def test_what_is_not_granted_is_refused_by_its_rule(changes: dict[str, Any], rule: str) -> None:
    request = {key: value for key, value in (GRANTED | changes).items() if value is not None}

    assert any(rule in each for each in broken(request)), broken(request)


def test_root_feature_that_is_not_granted_is_refused() -> None:
    found = broken(GRANTED, rootAccess=["RootCredentialsManagement"])

    assert found == ["rootAccess[0]: requesters.portal.rootAccess does not grant RootSessions"]


UNRULED = {"requestId", "requestedBy", "ifRevision"}
"""Keys of a request that its requester may write as it likes."""


def test_every_key_of_a_request_has_a_rule() -> None:
    contact = {"name": "A", "title": "B", "email": "a@example.com", "phone": "+1 555 0100"}
    keys = {str(field.alias) for field in AccountRequest.model_fields.values()}
    request = {
        "source": "invited",
        "account": {"accountId": "333344445555"},
        "organizationalUnit": "/Production",
        "tags": {"other": "x"},
        "policies": [{"name": "DenyAll", "type": SCP}],
        "serviceAccess": ["sso.amazonaws.com"],
        "rootAccess": ["RootSessions"],
        "contacts": {"billing": contact},
        "manage": "authoritative",
    }

    named = {
        each.split(":")[0].split("[")[0].split(".")[0] for each in broken(request, rootAccess=[])
    }

    assert set(request) == keys - UNRULED, "a new key of a request needs a rule of the policy"
    assert named == keys - UNRULED


def test_contacts_are_refused_unless_they_are_granted() -> None:
    contact = {"name": "A", "title": "B", "email": "a@example.com", "phone": "+1 555 0100"}
    request = GRANTED | {"contacts": {"security": contact}}

    assert broken(request) == ["contacts: requesters.portal.contacts does not grant them"]
    assert broken(request, contacts=True) == []


def test_all_that_is_broken_is_named_at_once() -> None:
    request = GRANTED | {
        "organizationalUnit": "/Production",
        "tags": {},
        "serviceAccess": ["sso.amazonaws.com"],
    }

    assert len(broken(request)) == 4


def test_existing_and_invited_accounts_need_their_source_and_their_id() -> None:
    invited = EXISTING | {"source": "invited", "organizationalUnit": "/Workloads/Sandbox"}
    sources = ["new", "existing", "invited"]

    assert len(broken(EXISTING)) == 2
    assert broken(EXISTING, sources=sources) == [
        "account.accountId: requesters.portal.accountIds does not grant '333344445555'"
    ]
    assert broken(EXISTING, sources=sources, accountIds=["3333*"]) == []
    assert broken(invited, sources=sources, accountIds=["3333*"]) == []


def test_protected_account_is_nobodys() -> None:
    protected = EXISTING | {"account": {"accountId": "222233334444"}}
    policy = parse_policy(team())

    with pytest.raises(RequestNotAllowed, match=r"protected\.accounts"):
        rules.ensure_allowed(
            parse(protected), name="administrator", requester=None, protected=policy.protected
        )


@pytest.mark.parametrize(
    ("unit", "is_own", "refused"),
    [
        (("Workloads", "Sandbox"), False, False),
        (("Workloads", "Sandbox", "One"), False, False),
        (("Production",), False, True),
        ((), False, True),
        ((), True, False),
        (("Production",), True, True),
        (("Security", "Audit"), True, True),
    ],
)
def test_account_is_touched_only_where_the_requester_may(
    unit: rules.Unit, is_own: bool, refused: bool
) -> None:
    policy = parse_policy(team())
    name, requester = policy.requester_of(PORTAL, here=HERE)

    def look() -> None:
        rules.ensure_place_allowed(
            "333344445555",
            unit,
            name=name,
            requester=requester,
            protected=policy.protected,
            is_own=is_own,
        )

    if refused:
        with pytest.raises(RequestNotAllowed):
            look()
    else:
        look()


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("abc", "abc", True),
        ("abc", "ab", False),
        ("abc", "a*", True),
        ("abc", "*c", True),
        ("abc", "*", True),
        ("", "*", True),
        ("abc", "a*b*c", True),
        ("ab", "ab*b", False),
        ("aXbYb", "a*b", True),
        ("a.c", "a?c", False),
        ("x\ny", "x*y", True),
        ("aaa", "aa*aa", False),
    ],
)
def test_star_stands_for_any_characters(text: str, pattern: str, expected: bool) -> None:
    assert patterns.matches(text, pattern) is expected


@given(st.lists(st.text(alphabet="ab", max_size=3), min_size=2, max_size=5), st.data())
def test_pattern_matches_whatever_stands_for_its_stars(parts: list[str], data: Any) -> None:
    filling = [data.draw(st.text(alphabet="ab*", max_size=3)) for _ in parts[1:]]
    text = parts[0] + "".join(a + b for a, b in zip(filling, parts[1:], strict=True))

    assert patterns.matches(text, "*".join(parts))


def test_pattern_that_would_make_a_regular_expression_slow_is_answered_at_once() -> None:
    assert not patterns.matches("a" * 20_000, "a*" * 100 + "b")


@pytest.mark.parametrize(
    ("unit", "pattern", "expected"),
    [
        ((), "/", True),
        (("A",), "/", False),
        (("A",), "/*", True),
        ((), "/*", True),
        (("A", "B"), "/A", True),
        (("A",), "/A/B", False),
        (("A/B",), r"/A\/B", True),
        (("A", "B"), r"/A\/B", False),
    ],
)
def test_unit_is_within_a_pattern(unit: rules.Unit, pattern: str, expected: bool) -> None:
    assert rules.is_within(unit, pattern) is expected
