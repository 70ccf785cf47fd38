"""`vend doctor`: each check says what is wrong and what to do, and none hides another."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cli.checks import checks
from cli.checks.checks import CHECKS, Place, Result
from cli.commands import doctor
from cli.main import main
from cli.output.failure import CommandError
from tests.unit.cli.fakes import FakeStack, a_record, denied

MANAGEMENT = "111111111111"
Clients = dict[str, Any]


class Pages:
    """A paginator over what it is given."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> tuple[dict[str, Any], ...]:
        """All pages."""
        return self._pages


def quotas(*named: tuple[str, float]) -> Pages:
    """A paginator over Service Quotas' quotas, one page each."""
    return Pages(*({"Quotas": [{"QuotaName": name, "Value": value}]} for name, value in named))


def advanced(*fields: dict[str, Any]) -> dict[str, Any]:
    """A trail's advanced event selectors: one, of these fields."""
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(fields)}]}


def refused(code: str) -> type[ClientError]:
    """A modelled exception of a client."""
    return type(code, (ClientError,), {})


def raising(error: Exception) -> Callable[..., Any]:
    """An operation that fails."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def sound() -> Clients:
    """Clients of an account in which everything is as it should be."""
    organization = {"Id": "o-1", "FeatureSet": "ALL", "MasterAccountId": MANAGEMENT}
    pages = {
        "list_accounts": Pages({"Accounts": [{}] * 20}, {"Accounts": [{}] * 3}),
        "list_aws_service_access_for_organization": Pages(
            {"EnabledServicePrincipals": [{"ServicePrincipal": "iam.amazonaws.com"}]}
        ),
    }
    rules = {"Rules": [{"Name": "AccountVending-a", "State": "ENABLED"}]}
    return {
        "organizations": SimpleNamespace(
            describe_organization=lambda: {"Organization": organization},
            get_paginator=pages.__getitem__,
            exceptions=SimpleNamespace(AWSOrganizationsNotInUseException=refused("NotInUse")),
            pages=pages,
        ),
        "iam": SimpleNamespace(
            list_organizations_features=lambda: {"EnabledFeatures": sorted(checks.ROOT_FEATURES)},
            exceptions=SimpleNamespace(ServiceAccessNotEnabledException=refused("NotEnabled")),
        ),
        "service-quotas": SimpleNamespace(
            get_paginator=lambda _name: quotas(("Default maximum number of accounts", 100.0))
        ),
        "cloudtrail": SimpleNamespace(
            describe_trails=lambda **_: {
                "trailList": [{"Name": "all", "TrailARN": "arn:t", "IsMultiRegionTrail": True}]
            },
            get_trail_status=lambda **_: {"IsLogging": True},
            get_event_selectors=lambda **_: {
                "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
            },
        ),
        "stepfunctions": SimpleNamespace(describe_state_machine=lambda **_: {"status": "ACTIVE"}),
        "events": SimpleNamespace(list_rules=lambda **_: rules),
        "sqs": SimpleNamespace(
            get_queue_attributes=lambda **_: {
                "Attributes": {
                    "ApproximateNumberOfMessages": "0",
                    "ApproximateNumberOfMessagesNotVisible": "0",
                }
            }
        ),
        "lambda": None,
    }


class DeployedStack(FakeStack):
    """A stack with clients."""

    event_bus_name = "account-vending"

    def __init__(self, clients: Clients) -> None:
        super().__init__()
        self._clients = clients

    def client(self, service: str) -> Any:
        """As the place's."""
        return self._clients[service]


def place(clients: Clients, stack: FakeStack | None = None, **changes: Any) -> Place:
    values: dict[str, Any] = {
        "client": clients.__getitem__,
        "region": "us-east-1",
        "account_id": MANAGEMENT,
        "stack": stack or DeployedStack(clients),
    }
    return Place(**(values | changes))


def results(where: Place, name: str) -> list[Result]:
    return list(CHECKS[name](where))


@pytest.mark.parametrize("name", CHECKS)
def test_everything_as_it_should_be_is_right(name: str) -> None:
    found = results(place(sound()), name)

    assert [each.level for each in found] == ["ok"]
    assert found[0].check == name


def test_other_region_is_wrong() -> None:
    (found,) = results(place(sound(), region="eu-west-1"), "region")

    assert (found.level, "AWS_DEFAULT_REGION" in found.remedy) == ("fail", True)


