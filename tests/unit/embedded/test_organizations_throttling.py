from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from embedded.organizations.quotas import QUOTAS
from embedded.organizations.throttling import Throttle
from tests.unit.embedded.live_aws import Aws

T = 1_700_000_000.0


def admitted(throttle: Throttle, operation: str, account_id: str, times: list[float]) -> list[bool]:
    return [throttle.admits(operation, account_id, T + at) for at in times]


@pytest.mark.parametrize(
    ("operation", "times", "expected"),
    [
        pytest.param(
            "CreateAccount",
            [0, 0, 0, 0, 9.9, 10, 10],
            [1, 1, 1, 0, 0, 1, 0],
            id="burst-3-then-0.1/s",
        ),
        pytest.param("CreateAccount", [0, 0, 0, 1000] + [1000] * 3, [1] * 6 + [0], id="holds-3"),
        pytest.param("DescribeCreateAccountStatus", [0, 0, 0, 0.5, 0.5], [1, 1, 0, 1, 0], id="2/s"),
        pytest.param("CreateAccount", [0, 0, 0, -50, 5, 10], [1, 1, 1, 0, 0, 1], id="clock-back"),
        pytest.param("NoSuchOperation", [0] * 100, [1] * 100, id="no-rate-published"),
    ],
)
def test_throttle_of_one_account(operation: str, times: list[float], expected: list[int]) -> None:
    throttle = Throttle()

    assert admitted(throttle, operation, "1", times) == [bool(one) for one in expected]


def test_throttle_counts_both_ways_to_create_an_account_together() -> None:
    throttle = Throttle()

    assert admitted(throttle, "CreateAccount", "1", [0, 0]) == [True, True]
    assert admitted(throttle, "CreateGovCloudAccount", "1", [0, 0]) == [True, False]


def test_throttle_holds_the_organization_to_its_own_rate() -> None:
    throttle = Throttle()

    first = admitted(throttle, "ListRoots", "1", [0, 0])
    second = admitted(throttle, "ListRoots", "2", [0, 0])

    assert first == [True, True]
    assert second == [True, False]


def test_throttle_takes_nothing_for_a_call_that_the_organization_has_no_room_for() -> None:
    throttle = Throttle()
    admitted(throttle, "ListRoots", "1", [0, 0])
    admitted(throttle, "ListRoots", "2", [0, 0, 0, 0])

    assert throttle.admits("ListRoots", "2", T + 1)


def test_create_account_a_fourth_time_at_once_is_one_too_many(aws: Aws) -> None:
    aws.reset_organization(speed=1)
    for n in range(3):
        aws.client("organizations").create_account(Email=f"a{n}@example.com", AccountName="A")

    refused = aws.refused("organizations", "CreateAccount", Email="d@example.com", AccountName="D")

    assert refused == ("TooManyRequestsException", None)


def test_rates_run_in_virtual_time(aws: Aws) -> None:
    aws.reset_organization(speed=1_000_000, creation_seconds=0)

    states = [aws.create_account(Email=f"a{n}@example.com")["State"] for n in range(6)]

    assert states == ["SUCCEEDED"] * 6


def test_requests_at_the_same_moment_get_the_burst_and_no_more(aws: Aws) -> None:
    aws.reset_organization(speed=1)
    organizations = aws.client("organizations")

    def ask(n: int) -> str:
        try:
            organizations.create_account(Email=f"a{n}@example.com", AccountName="A")
        except organizations.exceptions.TooManyRequestsException:
            return "refused"
        return "accepted"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert sorted(answers) == ["accepted"] * 3 + ["refused"] * 5


def test_concurrent_creations_make_one_account_each(aws: Aws) -> None:
    aws.reset_organization(throttled=False, creations_in_progress=20, creation_seconds=1)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(lambda n: aws.create_account(Email=f"a{n}@example.com"), range(12))
        )

    accounts = aws.client("organizations").list_accounts()["Accounts"]
    assert {status["State"] for status in statuses} == {"SUCCEEDED"}
    assert len(accounts) == 13
    assert len({account["Id"] for account in accounts}) == 13


def test_quotas_are_the_published_ones() -> None:
    create = QUOTAS["CreateAccount"]
    describe = QUOTAS["DescribeAccount"]

    assert (create.per_account.per_second, create.per_account.burst) == (0.1, 3)
    assert create.per_organization is None
    assert describe.per_organization is not None
    assert (describe.per_account.per_second, describe.per_organization.burst) == (20, 36)
