"""An OIDC issuer with demo people: authorization code with PKCE, for public clients.

Its name is `https://people.example.com`; what browsers call of it is below `/people.example.com/`
of the embedded AWS's own address. Whoever opens it says who they are: there are no passwords.
Sources: OpenID Connect Core 1.0, and RFC 7636, "Proof Key for Code Exchange".
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from embedded.core.frozen import frozen
from embedded.protocols.errors import Answer

if TYPE_CHECKING:
    from joserfc.jwk import KeySet, RSAKey

ISSUER = "https://people.example.com"
PREFIX = "/people.example.com/"
LIFETIME_SECONDS = 3600
_CODE_SECONDS = 60
_BITS = 2048
_LOOPBACK = "127.0.0.1"

Fields = dict[str, str]


@frozen
class Person:
    """Somebody who can sign in, with the groups that the token's claim `groups` has."""

    subject: str
    name: str
    groups: tuple[str, ...]
    what: str


PEOPLE = (
    Person(
        subject="dana",
        name="Dana",
        groups=("developers",),
        what="asks for accounts below /Workloads, as the request policy lets developers",
    ),
    Person(
        subject="robin",
        name="Robin",
        groups=("approvers",),
        what="approves or rejects what others ask for",
    ),
    Person(
        subject="alex",
        name="Alex",
        groups=("administrators",),
        what="operates account vending, and sees everything",
    ),
    Person(
        subject="guest",
        name="Guest",
        groups=("guests",),
        what="may do nothing: the request policy does not have guests",
    ),
)


@frozen
class _Code:
    person: Person
    client_id: str
    redirect_uri: str
    challenge: str
    expires_at: float


class _Refused(Exception):
    """What the issuer answers itself, as RFC 6749 names it."""


def _new_key() -> RSAKey:
    # Most who start an embedded AWS never sign in there, and importing this takes a while.
    from joserfc.jwk import RSAKey  # noqa: PLC0415

    return RSAKey.generate_key(_BITS, {"kid": "people", "use": "sig"})


@dataclass(kw_only=True)
class Issuer:
    """One issuer, with a key of its own."""

    key: RSAKey = field(default_factory=_new_key)
    _codes: dict[str, _Code] = field(default_factory=dict)

    def published(self) -> KeySet:
        """The keys that its tokens are verified by."""
        from joserfc.jwk import KeySet  # noqa: PLC0415 - as `_new_key`

        return KeySet.import_key_set({"keys": [self.key.as_dict(private=False)]})

    def answer(self, environ: Mapping[str, Any], body: bytes, now: float) -> Answer:
        """Answer a browser; `now` is in epoch seconds."""
        method = environ["REQUEST_METHOD"]
        what = environ["PATH_INFO"].removeprefix(PREFIX)
        asked = _fields(environ.get("QUERY_STRING", "") if method == "GET" else body.decode())
        try:
            if (method, what) == ("GET", "authorize"):
                _ensure_client(asked)
                return _page(asked)
            if (method, what) == ("POST", "authorize"):
                return self._chosen(asked, now)
            if (method, what) == ("POST", "token"):
                return self._exchanged(asked, now)
        except _Refused as refused:
            return _json(HTTPStatus.BAD_REQUEST, {"error": str(refused)})
        return _json(HTTPStatus.NOT_FOUND, {"error": "not_found"})

    def token(self, person: Person, client_id: str, now: float) -> str:
        """A token of the person for the client."""
        from joserfc import jwt  # noqa: PLC0415 - as `_new_key`

        claims = {
            "iss": ISSUER,
            "sub": person.subject,
            "aud": client_id,
            "iat": int(now),
            "exp": int(now) + LIFETIME_SECONDS,
            "groups": list(person.groups),
            "name": person.name,
        }
        return jwt.encode({"alg": "RS256", "kid": "people"}, claims, self.key)

    def _chosen(self, asked: Fields, now: float) -> Answer:
        _ensure_client(asked)
        person = next((one for one in PEOPLE if one.subject == asked.get("person")), None)
        if person is None:
            raise _Refused("access_denied")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(
            person=person,
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"],
            expires_at=now + _CODE_SECONDS,
        )
        query = urlencode({"code": code, "state": asked.get("state", "")})
        headers = (("location", f"{asked['redirect_uri']}?{query}"), ("cache-control", "no-store"))
        return Answer(status="303 See Other", headers=headers, body=b"")

    def _exchanged(self, asked: Fields, now: float) -> Answer:
        # A code is taken once, whatever comes of it.
        code = self._codes.pop(asked.get("code", ""), None)
        if asked.get("grant_type") != "authorization_code":
            raise _Refused("unsupported_grant_type")
        verifier = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            code is None
            or now >= code.expires_at
            or code.client_id != asked.get("client_id")
            or code.redirect_uri != asked.get("redirect_uri")
            or not secrets.compare_digest(code.challenge, challenge)
        ):
            raise _Refused("invalid_grant")
        token = self.token(code.person, code.client_id, now)
        return _json(
            HTTPStatus.OK,
            {
                "access_token": token,
                "id_token": token,
                "token_type": "Bearer",
                "expires_in": LIFETIME_SECONDS,
            },
        )


@cache
def current() -> Issuer:
    """The process's issuer; its key takes a moment to make, and is made when first asked for."""
    return Issuer()


def addressed(environ: Mapping[str, Any]) -> bool:
    """Whether a request is for the issuer."""
    return str(environ.get("PATH_INFO", "")).startswith(PREFIX)


def local(url: str, endpoint_url: str) -> str:
    """An address of the issuer as browsers on this machine reach it."""
    return url.replace(f"{ISSUER}/", f"{endpoint_url}{PREFIX}")


def _ensure_client(asked: Fields) -> None:
    redirect = urlsplit(asked.get("redirect_uri", ""))
    if redirect.hostname != _LOOPBACK or redirect.scheme != "http" or not asked.get("client_id"):
        raise _Refused("invalid_request")
    if asked.get("response_type") != "code":
        raise _Refused("unsupported_response_type")
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        raise _Refused("invalid_request")


def _fields(text: str) -> Fields:
    return {name: values[0] for name, values in parse_qs(text).items()}


_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;"
    "color-scheme:light dark}button{font:inherit;width:100%;text-align:left;padding:.7rem 1rem;"
    "margin:.3rem 0;border-radius:.5rem;cursor:pointer}"
)


def _page(asked: Fields) -> Answer:
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    choices = "".join(
        f'<button name="person" value="{one.subject}"><strong>{one.name}</strong><br>{one.what}'
        "</button>"
        for one in PEOPLE
    )
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Who are you?</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style>'
        '<meta name="viewport" content="width=device-width">'
        "<main><h1>Who are you?</h1><p>These are people of the embedded AWS, without passwords.</p>"
        f'<form method="post">{kept}{choices}</form></main></html>'
    )
    headers = (("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"))
    return Answer(status="200 OK", headers=headers, body=html.encode())


def _json(status: HTTPStatus, document: Mapping[str, Any]) -> Answer:
    return Answer(
        status=f"{int(status)} {status.phrase}",
        headers=(("content-type", "application/json"), ("cache-control", "no-store")),
        body=json.dumps(document).encode(),
    )