def test_account_in_no_organization_is_wrong() -> None:
    clients = sound()
    error = clients["organizations"].exceptions.AWSOrganizationsNotInUseException
    clients["organizations"].describe_organization = raising(error({}, "DescribeOrganization"))

    (found,) = results(place(clients), "organization")

    assert (found.level, "no organization" in found.what) == ("fail", True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"MasterAccountId": "999999999999"}, "managed by 999999999999"),
        ({"FeatureSet": "CONSOLIDATED_BILLING"}, "billing only"),
    ],
    ids=["member account", "billing only"],
)
def test_organization_that_cannot_vend_is_wrong(changes: dict[str, str], expected: str) -> None:
    clients = sound()
    described = clients["organizations"].describe_organization()["Organization"] | changes
    clients["organizations"].describe_organization = lambda: {"Organization": described}

    found = results(place(clients), "organization")

    assert [expected in each.what for each in found if each.level == "fail"] == [True]


def test_missing_trusted_access_is_to_know_about() -> None:
    clients = sound()
    clients["organizations"].pages["list_aws_service_access_for_organization"] = Pages(
        {"EnabledServicePrincipals": []}
    )

    (found,) = results(place(clients), "trusted access")

    assert (found.level, "iam.amazonaws.com" in found.what) == ("warn", True)


@pytest.mark.parametrize("why", ["not enabled", "only one feature"])
def test_missing_root_access_is_to_know_about(why: str) -> None:
    clients = sound()
    iam = clients["iam"]
    iam.list_organizations_features = (
        raising(iam.exceptions.ServiceAccessNotEnabledException({}, "ListOrganizationsFeatures"))
        if why == "not enabled"
        else lambda: {"EnabledFeatures": ["RootCredentialsManagement"]}
    )

    (found,) = results(place(clients), "root access")

    assert (found.level, "RootSessions" in found.what) == ("warn", True)


@pytest.mark.parametrize(
    "name", ["Default maximum number of accounts", "Maximum number of accounts"]
)
@pytest.mark.parametrize(("quota", "level"), [(23, "fail"), (10, "fail"), (24, "warn"), (28, "ok")])
def test_room_for_accounts_is_counted(quota: int, level: str, name: str) -> None:
    clients = sound()
    clients["service-quotas"].get_paginator = lambda _name: quotas(
        ("Organizational units in an organization", 2000.0),
        (name, float(quota)),
    )

    (found,) = results(place(clients), "accounts")

    assert (found.level, f"23 of {quota}" in found.what) == (level, True)


@pytest.mark.parametrize("why", ["denied", "no quota of that name"])
def test_quota_that_cannot_be_read_says_where_it_is(why: str) -> None:
    clients = sound()
    clients["service-quotas"].get_paginator = (
        raising(denied("ListServiceQuotas"))
        if why == "denied"
        else lambda _name: quotas(("Organizational units in an organization", 2000.0))
    )

    (found,) = results(place(clients), "accounts")

    assert (found.level, "Service Quotas" in found.remedy) == ("warn", True)


@pytest.mark.parametrize("why", ["none", "of another region", "stopped"])
def test_trail_that_does_not_log_here_is_to_know_about(why: str) -> None:
    clients = sound()
    elsewhere = {"Name": "x", "TrailARN": "arn:t", "HomeRegion": "eu-west-1"}
    trails = {"none": [], "of another region": [elsewhere]}
    if why in trails:
        clients["cloudtrail"].describe_trails = lambda **_: {"trailList": trails[why]}
    else:
        clients["cloudtrail"].get_trail_status = lambda **_: {"IsLogging": False}

    (found,) = results(place(clients), "CloudTrail")

    assert found.level == "warn"


@pytest.mark.parametrize(
    ("selectors", "level"),
    [
        ({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": False}]}, "warn"),
        (
            {"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]},
            "warn",
        ),
        (
            {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]},
            "ok",
        ),
        (advanced({"Field": "eventCategory", "Equals": ["Data"]}), "warn"),
        (advanced({"Field": "eventCategory", "Equals": ["Management"]}), "ok"),
        (
            advanced(
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "readOnly", "Equals": ["true"]},
            ),
            "warn",
        ),
        ({}, "warn"),
    ],
    ids=[
        "data only",
        "reads only",
        "writes",
        "advanced data",
        "advanced",
        "advanced reads",
        "none",
    ],
)
def test_trail_must_log_what_changes_an_organization(selectors: dict[str, Any], level: str) -> None:
    clients = sound()
    clients["cloudtrail"].get_event_selectors = lambda **_: selectors

    (found,) = results(place(clients), "CloudTrail")

    assert found.level == level


def test_stack_that_is_not_deployed_is_wrong_once() -> None:
    where = place(sound(), stack=None)
    missing = Place(
        client=where.client, region=where.region, account_id=where.account_id, stack=None
    )

    found = [each for name in CHECKS for each in results(missing, name)]

    assert [each.check for each in found if each.level == "fail"] == ["stack"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], "requests start nothing"),
        ([{"Name": "AccountVending-a", "State": "DISABLED"}], "disabled: AccountVending-a"),
    ],
    ids=["none", "disabled"],
)
def test_rule_that_does_not_fire_is_wrong(rules: list[dict[str, str]], expected: str) -> None:
    clients = sound()
    clients["events"].list_rules = lambda **_: {"Rules": rules}

    (found,) = results(place(clients), "event rules")

    assert (found.level, expected in found.what) == ("fail", True)


