"""Callers of the API by a token's claims, where the setting has tokens authorize calls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.api_calls import DOCUMENT, HERE, OF_PORTAL, PORTAL, Api, a_row, role
from vending.authorization.principals import problem_of, values_of
from vending.authorization.sender import opened

ISSUER = "https://issuer.example.com"


def token(groups: str | None, subject: str = "ann") -> dict[str, str]:
    """The claims of a token, as API Gateway hands them to a function."""
    claims = {"iss": ISSUER, "sub": subject, "aud": "vending", "exp": "1800000000"}
    return claims if groups is None else claims | {"groups": groups}


@pytest.fixture
def by_token(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("API_TOKEN_CLAIM", "groups")
    api.world.policy["requesters"] = {
        "portal": OF_PORTAL | {"senders": [{"principal": "claim:builders"}]},
        "other": OF_PORTAL | {"senders": [{"principal": "claim:others"}]},
        "operators": {
            "roles": ["administrator"],
            "senders": [{"principal": "claim:admins"}, {"principal": role("Portal")}],
        },
    }
    return api


def test_group_of_a_token_is_its_requester_and_its_subject_asks(by_token: Api) -> None:
    answer = by_token("POST /requests", body=DOCUMENT, claims=token("[readers builders]"))

    (started,) = by_token.started
    sender, request = opened(started)
    assert answer.status == 202
    assert answer.body["requestId"].startswith("portal.")
    assert (sender.account, sender.principal) == (HERE, "claim:builders")
    assert request == DOCUMENT | {"requestedBy": f"{ISSUER}#ann"}


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        ("builders", 200),
        ("[builders]", 200),
        ("[admins]", 200),
        ("[others]", 404),
        ("[builders others]", 403),
        ("[strangers]", 403),
        ("[]", 403),
        ("", 403),
        ("*", 403),
        ("builders2", 403),
        (None, 403),
    ],
)
def test_token_sees_what_its_requester_sees(by_token: Api, groups: str | None, status: int) -> None:
    a_row(by_token, "portal.one")

    answer = by_token("GET /requests/portal.one", claims=token(groups))

    assert answer.status == status


def test_values_that_lead_to_one_requester_are_one(by_token: Api) -> None:
    senders = [{"principal": "claim:builders"}, {"principal": "claim:makers"}]
    by_token.world.policy["requesters"]["portal"] = OF_PORTAL | {"senders": senders}

    assert by_token("GET /requests", claims=token("[makers builders]")).status == 200


@pytest.mark.parametrize("claims", [{}, {"iss": ISSUER}, {"sub": "ann", "groups": "admins"}])
def test_token_without_an_issuer_or_a_subject_is_nobodys(
    by_token: Api, claims: dict[str, str]
) -> None:
    assert by_token("GET /requests", claims=claims).status == 403


def test_caller_by_iam_is_nobody_where_tokens_authorize(by_token: Api) -> None:
    assert by_token("GET /requests", by=PORTAL).status == 403
    assert by_token("GET /requests", by="claim:admins:x:x:1").status == 403


def test_token_is_nobodys_where_iam_authorizes(api: Api) -> None:
    api.world.policy["requesters"]["portal"]["senders"] = [{"principal": "claim:builders"}]

    assert api("GET /requests", claims=token("builders")).status == 403


def test_same_key_of_another_subject_is_another_request(by_token: Api) -> None:
    for subject in ("ann", "bob", "ann"):
        answer = by_token(
            "POST /requests", body=DOCUMENT, key="once", claims=token("builders", subject)
        )
        assert answer.status == 202

    assert len(by_token.world.organization.executions) == 2


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("[a b]", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ("a", ["a"]),
        ("[]", []),
        ("", []),
        ("[a", ["[a"]),
    ],
)
def test_values_are_read_as_api_gateway_writes_lists(claim: str, values: list[str]) -> None:
    assert values_of(claim) == values


@pytest.mark.parametrize("principal", ["claim:", "claim:a b", "claim:*", "claim:" + "x" * 201])
def test_policy_has_no_such_value(principal: Any) -> None:
    assert problem_of(principal)
