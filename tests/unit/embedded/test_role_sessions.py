"""When role sessions end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from embedded.core.clock import Clock
from embedded.moto_patches import sts_session_ends
from embedded.organizations.settings import STANDALONE
from tests.unit.embedded.accounts_server import (
    UNKNOWN_KEYS,
    Accounts,
    accounts,
    member_role,
    refusal,
)
from tests.unit.embedded.time_travel import pass_days

ROLE = member_role(STANDALONE.id)
HOUR = 1 / 24


@pytest.fixture
def server() -> Iterator[Accounts]:
    with accounts() as one:
        yield one


def lasts(server: Accounts, keys: Any) -> float:
    """Virtual seconds until the session says it ends."""
    return float((keys["Expiration"] - server.context.clock.datetime()).total_seconds())


@pytest.mark.parametrize(
    ("service", "operation", "refused"),
    [
        ("organizations", "list_handshakes_for_account", ("ExpiredTokenException", 400)),
        ("lambda", "list_functions", ("ExpiredTokenException", 403)),
        ("iam", "list_roles", ("ExpiredToken", 403)),
        ("sts", "get_caller_identity", ("ExpiredToken", 403)),
    ],
)
def test_a_session_is_refused_after_its_end(
    server: Accounts, service: str, operation: str, refused: tuple[str, int]
) -> None:
    call = getattr(server.client(service, server.assume(ROLE)), operation)

    call()
    pass_days(server.context.clock, HOUR)

    assert refusal(call) == refused
    getattr(server.client(service, server.assume(ROLE)), operation)()


@pytest.mark.parametrize(
    ("service", "operation", "refused"),
    [*UNKNOWN_KEYS, ("s3", "list_buckets", ("InvalidAccessKeyId", 403))],
)
def test_a_session_that_nobody_handed_out_is_refused(
    server: Accounts, service: str, operation: str, refused: tuple[str, int]
) -> None:
    keys = {"AccessKeyId": "ASIAUNKNOWN000000000", "SecretAccessKey": "s", "SessionToken": "t"}

    assert refusal(getattr(server.client(service, keys), operation)) == refused
    last = server.context.calls[-1]
    assert (last.caller, last.error) == ("ASIAUNKNOWN000000000", refused[0])


def test_a_session_says_in_virtual_time_when_it_ends(server: Accounts) -> None:
    pass_days(server.context.clock, 100)

    assert lasts(server, server.assume(ROLE)) == pytest.approx(3600, abs=600)
    assert lasts(server, server.assume(ROLE, DurationSeconds=3000)) == pytest.approx(3000, abs=600)


def test_a_root_session_ends_too(server: Accounts) -> None:
    server.client("organizations").enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    server.client("iam").enable_organizations_root_sessions()
    arn = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
    keys = server.client("sts").assume_root(
        TargetPrincipal=server.member(), TaskPolicyArn={"arn": arn}
    )["Credentials"]
    iam = server.client("iam", keys)

    iam.get_account_summary()
    pass_days(server.context.clock, HOUR)

    assert refusal(iam.get_account_summary) == ("ExpiredToken", 403)


def test_credentials_that_a_service_gives_do_not_end(server: Accounts) -> None:
    client = server.client("organizations", server.owner(STANDALONE.id))

    pass_days(server.context.clock, 100)

    assert client.list_handshakes_for_account()["Handshakes"] == []


def test_a_session_can_be_used_however_fast_the_clock_is(server: Accounts) -> None:
    server.context.clock = Clock(1_000_000.0)

    keys = server.assume(ROLE, DurationSeconds=900)

    assert server.client("organizations", keys).list_handshakes_for_account()["Handshakes"] == []
    assert lasts(server, keys) > 900


def test_of_many_sessions_those_that_ended_are_forgotten(
    server: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sts_session_ends, "MOST_SESSIONS", 3)
    sts, iam = (of[STANDALONE.id]["aws"] for of in (sts_backends, iam_backends))
    sts.assumed_roles.clear()
    iam.access_keys.clear()
    ended = [server.assume(ROLE) for _ in range(5)]
    assert len(sts.assumed_roles) == len(iam.access_keys) == 5

    pass_days(server.context.clock, HOUR)
    keys = server.assume(ROLE)

    left = [each.access_key_id for each in sts.assumed_roles]
    assert left == [*(each["AccessKeyId"] for each in ended[3:]), keys["AccessKeyId"]]
    assert set(iam.access_keys) == set(left)
    call = server.client("organizations", ended[0]).list_handshakes_for_account
    assert refusal(call) == ("UnrecognizedClientException", 400)
    server.client("organizations", keys).list_handshakes_for_account()