def test_rules_are_read_to_the_last_page() -> None:
    clients = sound()
    on, off = {"Name": "a", "State": "ENABLED"}, {"Name": "b", "State": "DISABLED"}
    clients["events"].list_rules = lambda **asked: (
        {"Rules": [off]} if asked.get("NextToken") else {"Rules": [on], "NextToken": "2"}
    )

    (found,) = results(place(clients), "event rules")

    assert found.level == "fail"


@pytest.mark.parametrize("where", ["", "NotVisible"])
def test_dead_letters_are_wrong(where: str) -> None:
    clients = sound()
    counts = {f"ApproximateNumberOfMessages{where}": "2"}
    clients["sqs"].get_queue_attributes = lambda **_: {"Attributes": counts}

    (found,) = results(place(clients), "dead letters")

    assert (found.level, found.what) == ("fail", "2 events could not be delivered")
    assert "vend redrive --dry-run" in found.remedy


@pytest.mark.parametrize("status", ["ABORTED", "SUCCEEDED", None])
def test_request_without_an_execution_is_wrong(status: str | None) -> None:
    clients = sound()
    stack = DeployedStack(clients)
    stack.put(a_record("CREATING"))
    if status:
        stack.statuses[a_record()["executionArn"]] = status

    (found,) = results(place(clients, stack), "requests")

    assert (found.level, "vend resume r-sandbox" in found.remedy) == ("fail", True)


def test_request_under_way_and_failed_ones_are_reported() -> None:
    clients = sound()
    stack = DeployedStack(clients)
    stack.put(a_record("CREATING"))
    stack.statuses[a_record()["executionArn"]] = "RUNNING"
    for number in range(5):
        stack.put(a_record("FAILED", request_id=f"r-{number}"))

    under_way, failed = results(place(clients, stack), "requests")

    assert (under_way.level, under_way.what) == ("ok", "1 in progress, none stuck")
    assert (failed.level, failed.what) == ("warn", "5 FAILED: r-0, r-1, r-2 and 2 more")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Clients:
    """The clients that the command finds."""
    clients = sound()
    clients["sts"] = SimpleNamespace(get_caller_identity=lambda: {"Account": MANAGEMENT})
    made = SimpleNamespace(region_name=None, client=lambda service, **_: clients[service])
    monkeypatch.setattr(doctor, "session_of_environment", lambda: made)
    monkeypatch.setattr(doctor, "Stack", lambda _session: DeployedStack(clients))
    return clients


def test_doctor_says_all_that_is_right(
    session: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0

    out = capsys.readouterr().out
    assert out.splitlines()[-1] == f"{len(CHECKS) + 1} right"
    assert all(name in out for name in CHECKS)


def test_doctor_goes_on_after_a_check_that_may_not_look(
    session: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    session["cloudtrail"].describe_trails = raising(denied("DescribeTrails"))

    assert main(["doctor", "--json"]) == 0

    printed = {each["check"]: each for each in json.loads(capsys.readouterr().out)}
    assert printed["CloudTrail"]["level"] == "warn"
    assert "permission for DescribeTrails" in printed["CloudTrail"]["what"]
    assert printed["requests"]["level"] == "ok"


def test_doctor_ends_with_1_where_something_is_wrong(
    session: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    session["events"].list_rules = lambda **_: {"Rules": []}

    assert main(["doctor"]) == 1
    assert "make deploy" in capsys.readouterr().out


def test_doctor_without_credentials_says_how_to_get_some(
    session: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    session["sts"].get_caller_identity = raising(NoCredentialsError())

    assert main(["doctor"]) == 1
    assert "AWS_PROFILE" in capsys.readouterr().err


def test_doctor_without_a_stack_says_so(
    session: Clients, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "Stack", raising(CommandError("not deployed")))

    assert main(["doctor", "--json"]) == 1

    failed = [each for each in json.loads(capsys.readouterr().out) if each["level"] == "fail"]
    assert [each["check"] for each in failed] == ["stack"]
