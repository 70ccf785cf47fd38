"""What a Lambda integration passes to its function, and what becomes of its result.

Source: "Working with AWS Lambda proxy integrations for HTTP APIs", payload format 2.0, API Gateway
Developer Guide.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import parse_qsl

from embedded.core.frozen import frozen

_TEXTS = ("text/", "application/json", "application/javascript", "application/xml")

Headers = tuple[tuple[str, str], ...]


@frozen
class Request:
    """One request of an API, as the function will see it.

    `authorizer` is what the route's authorizer says of the caller. `now` is in epoch seconds.
    """

    account_id: str
    api_id: str
    region: str
    stage: str
    route_key: str
    path: str
    parameters: Mapping[str, str]
    environ: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str
    now: float
    authorizer: Mapping[str, Any] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """By names in lower case."""
        return dict(_headers(self.environ))

    def event(self) -> dict[str, Any]:
        """Payload format 2.0; what is absent of a request is absent here, too."""
        headers, query = self.headers, self.environ.get("QUERY_STRING", "")
        cookies = headers.pop("cookie", "")
        body, is_encoded = _body(self.body, headers.get("content-type", ""))
        domain = f"{self.api_id}.execute-api.{self.region}.amazonaws.com"
        moment = datetime.datetime.fromtimestamp(self.now, datetime.UTC)
        parameters = _joined(query)
        method = self.environ["REQUEST_METHOD"]
        return {
            "version": "2.0",
            "routeKey": self.route_key,
            "rawPath": self.path,
            "rawQueryString": query,
            **({"cookies": cookies.split("; ")} if cookies else {}),
            "headers": headers,
            **({"queryStringParameters": parameters} if parameters else {}),
            "requestContext": {
                "accountId": self.account_id,
                "apiId": self.api_id,
                **({"authorizer": dict(self.authorizer)} if self.authorizer else {}),
                "domainName": domain,
                "domainPrefix": self.api_id,
                "http": {
                    "method": method,
                    "path": self.path,
                    "protocol": self.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                    "sourceIp": "127.0.0.1",
                    "userAgent": headers.get("user-agent", ""),
                },
                "requestId": self.request_id,
                "routeKey": self.route_key,
                "stage": self.stage,
                "time": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
                "timeEpoch": int(self.now * 1000),
            },
            **({"pathParameters": dict(self.parameters)} if self.parameters else {}),
            **({"body": body} if self.body else {}),
            "isBase64Encoded": is_encoded,
        }


def response(result: bytes) -> tuple[int, Headers, bytes] | None:
    """Status, headers and body of a function's result; None where it is none.

    A result without a statusCode is the body of a 200.
    """
    try:
        answer = json.loads(result)
    except ValueError:
        return None
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return 200, (("content-type", "application/json"),), body.encode()
    status, text = answer["statusCode"], answer.get("body") or ""
    if not isinstance(status, int) or not isinstance(text, str):
        return None
    headers = [(str(name).lower(), str(one)) for name, one in (answer.get("headers") or {}).items()]
    headers += [("set-cookie", str(one)) for one in answer.get("cookies") or []]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    content = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    return status, tuple(headers), content


def _headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-").lower(), str(value)
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield name.replace("_", "-").lower(), str(value)


def _joined(query: str) -> dict[str, str]:
    """Parameters by name, values of a repeated one joined by commas."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if content_type.startswith(_TEXTS):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return (base64.b64encode(body).decode(), True) if body else ("", False)
