from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from embedded import control_planes, eventbridge
from embedded.core.partitions import administrator_in
from embedded.core.principal import Principal, caller
from embedded.gateway.dispatcher import Dispatcher
from embedded.gateway.server import Server
from embedded.protocols import protocols
from tests.unit.embedded.live_aws import Aws


@pytest.fixture(scope="session")
def server() -> Iterator[Aws]:
    control_planes.install()
    eventbridge.install()
    moto_app = Dispatcher()
    aws: Aws

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        principal = aws.principal
        call = protocols.identify(environ, b"")
        if call is not None and principal == Principal():
            principal = administrator_in(call.partition)
        token = caller.set(principal)
        try:
            return moto_app(environ, start_response)
        finally:
            caller.reset(token)

    http = Server(0, application)
    aws = Aws(f"http://127.0.0.1:{http.server_port}")
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield aws
    http.shutdown()
    http.server_close()


@pytest.fixture
def aws(server: Aws) -> Aws:
    """A fresh, unthrottled organization."""
    server.reset_organization(throttled=False)
    return server
