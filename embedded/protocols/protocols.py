"""AWS's protocols as they stand on the wire: which operation a request is, and which error an
answer carries.

Source: Smithy's "AWS protocols" (awsJson1.0, awsJson1.1, awsQuery, ec2Query, restJson1, restXml).
moto's routers and parsers, which follow botocore's models, do the reading of REST paths and forms.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition
from werkzeug.exceptions import NotFound

from embedded.core.frozen import frozen
from embedded.core.service_models import client_name

_LOG = logging.getLogger(__name__)

_CREDENTIAL = r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request"
_SIGNED_HEADER = re.compile(_CREDENTIAL)
_SIGNED_QUERY = re.compile(rf"X-Amz-{_CREDENTIAL}")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/([^/]+)/?")
_FORM = "application/x-www-form-urlencoded"
_STREAMS_TARGET = "DynamoDBStreams_"


@frozen
class ApiCall:
    """One call of an AWS API. `parameters` is the operation's input by member names, as far as it
    can be recognized in the request; `operation` is empty when the request fits none.
    """

    service: str
    operation: str
    region: str
    access_key_id: str
    protocol: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def partition(self) -> str:
        """The partition that the call's region is in."""
        return str(get_partition(self.region))


def identify(environ: Mapping[str, Any], body: bytes) -> ApiCall | None:
    """The call that a request makes; None for a request that is not signed for an AWS service."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    signed = _SIGNED_HEADER.search(authorization)
    if signed is None:
        signed = _SIGNED_QUERY.search(unquote(environ.get("QUERY_STRING", "")))
    if signed is None:
        return None
    access_key_id, region, signing_name = signed.groups()
    service = client_name(signing_name)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if service == "dynamodb" and target.startswith(_STREAMS_TARGET):
        service = "dynamodbstreams"
    protocol, operation, parameters = _read(service, environ, target, body)
    return ApiCall(
        service=service,
        operation=operation,
        region=region,
        access_key_id=access_key_id,
        protocol=protocol,
        parameters=parameters,
    )


def _read(
    service: str, environ: Mapping[str, Any], target: str, body: bytes
) -> tuple[str, str, Mapping[str, Any]]:
    """Protocol, operation and parameters."""
    if target:
        return "json", target.rpartition(".")[2], _json_object(environ, body)
    rpc = _RPC_PATH.fullmatch(environ.get("PATH_INFO", ""))
    if rpc:
        return "smithy-rpc-v2-cbor", rpc[1], {}
    query = environ.get("QUERY_STRING", "")
    is_form = environ.get("CONTENT_TYPE", "").startswith(_FORM)
    if is_form or "Action=" in query:
        form = body.decode("utf-8", "replace") if is_form else query
        action = parse_qs(form, keep_blank_values=True).get("Action", [""])[0]
        protocol = "ec2" if service == "ec2" else "query"
        return protocol, action, _parsed(service, action, protocol, environ, body)
    return _rest(service, environ, body)


def _json_object(environ: Mapping[str, Any], body: bytes) -> Mapping[str, Any]:
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        body = gzip.decompress(body)
    try:
        content = json.loads(body) if body else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _rest(
    service: str, environ: Mapping[str, Any], body: bytes
) -> tuple[str, str, Mapping[str, Any]]:
    request = _request(environ, body)
    try:
        operation, labels = get_service_router(service).match(request)
    except (NotFound, NotImplementedError, ValueError, LookupError):
        return "rest-json", "", {}
    except Exception:  # botocore's UnknownServiceError has no narrower base
        _LOG.debug("no model to route a request of %s", service, exc_info=True)
        return "rest-json", "", {}
    protocol = str(operation.service_model.metadata["protocol"])
    name = str(operation.name)
    return protocol, name, _parsed(service, name, protocol, environ, body, labels)


def _parsed(
    service: str,
    operation: str,
    protocol: str,
    environ: Mapping[str, Any],
    body: bytes,
    labels: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    """The operation's input; empty when the request does not fit it, which authorizes nothing."""
    try:
        model = get_service_model(service).operation_model(operation)
        request = _request(environ, body)
        parsed = PROTOCOL_PARSERS[protocol](model).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": labels or {},
            }
        )
    except Exception:  # a request may be malformed in any way; the service will say so
        _LOG.debug("cannot read %s:%s", service, operation, exc_info=True)
        return {}
    return parsed if isinstance(parsed, Mapping) else {}


def _request(environ: Mapping[str, Any], body: bytes) -> Any:
    return Request({**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def error_code(headers: Mapping[str, str], body: bytes) -> str:
    """The error code of a failed answer, from wherever its protocol puts it.

    `headers` by names in lower case. "Unknown" when there is none.
    """
    code = headers.get("x-amzn-query-error", "").partition(";")[0]
    code = code or headers.get("x-amzn-errortype", "")
    if not code and body.lstrip()[:1] == b"{":
        try:
            content = json.loads(body)
        except ValueError:
            content = {}
        code = str(content.get("__type") or content.get("code") or "")
    if not code:
        found = re.search(rb"<Code>([^<]+)</Code>", body)
        code = found[1].decode() if found else ""
    return code.rpartition("#")[2].partition(":")[0] or "Unknown"
