"""The plan comes to every step of the definitions, and says what each would change."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from cli.commands import target
from cli.dry_run import planner
from cli.dry_run.account_steps import AccountSteps
from cli.dry_run.cannot_plan import CannotPlan
from cli.dry_run.dry_run_client import DryRunClient
from cli.dry_run.planned import Planned
from cli.dry_run.planner import NOT_REACHED, NOT_RUN, Planner
from cli.main import main
from cli.watch import definitions
from cli.watch.definitions import ACCOUNT_VENDING, ORGANIZATION_SETUP
from statemachines.definitions import tasks
from tests.builders import a_contact
from tests.unit.cli.fakes import FakeStack
from tests.unit.functions.world import World
from vending.aws import clients
from vending.request import organization_setup
from vending.request.account_request import parse

GUARD = {"name": "Guard", "type": "TAG_POLICY", "content": '{"tags": {}}'}
FIELDS: dict[str, Any] = {
    "serviceAccess": ["account.amazonaws.com"],
    "rootAccess": ["RootCredentialsManagement", "RootSessions"],
}
REQUEST: dict[str, Any] = {
    "account": {"name": "Sandbox", "email": "sandbox@example.com"},
    "organizationalUnit": "/Workloads/Sandbox",
    "tags": {"team": "a"},
    "policies": [GUARD],
    "contacts": {"security": a_contact("Security")},
    **FIELDS,
}
DOCUMENT: dict[str, Any] = {
    "allFeatures": True,
    "policies": [{**GUARD, "targets": ["/Workloads"]}],
    **FIELDS,
}
BASELINE = {
    name: state
    for branch in definitions.read(ACCOUNT_VENDING)["States"]["Baseline"]["Branches"]
    for name, state in tasks(branch)
}
SETUP = dict(tasks(definitions.read(ORGANIZATION_SETUP)))
READING = ("Describe", "Get", "List")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        world = World()
        yield world
        world.end()


def changed(machine: str) -> Any:
    """A definition to be written to."""
    return copy.deepcopy(definitions.read(machine))


def a_planner(**definitions_: Any) -> Planner:
    return Planner(lambda service: getattr(clients, service)(), **definitions_)


def planned(request: Mapping[str, Any] = REQUEST, **definitions_: Any) -> Planned:
    return a_planner(**definitions_).request(parse({"requestId": "r-1", **request}), None)


def set_up(document: Mapping[str, Any] = DOCUMENT, **definitions_: Any) -> Planned:
    return a_planner(**definitions_).organization(organization_setup.parse(dict(document)))


def calling(operation: str, definition: Any, state: str) -> Any:
    """The definition with a state that calls another operation."""
    task = dict(tasks(definition))[state]
    task["Arguments"]["FunctionName"] = f"${{{operation}FunctionArn}}"
    return definition


def test_request_with_every_field_is_planned_in_the_definitions_order(world: World) -> None:
    plan = planned()

    assert plan.problems == []
    assert plan.changes == [
        "account Sandbox",
        "policy type TAG_POLICY",
        "policy Guard",
        "policy Guard on the account",
        "organizational unit /Workloads",
        "organizational unit /Workloads/Sandbox",
        "account in /Workloads/Sandbox",
        "tag account-vending:request-id",
        "tag team",
        "service access for account.amazonaws.com",
        "root access RootCredentialsManagement",
        "root access RootSessions",
        "security contact",
    ]
    assert [name for name, _ in world.calls if not name.split(":")[1].startswith(READING)] == []


def test_change_of_a_vended_account_is_planned_with_what_it_takes_away(world: World) -> None:
    account_id = world.organization.add_account(
        email="a@example.com", tags={"team": "a", "before": "1", "others": "2"}
    )
    world.organization.service_access.add("account.amazonaws.com")
    account = {"accountId": account_id, "name": "Sandpit"}
    given = {"tags": ["before", "gone"], "contacts": ["billing"], "policies": []}
    document = parse({"source": "existing", "account": {"accountId": account_id}}).normalised()
    known: Any = {"revision": 4, "document": document, "given": given}
    request = {"source": "existing", "account": account, "tags": {"team": "b"}}

    plan = a_planner().request(parse(request), None, account=known)

    assert plan.problems == []
    assert plan.changes == [
        "tag account-vending:request-id",
        "tag team",
        "name of the account",
        "tag before removed",
    ]
    assert [name for name, _ in world.calls if not name.split(":")[1].startswith(READING)] == []


@pytest.mark.parametrize("trust", ["there", "planned", "missing"])
def test_contacts_of_an_account_that_is_there_are_planned_by_what_aws_lets_see(
    world: World, trust: str
) -> None:
    account_id = world.organization.add_account(email="a@example.com")
    world.organization.service_access.add("account.amazonaws.com")
    security, billing = a_contact("Security"), a_contact("Billing")
    clients.account().put_alternate_contact(
        AccountId=account_id,
        AlternateContactType="SECURITY",
        Name=security["name"],
        Title=security["title"],
        EmailAddress=security["email"],
        PhoneNumber=security["phone"],
    )
    if trust != "there":
        world.organization.service_access.discard("account.amazonaws.com")
    request = {
        "source": "existing",
        "account": {"accountId": account_id},
        "contacts": {"security": security, "billing": billing},
        "serviceAccess": ["account.amazonaws.com"] if trust == "planned" else [],
    }

    plan = planned(request)

    contacts = ["billing contact", "security contact"]
    expected = {
        "there": (["billing contact"], ["security contact"], []),
        "planned": (contacts, [], []),
        "missing": ([], [], ["ConstraintViolationException"]),
    }
    assert (
        [one for one in plan.changes if one in contacts],
        [one for one in plan.already_there if one in contacts],
        [problem["code"] for problem in plan.problems],
    ) == expected[trust]
    assert len(world.called("PutAlternateContact")) == 1


def test_contacts_that_would_be_refused_are_left_out_of_the_plan(world: World) -> None:
    plan = planned({**REQUEST, "serviceAccess": []})

    (problem,) = plan.problems
    assert problem["reason"] == "SERVICE_ACCESS_NOT_ENABLED"
    assert "security contact" not in plan.changes


def test_what_steps_share_is_looked_at_once(world: World) -> None:
    set_up({**DOCUMENT, "allFeatures": False, "organizationalUnits": ["/A", "/B"]})

    first_pages = [one for one in world.called("ListRoots") if "NextToken" not in one]
    assert len(first_pages) == 1
    assert len(world.called("ListOrganizationsFeatures")) == 1


def test_new_account_that_is_to_stay_in_the_root_is_there_already(world: World) -> None:
    plan = planned({**REQUEST, "organizationalUnit": "/"})

    assert plan.already_there == ["account in /"]


@pytest.mark.parametrize("state", BASELINE)
def test_every_task_of_the_baseline_is_come_to(world: World, state: str) -> None:
    definition = calling("PutContactInformation", changed(ACCOUNT_VENDING), state)

    with pytest.raises(CannotPlan, match=f"Cannot plan {state}: what PutContactInformation"):
        planned(account_vending=definition)


@pytest.mark.parametrize("state", [name for name in SETUP if name != "AcceptHandshake"])
def test_every_task_of_the_setup_is_come_to(world: World, state: str) -> None:
    definition = calling("PutContactInformation", changed(ORGANIZATION_SETUP), state)

    with pytest.raises(CannotPlan, match=f"Cannot plan {state}: what PutContactInformation"):
        set_up(organization_setup=definition)


def test_task_that_is_put_before_the_account_is_planned_and_nothing_is_said_twice(
    world: World,
) -> None:
    definition = changed(ACCOUNT_VENDING)
    states = definition["States"]
    states["Prepare"] = {
        **copy.deepcopy(states["PrepareOrganizationalUnit"]),
        "Output": "{% $states.input %}",
        "Next": states["AcceptRequest"]["Next"],
    }
    states["AcceptRequest"]["Next"] = "Prepare"
    calling("CreateOrganizationalUnit", definition, "Prepare")

    prepared, before = planned(account_vending=definition), planned()

    assert prepared.changes[:2] == [one for one in before.changes if "unit /" in one]
    assert sorted(prepared.changes) == sorted(before.changes)
    assert prepared.already_there == before.already_there


def test_refused_step_leaves_out_what_needs_it_alone(world: World) -> None:
    world.organization.refuse("ListParents", "AccessDeniedException")
    account_id = world.organization.add_account(email="a@example.com")
    request = {**REQUEST, "source": "existing", "account": {"accountId": account_id}}

    plan = planned(request)

    assert [problem["code"] for problem in plan.problems] == ["AccessDeniedException"]
    assert "tag team" in plan.changes
    assert "policy Guard on the account" in plan.changes
    assert not any(one.startswith("account in") for one in plan.changes)


def test_setup_whose_all_features_are_refused_is_planned_all_the_same(world: World) -> None:
    everything = set_up().changes
    world.organization.feature_set = "CONSOLIDATED_BILLING"
    world.organization.refuse("ListHandshakesForOrganization", "AccessDeniedException")

    plan = set_up()

    assert [problem["code"] for problem in plan.problems] == ["AccessDeniedException"]
    assert plan.changes == everything


def test_operation_that_needs_a_client_that_no_plan_has_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(payload: Any, *, contacts: Any) -> None:
        del payload, contacts

    module = definitions.module_of("TagResource")
    monkeypatch.setattr(module, "run", run)

    with pytest.raises(CannotPlan, match="Cannot plan TagResource: TagResource needs contacts"):
        planned()


def test_call_that_changes_something_unknown_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(payload: Any, *, organizations: Any) -> None:
        organizations.put_resource_policy(Content="{}")

    run.__annotations__["payload"] = "TagResource"
    monkeypatch.setattr(definitions.module_of("TagResource"), "run", run)

    with pytest.raises(CannotPlan, match="Cannot plan put_resource_policy"):
        planned()


def test_command_says_what_it_cannot_plan_and_prints_no_plan(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    definition = calling("PutContactInformation", changed(ACCOUNT_VENDING), "TagResource")
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUEST))
    stack: Any = FakeStack()
    stack.clients = {"organizations": clients.organizations(), "iam": clients.iam()}
    stack.service_principals = stack.policy_types = stack.invited_account_role_names = None
    stack.forced_service_principals = ()
    monkeypatch.setattr(definitions, "read", lambda _: definition)
    monkeypatch.setattr(target, "aws", lambda *_: nullcontext(stack))

    assert main(["plan", str(file)]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Cannot plan TagResource: what PutContactInformation would change" in printed.err


OPERATIONS = sorted(set(definitions.operations().values()))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_people_read_of_a_step_stands_beside_it(operation: str) -> None:
    module = definitions.module_of(operation)

    assert hasattr(module, "progress")
    is_run = hasattr(module, "run") and hasattr(module, "report")
    assert [is_run, operation in NOT_RUN, operation in NOT_REACHED].count(True) == 1


@pytest.mark.parametrize("state", BASELINE)
def test_line_of_the_result_stands_beside_every_step_of_the_baseline(state: str) -> None:
    module = definitions.module_of(definitions.operations()[state])

    assert hasattr(module, "summary")


def test_operations_that_are_not_run_are_answered_for() -> None:
    nothing: Any = None
    steps = AccountSteps(
        planned=Planned(),
        organizations=nothing,
        request=nothing,
        row=None,
        account=None,
        goes_on=False,
        authorization=None,
        look_ahead=nothing,
    )
    of_the_setup = {"AcceptOrganizationSetup", "ReportOrganizationSetup"}

    assert set(NOT_RUN) == set(steps.answers()) | of_the_setup
    assert set(NOT_RUN) | set(NOT_REACHED) <= set(OPERATIONS)
    assert set(planner._SUPPOSED) <= set(OPERATIONS)


def test_plan_on_aws_loads_nothing_of_the_embedded_aws_but_its_jsonata() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'functions']\n"
        "import cli.dry_run.planner\n"
        "loaded = sorted(name for name in sys.modules if name.startswith(('embedded.', 'moto')))\n"
        "print(*loaded)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.split() == [
        "embedded.core",
        "embedded.core.strict_json",
        "embedded.jsonata",
        "embedded.jsonata.evaluator",
        "embedded.jsonata.functions",
    ]


def test_write_that_aws_answers_with_nothing_is_taken_as_made_and_another_ends_the_plan(
    world: World,
) -> None:
    client = DryRunClient(clients.organizations())

    assert client.untag_resource(ResourceId="1" * 12, TagKeys=["a"]) == {}
    with pytest.raises(CannotPlan, match="put_resource_policy"):
        client.put_resource_policy(Content="{}")

    assert world.calls == []
