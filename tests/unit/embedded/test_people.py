"""The issuer of the embedded AWS: who signs in, and what its tokens are good for."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from embedded.apigateway import tokens
from embedded.people import issuer
from embedded.people.issuer import ISSUER, PEOPLE, PREFIX, Issuer
from embedded.protocols.errors import Answer

NOW = 1_800_000_000.0
VERIFIER = "a-verifier-that-nobody-else-knows"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
ASKED = {
    "response_type": "code",
    "client_id": "portal",
    "redirect_uri": "http://127.0.0.1:5000/cloudfront/E1/",
    "state": "s&1",
    "code_challenge": CHALLENGE.decode(),
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def people() -> Issuer:
    return Issuer()


def call(
    people: Issuer, method: str, what: str, fields: dict[str, str], now: float = NOW
) -> Answer:
    text = urlencode(fields)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": f"{PREFIX}{what}",
        "QUERY_STRING": text if method == "GET" else "",
    }
    return people.answer(environ, text.encode() if method == "POST" else b"", now)


def a_code(people: Issuer, **changes: str) -> str:
    answer = call(people, "POST", "authorize", {**ASKED, "person": "dana", **changes})
    location = urlsplit(dict(answer.headers)["location"])
    assert answer.status == "303 See Other"
    assert parse_qs(location.query)["state"] == ["s&1"]
    return parse_qs(location.query)["code"][0]


def exchanged(people: Issuer, code: str, *, at: float = NOW, **changes: str) -> tuple[str, Any]:
    fields = {
        "grant_type": "authorization_code",
        "client_id": "portal",
        "redirect_uri": ASKED["redirect_uri"],
        "code": code,
        "code_verifier": VERIFIER,
        **changes,
    }
    answer = call(people, "POST", "token", fields, at)
    return answer.status, json.loads(answer.body)


def test_page_lets_one_choose_among_the_people(people: Issuer) -> None:
    answer = call(people, "GET", "authorize", ASKED | {"state": '"><script>'})

    page = answer.body.decode()
    assert answer.status == "200 OK"
    assert all(f'value="{one.subject}"' in page for one in PEOPLE)
    assert "<script>" not in page


def test_token_of_a_person_is_taken_by_the_authorizer(
    people: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "current", lambda: people)
    monkeypatch.setattr(tokens, "_keys", {})

    status, said = exchanged(people, a_code(people))

    claims = tokens.claims_of(
        f"Bearer {said['access_token']}", issuer=ISSUER, audiences=["portal"], now=NOW
    )
    assert status == "200 OK"
    assert (claims["sub"], claims["groups"]) == ("dana", ["developers"])


def test_code_is_taken_once(people: Issuer) -> None:
    code = a_code(people)
    exchanged(people, code)

    assert exchanged(people, code) == ("400 Bad Request", {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another"},
        {"client_id": "another"},
        {"redirect_uri": "http://127.0.0.1:5000/"},
        {"code": "another"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_code_is_of_whoever_asked_for_it(people: Issuer, changes: dict[str, str]) -> None:
    code = a_code(people)

    assert exchanged(people, **{"code": code, **changes})[1] == {"error": "invalid_grant"}  # type: ignore[arg-type]


def test_code_ends_after_a_minute(people: Issuer) -> None:
    assert exchanged(people, a_code(people), at=NOW + 60)[1] == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://attacker.example.com/"}, "invalid_request"),
        ({"client_id": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"person": "nobody"}, "access_denied"),
    ],
)
def test_wrong_sign_in_is_refused(people: Issuer, changes: dict[str, str], error: str) -> None:
    answer = call(people, "POST", "authorize", {**ASKED, "person": "dana", **changes})

    assert (answer.status, json.loads(answer.body)) == ("400 Bad Request", {"error": error})


def test_other_grants_and_other_paths_are_refused(people: Issuer) -> None:
    assert exchanged(people, "x", grant_type="password")[1] == {"error": "unsupported_grant_type"}
    assert call(people, "GET", "token", {}).status == "404 Not Found"
