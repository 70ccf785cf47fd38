"""JSON Web Tokens: those of the issuer are taken, and no others."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from moto.apigatewayv2.models import apigatewayv2_backends

from embedded.apigateway import execute_api, tokens
from embedded.apigateway.execute_api import Execution
from embedded.core.context import CallLog
from embedded.protocols.errors import Answer

ISSUER = "https://issuer.example.com"
NOW = 1_800_000_000.0
KEY, NEXT, OTHER = (RSAKey.generate_key(2048, {"kid": name}) for name in ("one", "two", "one"))
GOOD: dict[str, Any] = {"iss": ISSUER, "sub": "ann", "aud": "vending", "exp": NOW + 60}


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The issuer's keys, which a test may change."""
    keys = [KEY]

    def fetched(url: str) -> Any:
        if url == f"{ISSUER}/.well-known/openid-configuration":
            return {"jwks_uri": f"{ISSUER}/keys"}
        assert url == f"{ISSUER}/keys"
        return {"keys": [key.as_dict(private=False) for key in keys]}

    monkeypatch.setattr(tokens, "_fetched", fetched)
    monkeypatch.setattr(tokens, "_keys", {})
    return keys


def signed(claims: dict[str, Any], key: Any = KEY, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": "one" if key is not NEXT else "two"}, claims, key)


def taken(token: str) -> dict[str, Any]:
    return tokens.claims_of(token, issuer=ISSUER, audiences=["vending", "other"], now=NOW)


@pytest.mark.parametrize(
    "claims",
    [
        GOOD,
        GOOD | {"aud": ["x", "other"]},
        {name: value for name, value in GOOD.items() if name != "aud"} | {"client_id": "vending"},
        GOOD | {"nbf": NOW, "iat": NOW - 5},
    ],
    ids=["audience", "one of several", "client", "times"],
)
def test_token_of_the_issuer_is_taken(claims: dict[str, Any]) -> None:
    assert taken(f"Bearer {signed(claims)}") == claims
    assert taken(signed(claims)) == claims


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iss": "https://other.example.com"}, "valid issuer"),
        ({"aud": "else"}, "valid audience"),
        ({"aud": "else", "client_id": "vending"}, "valid audience"),
        ({"aud": None}, "valid audience"),
        ({"exp": NOW}, "has expired"),
        ({"exp": "never"}, "has expired"),
        ({"exp": True}, "has expired"),
        ({"nbf": NOW + 1}, "nbf"),
        ({"iat": NOW + 1}, "iat"),
    ],
)
def test_other_tokens_of_the_issuer_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(tokens.TokenInvalid, match=problem):
        taken(signed(GOOD | changes))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer ",
        "Bearer x.y.z",
        "AWS4-HMAC-SHA256 Credential=local/20270115/us-east-1/execute-api/aws4_request",
        signed(GOOD, key=OTHER),
        signed(GOOD, key=OctKey.import_key("a" * 32), alg="HS256"),
        "eyJhbGciOiJub25lIn0.e30.",
    ],
    ids=["none", "empty", "no token", "signature version 4", "other key", "shared key", "unsigned"],
)
def test_what_the_issuer_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(tokens.TokenInvalid):
        taken(token)


def test_key_that_the_issuer_begins_to_use_is_looked_up(published: list[Any]) -> None:
    taken(signed(GOOD))
    published.append(NEXT)

    assert taken(signed(GOOD, key=NEXT)) == GOOD


def test_keys_that_cannot_be_read_let_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> Any:
        raise OSError("no route")

    monkeypatch.setattr(tokens, "_fetched", refuse)

    with pytest.raises(tokens.TokenInvalid, match="keys cannot be read"):
        taken(signed(GOOD))


@pytest.mark.parametrize("url", ["http://issuer.example.com/keys", "file:///etc/passwd"])
def test_keys_come_by_https_alone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    with pytest.raises(ValueError, match="not an https address"):
        tokens._fetched(url)


def test_lists_are_shown_as_api_gateway_writes_them() -> None:
    assert tokens.shown({"groups": ["a", "b"], "exp": 5}) == {"groups": "[a b]", "exp": "5"}


def executed(monkeypatch: pytest.MonkeyPatch, authorization: str) -> tuple[Answer, list[Any]]:
    """An execution of an API with a JWT authorizer, whose function only notes its event."""
    backend, events = apigatewayv2_backends["1" * 12]["us-east-1"], list[Any]()
    api = backend.create_api("", "", "", "", "", "api", "HTTP", "", {}, "")
    settings: Any = {"issuer": ISSUER, "audience": ["vending"]}
    authorizer = api.create_authorizer("", "", "", "JWT", "", "", "", "", settings, "t")
    integration = api.create_integration("INTERNET", "", "POST", "AWS_PROXY", "arn")
    api.create_route(
        api_key_required=False,
        authorization_scopes=[],
        authorization_type="JWT",
        authorizer_id=authorizer.id,
        route_key="GET /one",
        target=f"integrations/{integration.id}",
    )
    api.create_stage({"stageName": "$default"})

    def note(self: Execution, _function: str, request: Any, _source: str) -> Answer:
        events.append(request.event())
        return self._made(200, (), b"{}")

    monkeypatch.setattr(Execution, "_invoked", note)
    context = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW), calls=CallLog())
    environ = {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": authorization}
    try:
        answer = Execution(
            api_id=api.api_id,
            path="/one",
            environ=environ,
            body=b"",
            context=cast(Any, context),
            authorization=cast(Any, None),
        ).answer()
    finally:
        backend.delete_api(api.api_id)
    return answer, events


def test_function_learns_the_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, (event,) = executed(monkeypatch, f"Bearer {signed(GOOD | {'groups': ['a', 'b']})}")

    assert answer.status == "200 OK"
    jwt_ = event["requestContext"]["authorizer"]["jwt"]
    assert (jwt_["claims"]["groups"], jwt_["claims"]["sub"]) == ("[a b]", "ann")


def test_other_callers_get_the_reason_from_api_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, events = executed(monkeypatch, f"Bearer {signed(GOOD | {'aud': 'else'})}")

    assert execute_api.SERVICE == "execute-api"
    assert answer.status == "401 Unauthorized"
    assert json.loads(answer.body) == {"message": "Unauthorized"}
    challenge = dict(answer.headers)["www-authenticate"]
    assert challenge.endswith('error_description="the token does not have a valid audience"')
    assert events == []
