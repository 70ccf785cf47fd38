"""What would be refused is refused before there is an account, all of it at once."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from tests.builders import a_contact
from tests.unit.functions.organization import ROOT_ID
from tests.unit.functions.payloads import REQUEST_ID, a_request, accepted, create
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import OutcomeUnknown, RequestInvalid, Throttled
from vending.ledger.rows import RECORD_FIELDS
from vending.request.fields import PolicyType

SCP, TAGS, INSPECTOR = "SERVICE_CONTROL_POLICY", "TAG_POLICY", "INSPECTOR_POLICY"
TAG_RULES = '{"tags": {}}'
DENY = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
ALLOW = DENY.replace("Deny", "Allow")


def accept(world: World, **changes: Any) -> Any:
    return world.call("AcceptRequest", request=a_request(**changes), executionArn=EXECUTION)


def refused(world: World, **changes: Any) -> list[str]:
    """The problems that a request is rejected for, as the workflow does it."""
    with pytest.raises(RequestInvalid) as refusal:
        accept(world, **changes)
    record = world.call(
        "RecordFailure",
        request=a_request(**changes),
        executionArn=EXECUTION,
        error={
            "Error": "RequestInvalid",
            "Cause": json.dumps({"errorMessage": str(refusal.value)}),
        },
    )
    assert (record["state"], record["error"]["code"]) == ("REJECTED", "RequestInvalid")
    return refusal.value.problems


def read(world: World) -> list[str]:
    """The calls that were made to look at the organization."""
    return [name.partition(":")[2] for name, _ in world.calls if name.startswith("organizations:")]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ([], {"name": "Guard", "type": SCP}),
        ([TAGS], {"name": "Guard", "type": SCP}),
        ([TAGS], {"name": "Guard", "type": SCP, "content": DENY}),
    ],
    ids=["nowhere", "of another type", "name taken by another type"],
)
def test_policy_that_could_be_neither_found_nor_made_is_refused(
    world: World, there: list[str], wanted: dict[str, str]
) -> None:
    for policy_type in there:
        world.organization.add_policy("Guard", Type=policy_type)

    (problem,) = refused(world, policies=[wanted])

    assert problem.startswith("policies[0]: ListPolicies: ")
    assert "'Guard'" in problem
    assert "submit the request again" in problem


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "Guard", "type": SCP},
        {"name": "Guard", "type": SCP, "content": DENY},
        {"name": "Guard", "type": SCP, "content": ALLOW, "existing": "keep"},
        {"name": "Other", "type": SCP, "content": DENY},
    ],
    ids=["by name", "with content", "with other content to be kept", "to be made"],
)
def test_policy_that_exists_or_can_be_made_is_let_through(
    world: World, wanted: dict[str, str]
) -> None:
    world.organization.add_policy("Guard", Type=SCP, content=DENY)
    world.organization.add_policy("Teams", Type=TAGS)

    assert accept(world, policies=[wanted])["outcome"] == "ACCEPTED"


def test_policy_with_other_content_is_refused_with_the_difference(world: World) -> None:
    world.organization.add_policy("Guard", Type=SCP, content=ALLOW)

    (problem,) = refused(world, policies=[{"name": "Guard", "type": SCP, "content": DENY}])

    assert problem.startswith("policies[0]: DescribePolicy: the SERVICE_CONTROL_POLICY 'Guard' ")
    assert '\n-  "Effect": "Allow",\n+  "Effect": "Deny",\n' in problem
    assert "existing: keep" in problem


def test_policy_of_a_type_outside_the_stacks_setting_is_not_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY_TYPES", TAGS)
    world.organization.add_policy("Guard", Type=SCP, content=ALLOW)

    (problem,) = refused(world, policies=[{"name": "Guard", "type": SCP, "content": DENY}])

    assert "policy_types does not list" in problem
    assert world.called("DescribePolicy") == []


def test_policies_that_exist_cost_one_list_a_type(world: World) -> None:
    for number in range(3):
        world.organization.add_policy(f"Guard{number}", Type=SCP)
    policies = [{"name": f"Guard{number}", "type": SCP} for number in range(3)]

    accept(world, policies=policies, serviceAccess=[])

    assert {parameters["Filter"] for parameters in world.called("ListPolicies")} == {SCP}
    first_pages = [one for one in world.called("ListPolicies") if "NextToken" not in one]
    assert len(first_pages) == 1


def test_everything_that_needs_all_features_is_refused_without_them(world: World) -> None:
    world.organization.feature_set = "CONSOLIDATED_BILLING"
    world.organization.add_policy("Guard", Type=SCP)

    (problem,) = refused(
        world,
        policies=[{"name": "Guard", "type": SCP}],
        serviceAccess=["ram.amazonaws.com"],
        rootAccess=["RootSessions"],
    )

    assert problem.startswith("policies, serviceAccess, rootAccess: ")
    assert "all features" in problem


def test_request_that_needs_no_features_asks_for_none(world: World) -> None:
    world.organization.feature_set = "CONSOLIDATED_BILLING"

    accept(world, organizationalUnit="/", serviceAccess=[], rootAccess=[])

    assert read(world) == []


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ("new.amazonaws.com", "service_principals does not list new.amazonaws.com"),
        ("ipam.amazonaws.com", "ipam.amazonaws.com is Amazon VPC IPAM"),
    ],
    ids=["not in the setting", "enables itself"],
)
def test_service_is_refused_unless_it_is_enabled_already(
    world: World, principal: str, words: str
) -> None:
    (problem,) = refused(world, serviceAccess=["ram.amazonaws.com", principal])
    world.organization.service_access.add(principal)

    assert words in problem
    assert accept(world, serviceAccess=["ram.amazonaws.com", principal])["outcome"] == "ACCEPTED"


def test_service_that_the_stack_forces_is_let_through_unasked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCED_SERVICE_PRINCIPALS", "ipam.amazonaws.com")

    accept(world, serviceAccess=["ipam.amazonaws.com"])

    assert world.called("ListAWSServiceAccessForOrganization") == []


def test_policy_type_outside_the_stacks_setting_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY_TYPES", TAGS)
    world.organization.add_policy("Guard", Type=SCP)

    (problem,) = refused(world, policies=[{"name": "Guard", "type": SCP}])

    assert "policy_types does not list SERVICE_CONTROL_POLICY" in problem


INVITED: dict[str, Any] = {"source": "invited", "account": {"accountId": "222222222222"}}


def by_role(role_name: str) -> dict[str, Any]:
    return INVITED | {"account": {**INVITED["account"], "roleName": role_name}}


def test_role_outside_the_stacks_setting_is_refused_and_another_may_be_named(
    world: World,
) -> None:
    (problem,) = refused(world, **by_role("Other"))

    assert problem.startswith("account.roleName: ")
    assert "invited_account_role_names does not list Other" in problem
    assert accept(world, **by_role("Admin"))["outcome"] == "ACCEPTED"


def test_no_role_is_allowed_where_the_stacks_setting_lists_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INVITED_ACCOUNT_ROLE_NAMES")

    (problem,) = refused(world, **by_role("Accepting"))

    assert problem.startswith("account.roleName: ")
    assert accept(world, **INVITED)["outcome"] == "ACCEPTED"


def test_role_of_a_new_account_may_have_any_name(world: World) -> None:
    account = {"name": "Sandbox", "email": "team@example.com", "roleName": "Other"}

    assert accept(world, account=account)["outcome"] == "ACCEPTED"


@pytest.mark.parametrize("how", ["enabled", "asked for"])
def test_policy_type_whose_service_has_no_access_is_refused(world: World, how: str) -> None:
    policy = {"name": "Scans", "type": INSPECTOR}
    world.organization.add_policy("Scans", Type=INSPECTOR)

    (problem,) = refused(world, policies=[policy])
    if how == "enabled":
        world.organization.service_access.add("inspector2.amazonaws.com")
    services = ["inspector2.amazonaws.com"] if how == "asked for" else []

    assert problem.startswith("policies: INSPECTOR_POLICY: ")
    assert "inspector2.amazonaws.com" in problem
    assert accept(world, policies=[policy], serviceAccess=services)["outcome"] == "ACCEPTED"


@pytest.mark.parametrize("how", ["enabled", "asked for"])
def test_contacts_whose_service_has_no_access_are_refused(world: World, how: str) -> None:
    contacts = {"security": a_contact("Security")}

    (problem,) = refused(world, contacts=contacts, serviceAccess=[])
    if how == "enabled":
        world.organization.service_access.add("account.amazonaws.com")
    services = ["account.amazonaws.com"] if how == "asked for" else []

    assert problem.startswith("contacts: ")
    assert "List account.amazonaws.com in serviceAccess" in problem
    assert accept(world, contacts=contacts, serviceAccess=services)["outcome"] == "ACCEPTED"


def test_contacts_need_all_features(world: World) -> None:
    world.organization.feature_set = "CONSOLIDATED_BILLING"
    contacts = {"security": a_contact("Security")}

    problems = refused(world, contacts=contacts, serviceAccess=[], rootAccess=[])

    assert [problem.partition(":")[0] for problem in problems] == ["contacts", "contacts"]
    assert accept(world, contacts={}, serviceAccess=[], rootAccess=[])["outcome"] == "ACCEPTED"


@pytest.mark.parametrize("name", ["workloads", "Workloads/Sandbox"])
def test_twin_of_a_unit_is_refused(world: World, name: str) -> None:
    world.organization.add_unit(name)

    (problem,) = refused(world, organizationalUnit="/Workloads/Sandbox")

    assert problem.startswith("organizationalUnit: CreateOrganizationalUnit: /Workloads/Sandbox ")
    assert "reads like" in problem


def test_unit_that_is_missing_is_reported_and_not_created(world: World) -> None:
    world.organization.add_unit("Workloads")

    result = accept(world, organizationalUnit="/Workloads/Sandbox")

    assert (result["outcome"], result["organizationalUnitMissing"]) == ("ACCEPTED", True)
    assert world.called("CreateOrganizationalUnit") == []


@pytest.mark.parametrize("path", ["/Workloads/Sandbox", "/Workloads", "/", None])
def test_unit_that_is_there_or_not_asked_for_is_not_missing(world: World, path: str | None) -> None:
    world.organization.add_unit("Sandbox", world.organization.add_unit("Workloads"))

    assert accept(world, organizationalUnit=path)["organizationalUnitMissing"] is False


def test_path_that_led_nowhere_a_moment_ago_is_not_searched_for_by_each_of_many_requests(
    world: World,
) -> None:
    call = "ListOrganizationalUnitsForParent"

    assert looked_up(world, call, after=60) == [True, False, True, False]


def test_known_unit_that_was_deleted_is_missing(world: World) -> None:
    workloads = world.organization.add_unit("Workloads")
    sandbox = world.organization.add_unit("Sandbox", workloads)
    accept(world, requestId="first", account={"name": "First", "email": "first@example.com"})
    del world.organization.units[sandbox]
    world.now += 60

    assert accept(world)["organizationalUnitMissing"] is True


def test_known_path_is_looked_at_with_one_call_a_level(world: World) -> None:
    workloads = world.organization.add_unit("Workloads")
    world.organization.add_unit("Sandbox", workloads)
    accept(world, requestId="first", account={"name": "First", "email": "first@example.com"})
    world.calls.clear()
    world.now += 60

    accept(world, rootAccess=[], serviceAccess=[])

    assert read(world) == ["DescribeOrganizationalUnit"] * 2


def test_units_that_were_seen_a_moment_ago_are_not_looked_at_by_each_of_many_requests(
    world: World,
) -> None:
    world.organization.add_unit("Sandbox", world.organization.add_unit("Workloads"))
    looks = []

    for number in range(4):
        world.calls.clear()
        name = f"request-{number}"
        account = {"name": name, "email": f"{name}@example.com"}
        accept(world, requestId=name, account=account, rootAccess=[], serviceAccess=[])
        looks.append(read(world).count("DescribeOrganizationalUnit"))
        world.now += 59 if number == 0 else 1

    assert looks == [0, 0, 2, 0]


def looked_up(world: World, call: str, *, after: float, **changes: Any) -> list[bool]:
    """Whether each of four requests made the call; the third is that many seconds after the second.

    The second and the fourth follow the one before at once.
    """
    made = []
    for number in range(4):
        world.calls.clear()
        name = f"request-{number}"
        account = {"name": name, "email": f"{name}@example.com"}
        accept(world, requestId=name, account=account, **changes)
        made.append(call in read(world))
        world.now += after - 1 if number == 1 else 1
    return made


def test_organization_with_all_features_is_not_described_for_each_of_many_requests(
    world: World,
) -> None:
    assert looked_up(world, "DescribeOrganization", after=86_400) == [True, False, True, False]


def test_trusted_services_are_not_listed_for_each_of_many_requests(world: World) -> None:
    world.organization.service_access.add("account.amazonaws.com")
    changes = {"contacts": {"security": a_contact("Security")}, "serviceAccess": []}

    listed = looked_up(world, "ListAWSServiceAccessForOrganization", after=60, **changes)

    assert listed == [True, False, True, False]


@pytest.mark.parametrize("call", ["ListPolicies", "DescribePolicy"])
def test_policies_are_not_looked_up_for_each_of_many_requests(world: World, call: str) -> None:
    world.organization.add_policy("Guard", Type=SCP, content=DENY)
    wanted = {"name": "Guard", "type": SCP, "content": DENY}

    assert looked_up(world, call, after=60, policies=[wanted]) == [True, False, True, False]


def test_policy_to_be_made_costs_one_list_of_each_type_for_many_requests(world: World) -> None:
    wanted = {"name": "Guard", "type": SCP, "content": DENY}
    listed = []

    for number in range(3):
        world.calls.clear()
        name = f"request-{number}"
        account = {"name": name, "email": f"{name}@example.com"}
        accept(world, requestId=name, account=account, policies=[wanted])
        listed.append({parameters["Filter"] for parameters in world.called("ListPolicies")})
        world.now += 10 if number == 1 else 1

    # The first of them may have made it meanwhile, with other content.
    assert listed == [set(get_args(PolicyType)), set(), {SCP}]


def test_throttled_request_lists_the_types_that_are_left_when_it_tries_again(world: World) -> None:
    wanted = {"name": "Guard", "type": SCP, "content": DENY}
    for _ in range(5):
        world.organization.before("ListPolicies", lambda: None)
    world.organization.refuse("ListPolicies", "TooManyRequestsException")
    with pytest.raises(Throttled):
        accept(world, policies=[wanted])
    tried = [parameters["Filter"] for parameters in world.called("ListPolicies")]
    world.calls.clear()

    accept(world, policies=[wanted])

    again = [parameters["Filter"] for parameters in world.called("ListPolicies")]
    listed = {*tried} - {tried[-1]}
    assert set(again) == set(get_args(PolicyType)) - listed


def test_policy_that_was_made_meanwhile_is_compared_when_ten_seconds_are_over(
    world: World,
) -> None:
    wanted = {"name": "Guard", "type": SCP, "content": DENY}
    first = {"name": "First", "email": "first@example.com"}
    accept(world, requestId="first", account=first, policies=[wanted])
    world.organization.add_policy("Guard", Type=SCP, content=ALLOW)
    world.now += 10

    (problem,) = refused(world, policies=[wanted])

    assert "exists with other content" in problem


def test_policy_that_was_seen_by_name_is_still_compared_with_what_is_given(world: World) -> None:
    world.organization.add_policy("Guard", Type=SCP, content=ALLOW)
    named: dict[str, Any] = {"name": "Guard", "type": SCP}
    accept(
        world,
        requestId="first",
        account={"name": "First", "email": "first@example.com"},
        policies=[named],
    )

    (problem,) = refused(world, policies=[named | {"content": DENY}])

    assert "exists with other content" in problem


def test_policy_that_was_missing_is_found_as_soon_as_it_is_there(world: World) -> None:
    wanted = {"name": "Guard", "type": SCP}
    refused(world, policies=[wanted])
    world.organization.add_policy("Guard", Type=SCP)

    assert accept(world, policies=[wanted])["outcome"] == "ACCEPTED"


def test_organization_without_all_features_is_described_until_it_has_them(world: World) -> None:
    world.organization.feature_set = "CONSOLIDATED_BILLING"
    refused(world)
    world.organization.feature_set = "ALL"
    world.calls.clear()

    accept(world, requestId="later")

    assert read(world).count("DescribeOrganization") == 1


def test_root_is_not_listed_for_each_of_many_requests(world: World) -> None:
    assert looked_up(world, "ListRoots", after=86_400) == [True, False, True, False]


def test_unit_that_was_found_needs_no_second_search(world: World) -> None:
    workloads = world.organization.add_unit("Workloads")
    world.organization.add_unit("Sandbox", workloads)
    accept(world)
    world.calls.clear()

    world.call(
        "CreateOrganizationalUnit",
        requestId=REQUEST_ID,
        organizationalUnit="/Workloads/Sandbox",
    )

    assert world.called("ListOrganizationalUnitsForParent") == []


def test_known_unit_that_was_renamed_to_a_twin_is_refused(world: World) -> None:
    workloads = world.organization.add_unit("Workloads")
    world.organization.add_unit("Sandbox", workloads)
    accept(world, requestId="first", account={"name": "First", "email": "first@example.com"})
    world.now += 60
    world.organization.units[workloads]["Name"] = "WORKLOADS"

    (problem,) = refused(world)

    assert "reads like" in problem


def test_known_unit_below_a_parent_that_is_another_now_is_searched_for(world: World) -> None:
    workloads = world.organization.add_unit("Workloads")
    world.organization.add_unit("Sandbox", workloads)
    accept(world, requestId="first", account={"name": "First", "email": "first@example.com"})
    world.now += 60
    del world.organization.units[workloads]
    world.organization.add_unit("SANDBOX", world.organization.add_unit("Workloads"))

    (problem,) = refused(world)

    assert "/Workloads/SANDBOX" in problem
    assert world.called("ListRoots") != []
    assert world.called("ListOrganizationalUnitsForParent")[-1]["ParentId"] != ROOT_ID


def test_all_problems_are_reported_at_once_and_the_request_can_be_corrected(world: World) -> None:
    world.organization.add_unit("workloads")
    problems = refused(
        world,
        policies=[{"name": "Absent", "type": TAGS}, {"name": "Gone", "type": SCP}],
        serviceAccess=["new.amazonaws.com", "ipam.amazonaws.com"],
    )

    corrected = world.call(
        "AcceptRequest",
        request=a_request(organizationalUnit="/workloads", tags={"changed": "yes"}),
        executionArn=OTHER_EXECUTION,
    )

    assert [problem.partition(":")[0] for problem in problems] == [
        "policies[0]",
        "policies[1]",
        "serviceAccess",
        "serviceAccess",
        "organizationalUnit",
    ]
    assert corrected["outcome"] == "ACCEPTED"
    assert corrected["record"].keys() == set(RECORD_FIELDS)


def test_request_refused_is_not_announced_as_accepted(world: World) -> None:
    refused(world, policies=[{"name": "Absent", "type": TAGS}])

    assert {record["state"] for _, record in world.announced()} == {"REJECTED"}


def test_account_that_is_there_already_is_left_alone_where_its_baseline_is_refused(
    world: World,
) -> None:
    account_id = world.organization.add_account(email="there@example.com")

    (problem,) = refused(
        world,
        source="existing",
        account={"accountId": account_id},
        policies=[{"name": "Absent", "type": TAGS}],
    )

    assert problem.startswith("policies[0]: ListPolicies: there is no TAG_POLICY named 'Absent'")


@pytest.mark.parametrize(
    ("attached", "wanted", "most"),
    [(9, 1, 10), (8, 2, 10), (10, 0, 10)],
    ids=["one more", "two more", "those it has"],
)
def test_policies_that_an_account_has_count_with_those_it_is_to_get(
    world: World, attached: int, wanted: int, most: int
) -> None:
    account_id = world.organization.add_account(email="there@example.com")
    names = [f"Has{number}" for number in range(attached)]
    for name in names:
        world.organization.attach(world.organization.add_policy(name, Type=TAGS), account_id)
    more = [f"More{number}" for number in range(wanted)]
    for name in [*more, "TooMany"]:
        world.organization.add_policy(name, Type=TAGS)
    changes: dict[str, Any] = {"source": "existing", "account": {"accountId": account_id}}
    fits = [{"name": name, "type": TAGS} for name in [*names[:2], *more]]

    (problem,) = refused(
        world, requestId="too-many", **changes, policies=[*fits, {"name": "TooMany", "type": TAGS}]
    )

    assert f"has {attached} of type TAG_POLICY and would get {wanted + 1} more" in problem
    assert f"AWS allows {most}" in problem
    assert accept(world, **changes, policies=fits)["outcome"] == "ACCEPTED"


def test_policy_that_aws_attaches_counts_before_its_type_is_on(world: World) -> None:
    account_id = world.organization.add_account(email="there@example.com")
    names = [f"Guard{number}" for number in range(10)]
    for name in names:
        world.organization.add_policy(name, Type=SCP)
    changes: dict[str, Any] = {"source": "existing", "account": {"accountId": account_id}}

    (problem,) = refused(world, **changes, policies=[{"name": name, "type": SCP} for name in names])

    assert "has 1 of type SERVICE_CONTROL_POLICY and would get 10 more" in problem


def test_policies_of_an_account_outside_are_not_counted(world: World) -> None:
    world.organization.add_policy("Guard", Type=SCP)

    result = accept(
        world,
        source="existing",
        account={"accountId": "999999999999"},
        policies=[{"name": "Guard", "type": SCP}],
    )

    assert result["outcome"] == "ACCEPTED"


def test_request_whose_creation_is_begun_goes_on_whatever_became_impossible(world: World) -> None:
    world.organization.add_policy("Guard", Type=TAGS)
    changes = {"policies": [{"name": "Guard", "type": TAGS}]}
    accepted(world, a_request(**changes))
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.organization.policies.clear()

    result = accept(world, **changes)

    assert (result["creationBegun"], result["organizationalUnitMissing"]) == (True, False)
