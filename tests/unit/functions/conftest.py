from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

import pytest
from moto import mock_aws
from moto.sts.responses import TokenResponse

from embedded.identity import member_access
from embedded.moto_patches import speed
from tests.unit.functions.api_calls import POLICY, RETIREMENT, VENDING, Api
from tests.unit.functions.approving import a_policy
from tests.unit.functions.retiring import PROTECTED_TAG
from tests.unit.functions.world import BUS, TABLE, World, stop_clock
from vending.authorization.request_policy import parse_policy
from vending.handler import wiring
from vending.request import trusted_services
from vending.request.fields import PolicyType

speed.install()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment the stack gives to a function, and credentials that open nothing."""
    values = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "CLOSINGS_IN_30_DAYS": "250",
        "CLOSINGS_IN_PROGRESS": "3",
        "CLOSING_LEASE_SECONDS": "3600",
        "CLOSING_RATE_PER_SECOND": "0.05",
        "CLOSING_SLACK_SECONDS": "0",
        "CREATIONS_IN_PROGRESS": "5",
        "CREATION_BURST": "3",
        "CREATION_LEASE_SECONDS": "900",
        "CREATION_RATE_PER_SECOND": "0.1",
        "CREATION_SLACK_SECONDS": "0",
        "EVENT_BUS_NAME": BUS,
        "INVITED_ACCOUNT_EXTERNAL_ID": "an-external-id",
        "INVITED_ACCOUNT_ROLE_NAMES": "Accepting Admin",
        "LEDGER_TABLE_NAME": TABLE,
        "POLICY_TYPES": " ".join(get_args(PolicyType)),
        "POWERTOOLS_METRICS_NAMESPACE": "AccountVending",
        "POWERTOOLS_SERVICE_NAME": "account-vending",
        "RETIREMENT_GRACE_DAYS": "14",
        "RETIREMENT_ORGANIZATIONAL_UNIT": "/Suspended",
        "RETIREMENT_POLICY_NAME": "RetiredAccounts",
        "RETIREMENT_PROTECTED_TAG": PROTECTED_TAG,
        "SERVICE_PRINCIPALS": " ".join(trusted_services._entries()),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def world(environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with mock_aws():
        world = World()
        # Accounts outside of the organization have no roles here, whose trust could be checked.
        monkeypatch.setattr(TokenResponse, "assume_role", member_access.MOTO_ASSUME_ROLE)
        monkeypatch.setattr("vending.aws.clock.time", stop_clock(world))
        monkeypatch.setattr(wiring, "request_policy", lambda: parse_policy(world.policy))
        yield world
        world.end()


@pytest.fixture
def approving(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which production needs an approval."""
    monkeypatch.setenv("STATE_MACHINE_ARN", VENDING)
    world.policy = a_policy()
    return world


@pytest.fixture
def api(world: World, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("STATE_MACHINE_ARN", VENDING)
    monkeypatch.setenv("RETIREMENT_STATE_MACHINE_ARN", RETIREMENT)
    world.policy = json.loads(json.dumps(POLICY))
    return Api(world=world)
