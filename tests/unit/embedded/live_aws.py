"""moto's own server with this project's extensions, for real boto3 clients.

There is no gateway here: the test says who calls by `calling_as`, which stands in for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded import REGION, organizations
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import EventFault
from embedded.core.principal import Principal

SPEED = 200.0


@dataclass(kw_only=True)
class CreationFault:
    """How one creation goes."""

    seconds: float | None = None
    failure_reason: str | None = None


@dataclass
class FakeFaults:
    """Hands out the planned faults, one a creation, and counts how often it was asked."""

    planned: list[CreationFault | None] = field(default_factory=list)
    asked: int = 0

    def for_creation(self) -> CreationFault | None:
        self.asked += 1
        return self.planned.pop(0) if self.planned else None

    def for_event(self, *_names: object) -> EventFault:
        return EventFault()


def eventually(look: Callable[[], Any]) -> Any:
    """The first truthy answer of `look` within some seconds."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.003)
    raise AssertionError("it did not come to pass")


class Aws:
    """The server as a test sees it."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.principal = Principal()
        self.faults = FakeFaults()
        self.clock = Clock(SPEED)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(  # type: ignore[call-overload]
                service,
                region_name=REGION,
                endpoint_url=self.endpoint_url,
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            )
        return self._clients[service]

    @contextmanager
    def calling_as(self, principal: Principal) -> Iterator[None]:
        before, self.principal = self.principal, principal
        try:
            yield
        finally:
            self.principal = before

    def refused(self, service: str, operation: str, **request: Any) -> tuple[str, str | None]:
        """The code and Reason of a call that must fail, with a code its model gives it."""
        client = self.client(service)
        with pytest.raises(ClientError) as caught:
            client._make_api_call(operation, request)
        code = caught.value.response["Error"]["Code"]
        model = client.meta.service_model.operation_model(operation)
        assert code in {shape.name for shape in model.error_shapes}
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        reason: Any = caught.value.response.get("Reason")
        return code, reason

    def create_account(self, **request: Any) -> Any:
        """Ask for an account and wait for the end: the last CreateAccountStatus."""
        asked = self.client("organizations").create_account(
            **{"Email": "new@example.com", "AccountName": "New"} | request
        )
        return self.ended(asked["CreateAccountStatus"]["Id"])

    def ended(self, creation_id: str) -> Any:
        """The status of a creation once it is no longer IN_PROGRESS."""
        client = self.client("organizations")

        def look() -> Any:
            status = client.describe_create_account_status(CreateAccountRequestId=creation_id)
            ended = status["CreateAccountStatus"]
            return ended if ended["State"] != "IN_PROGRESS" else None

        return eventually(look)

    def close_account(self, account_id: str) -> None:
        """Close a member account and wait until it is closed."""
        client = self.client("organizations")
        client.close_account(AccountId=account_id)

        def is_closed() -> bool:
            account = client.describe_account(AccountId=account_id)["Account"]
            return bool(account["State"] == "CLOSED")

        eventually(is_closed)

    def reset_organization(self, *, speed: float = SPEED, **settings: Any) -> None:
        """Start again with a fresh clock and a fresh organization."""
        self.clock = Clock(speed)
        self.faults = FakeFaults()
        self.principal = Principal()
        activate(
            Context(
                clock=self.clock,
                faults=self.faults,  # type: ignore[arg-type]
                credentials=Credentials(),
                endpoint_url=self.endpoint_url,
            )
        )
        organizations.reset_organization(organizations.OrganizationSettings(**settings))
