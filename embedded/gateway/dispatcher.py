"""moto's server without Flask: what service a request is for, and what moto's code of it answers.

moto makes a Flask application for each service that is called. Of what that does for a request
(contexts, sessions, signals, hooks) moto uses the routes alone; it was a third of what a call took
in the gateway, and importing it a tenth of the embedded AWS's start. Of moto's own API, the pages
are templates of Flask's and are not served, and nothing is recorded.

Upstream: moto/moto_server/werkzeug_app.py, moto/core/utils.py (`convert_to_flask_response`).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PAGES = ("dashboard", "lib_js")
_BAD_REQUEST = 400
_ITS_PARTS = 3
"""Status, headers and content, which some of moto's code gives apart."""


def _server() -> ModuleType:
    """What moto has for it, derived from classes that stand in the place of Flask's."""
    places: dict[str, tuple[str, ...]] = {
        "flask": ("Flask", "Request"),
        "flask.testing": ("FlaskClient",),
        "flask_cors": ("CORS",),
    }
    placed = [name for name in places if name not in sys.modules]
    for name in placed:
        sys.modules[name] = ModuleType(name)
        for one in places[name]:
            setattr(sys.modules[name], one, type(one, (), {}))
    try:
        return importlib.import_module("moto.moto_server.werkzeug_app")
    finally:
        for name in placed:
            del sys.modules[name]


_moto: Any = _server()
RequestHandler: Any = _moto.MotoRequestHandler
"""Makes of what a connection says what WSGI calls an environment."""


class _Response(Response):
    default_mimetype = "text/html"  # as Flask's, which moto relies on


class ServiceApp:
    """WSGI application of one service, by its name among moto's.

    Raises:
        NotImplementedError: moto does not have the service.
    """

    def __init__(self, service: str | None) -> None:
        if service is None:
            raise NotImplementedError("the whole service is missing")
        self._routes = Map(
            [
                # Some services have an empty path for clients that leave it out.
                Rule(path, endpoint=handler, methods=_moto.HTTP_METHODS, strict_slashes=False)
                for path, handler in _backend(service).flask_paths.items()
                if path and handler.__name__ not in _PAGES
            ],
            converters={"regex": _moto.RegexConverter},
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; what moto's code raises and is no answer is raised."""
        request = _moto.BackendRequest(environ)
        try:
            handler, _ = self._routes.bind_to_environ(environ).match()
            response = _answer(handler, request)
        except HTTPException as problem:
            response = problem.get_response(environ)
        answered: Iterable[bytes] = response(environ, start_response)
        return answered


def _backend(service: str) -> Any:
    """One that says what paths the service has: any account's and region's."""
    found = get_backend(service)
    if not isinstance(found, BackendDict):
        return found["global"]
    regions = found[DEFAULT_ACCOUNT_ID]
    return regions["us-east-1" if "us-east-1" in regions else "aws"]


def _answer(handler: Any, request: Any) -> Any:
    try:
        answered = handler(request, request.raw_url, dict(request.headers))
    except ClientError as error:
        answered = _BAD_REQUEST, {}, error.response["Error"]["Message"]
    whole = len(answered) == _ITS_PARTS
    status, headers, content = answered if whole else (200, {}, answered)
    response = _Response(response=content, status=status, headers=headers)
    if request.method == "HEAD" and "content-length" in headers:
        response.headers["Content-Length"] = headers["content-length"]
    return response


class Dispatcher(_moto.DomainDispatcherApplication):
    """WSGI application of all services; moto's, with a memory: it would look through its folders
    and patterns on every call.
    """

    def __init__(self) -> None:
        super().__init__(ServiceApp)
        self._backends: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The backend that serves the host, if any; called under the lock of `get_application`."""
        if host is None:
            return None
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]
