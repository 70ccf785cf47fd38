"""JSON Web Tokens as a JWT authorizer takes them.

Source: "Control access to HTTP APIs with JWT authorizers in API Gateway", developer guide: RSA
signatures alone, by the keys that the issuer publishes; `iss`, `aud` or else `client_id`, `exp`,
`nbf` and `iat` are checked. Keys are kept, as on AWS, and looked up again for one that is unknown.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from embedded.people import issuer as people

_ALGORITHMS = ["RS256", "RS384", "RS512"]
_DISCOVERY = "/.well-known/openid-configuration"
_SECONDS = 5.0

_keys: dict[str, KeySet] = {}
"""By issuer."""


class TokenInvalid(Exception):
    """The token is not taken; the message is that of the header www-authenticate."""


def claims_of(header: str, *, issuer: str, audiences: Sequence[str], now: float) -> dict[str, Any]:
    """The claims of the token that the header Authorization carries.

    Args:
        header: the token, behind `Bearer` or alone.
        issuer: whose tokens are taken.
        audiences: of which the token must have one.
        now: epoch seconds.

    Raises:
        TokenInvalid: it is not taken.
    """
    token = header.removeprefix("Bearer ").strip()
    if not token:
        raise TokenInvalid("no token")
    try:
        claims = json.loads(_verified(token, issuer).payload)
    except (JoseError, ValueError, TypeError, AttributeError) as problem:
        raise TokenInvalid("the token is invalid") from problem
    if not isinstance(claims, dict) or claims.get("iss") != issuer:
        raise TokenInvalid("the token does not have a valid issuer")
    named = claims.get("aud", claims.get("client_id"))
    if not set(audiences) & set([named] if isinstance(named, str) else named or []):
        raise TokenInvalid("the token does not have a valid audience")
    if not _is_number(claims.get("exp")) or claims["exp"] <= now:
        raise TokenInvalid("the token has expired")
    for name in ("nbf", "iat"):
        if name in claims and not (_is_number(claims[name]) and claims[name] <= now):
            raise TokenInvalid(f"the token has a {name} that is in the future")
    return claims


def shown(claims: Mapping[str, Any]) -> dict[str, str]:
    """The claims as a function gets them: texts, a list as `[one other]`."""
    return {
        name: f"[{' '.join(map(str, value))}]" if isinstance(value, list) else str(value)
        for name, value in claims.items()
    }


def _verified(token: str, issuer: str) -> Any:
    known = _keys.get(issuer)
    if known is not None:
        try:
            return jws.deserialize_compact(token, known, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            pass  # by a key that the issuer has begun to use since, perhaps
    _keys[issuer] = _published(issuer)
    return jws.deserialize_compact(token, _keys[issuer], algorithms=_ALGORITHMS)


def _published(issuer: str) -> KeySet:
    if issuer == people.ISSUER:
        return people.current().published()
    try:
        discovered = _fetched(f"{issuer.rstrip('/')}{_DISCOVERY}")
        return KeySet.import_key_set(_fetched(discovered["jwks_uri"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TokenInvalid("the issuer's keys cannot be read") from problem


def _fetched(url: str) -> Any:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError(f"not an https address: {url}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_SECONDS) as answer:
        return json.load(answer)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
