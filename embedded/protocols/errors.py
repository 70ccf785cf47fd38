"""AWS errors as bytes: one code and message in the protocol of the call that they answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import StructureShape

from embedded.core.frozen import frozen
from embedded.core.service_models import error_shape, service_model
from embedded.protocols.protocols import ApiCall

_STATUS = {
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalServerException": 500,
    "NotImplemented": 501,
    "RequestLimitExceeded": 503,
    "ServiceException": 500,
    "ServiceFailure": 500,
    "ServiceFailureException": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
}
"""HTTP statuses of codes for which the service's model gives none; any other is 400."""

_XML_PROTOCOLS = frozenset({"query", "ec2", "rest-xml"})
_RPC_JSON = frozenset({"json", "smithy-rpc-v2-cbor"})
_FORBIDDEN = (
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClient",
)
"""What the codes of a refused caller begin with: 403, but in the RPC protocols with JSON."""


@frozen
class Answer:
    """One HTTP answer."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def for_moto(self) -> tuple[str, dict[str, Any]]:
        """The same as one of moto's response methods gives it."""
        status = int(self.status.split()[0])
        return self.body.decode(), {**dict(self.headers), "status": status}


def denied(call: ApiCall, message: str) -> Answer:
    """The refusal of a call that the caller's policies do not allow."""
    code = "AccessDenied" if call.protocol in _XML_PROTOCOLS else "AccessDeniedException"
    return error(call, code, message)


def unknown_credentials(call: ApiCall) -> Answer:
    """The refusal of credentials that the call's partition does not know."""
    if call.protocol == "rest-xml":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return error(call, "InvalidAccessKeyId", message, {"AWSAccessKeyId": call.access_key_id})
    query = call.protocol in _XML_PROTOCOLS
    code = "InvalidClientTokenId" if query else "UnrecognizedClientException"
    return error(call, code, "The security token included in the request is invalid.")


def expired_credentials(call: ApiCall) -> Answer:
    """The refusal of a session's credentials after the session's end."""
    code = "ExpiredToken" if call.protocol in _XML_PROTOCOLS else "ExpiredTokenException"
    return error(call, code, "The security token included in the request is expired")


def error(
    call: ApiCall, code: str, message: str, members: Mapping[str, Any] | None = None
) -> Answer:
    """An error answer; `code` is the error's code or the name of its shape, `members` are its
    further members, such as Reason.
    """
    shape = error_shape(call.service, call.operation, code)
    wire_code = shape.error_code if shape else code
    status = _status(call, code, shape)
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-requestid": request_id}
    if call.protocol in _XML_PROTOCOLS:
        body = _xml(call, wire_code, message, members or {}, request_id, status)
        headers["content-type"] = "application/xml" if call.protocol == "rest-xml" else "text/xml"
    else:
        content = {_message_member(shape): message, **(members or {})}
        if call.protocol != "rest-json":
            content = {"__type": shape.name if shape else code, **content}
        body = json.dumps(content)
        version = _json_version(call)
        headers["content-type"] = f"application/{version}"
        headers["x-amzn-errortype"] = shape.name if shape else code
        if _is_query_compatible(call):
            headers["x-amzn-query-error"] = f"{wire_code};{_side(status)}"
    data = body.encode()
    headers["content-length"] = str(len(data))
    phrase = HTTPStatus(status).phrase
    return Answer(status=f"{status} {phrase}", headers=tuple(headers.items()), body=data)


def _status(call: ApiCall, code: str, shape: StructureShape | None) -> int:
    if shape is not None:
        modelled = shape.metadata.get("error", {}).get("httpStatusCode")
        if modelled:
            return int(modelled)
        # botocore keeps the trait that says "ours, not the caller's" out of a shape's metadata.
        if shape._shape_model.get("fault"):  # type: ignore[attr-defined]
            return 500
    if code.startswith(_FORBIDDEN) and call.protocol not in _RPC_JSON:
        return 403
    return _STATUS.get(code, 400)


def _message_member(shape: StructureShape | None) -> str:
    members = shape.members if shape else {}
    return next((name for name in members if name.lower() == "message"), "Message")


def _json_version(call: ApiCall) -> str:
    if call.protocol == "rest-json":
        return "json"
    model = service_model(call.service)
    return f"x-amz-json-{model.metadata.get('jsonVersion', '1.1') if model else '1.1'}"


def _is_query_compatible(call: ApiCall) -> bool:
    model = service_model(call.service)
    return model is not None and "awsQueryCompatible" in model.metadata


def _xml(
    call: ApiCall,
    code: str,
    message: str,
    members: Mapping[str, Any],
    request_id: str,
    status: int,
) -> str:
    inner = {"Code": code, "Message": message, **members}
    fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in inner.items())
    if call.protocol == "rest-xml":
        return f"<Error>{fields}<RequestId>{request_id}</RequestId></Error>"
    if call.protocol == "ec2":
        errors = f"<Errors><Error>{fields}</Error></Errors>"
        return f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    return (
        f"<ErrorResponse><Error><Type>{_side(status)}</Type>{fields}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _side(status: int) -> str:
    """Whose fault an error is, in the words of the query protocol."""
    return "Sender" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
