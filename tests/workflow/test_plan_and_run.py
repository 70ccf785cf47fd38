"""What a plan promises the run does, and what the run refuses the plan tells."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.grids import few
from tests.workflow.plans import done, planned, reported_alike
from tests.workflow.test_existing_account import an_account
from tests.workflow.test_policies import DENY, GUARD, SCP, TAG_RULES, TAGS
from tests.workflow.test_preflight import CASES, STACKSETS, prepared

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.workflow.vending import Vending

RCP = "RESOURCE_CONTROL_POLICY"
DENY_OF_RESOURCES = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
    }
)
CONTENTS = {SCP: DENY, RCP: DENY_OF_RESOURCES, TAGS: TAG_RULES}


def policies(count: int, policy_type: str = SCP, **more: Any) -> list[dict[str, Any]]:
    content = CONTENTS[policy_type]
    return [
        {"name": f"Rule{number}", "type": policy_type, "content": content, **more}
        for number in range(count)
    ]


def adopting(vending: Vending, **changes: Any) -> dict[str, Any]:
    """A request for an account that is a member."""
    account_id = an_account(vending)
    return a_request(source="existing", account={"accountId": account_id}, **changes)


def tagging(vending: Vending, there: int, wanted: int) -> dict[str, Any]:
    request = adopting(vending, tags={f"wanted{number}": "1" for number in range(wanted)})
    vending.organizations.tag_resource(
        ResourceId=request["account"]["accountId"],
        Tags=[{"Key": f"there{number}", "Value": "1"} for number in range(there)],
    )
    return request


def attached_before(vending: Vending, policy_type: str, there: int, wanted: int) -> dict[str, Any]:
    """A request for an account that has some policies, which come first in the request's."""
    request = adopting(vending, policies=policies(there, policy_type))
    assert vending.run(request).status == "SUCCEEDED"
    more = {"requestId": f"{request['requestId']}-more"}
    return {**request, **more, "policies": policies(wanted, policy_type)}


ASKED: dict[str, tuple[Callable[[Vending], dict[str, Any]], bool]] = {
    "fifty tags": (lambda vending: tagging(vending, 24, 25), True),
    "fifty-one tags": (lambda vending: tagging(vending, 25, 25), False),
    "nine SCPs": (lambda vending: adopting(vending, policies=policies(9)), True),
    "ten SCPs": (lambda vending: adopting(vending, policies=policies(10)), False),
    "nine SCPs, of which it has three": (
        lambda vending: attached_before(vending, SCP, 3, 9),
        True,
    ),
    "ten tag policies, of which it has three": (
        lambda vending: attached_before(vending, TAGS, 3, 10),
        True,
    ),
    "five RCPs, whose type is off": (
        lambda vending: adopting(vending, policies=policies(5, RCP)),
        False,
    ),
    "AWS's own policy": (
        lambda vending: adopting(vending, policies=[{"name": "FullAWSAccess", "type": SCP}]),
        True,
    ),
    **{
        f"{name}, existing account": (
            lambda vending, case=case: adopting(vending, **case),  # type: ignore[misc]
            False,
        )
        for name, (case, _) in CASES.items()
    },
    **{
        name: (lambda _, case=case: a_request(**case), False)  # type: ignore[misc]
        for name, (case, _) in CASES.items()
    },
}


QUICK = [
    "fifty-one tags",
    "ten SCPs",
    "policy missing, existing account",
]


@pytest.mark.parametrize("asked", few(ASKED, quick=QUICK))
def test_plan_of_a_request_shows_what_the_run_refuses(vending: Vending, asked: str) -> None:
    prepared(vending)
    ask, is_possible = ASKED[asked]
    request = ask(vending)

    before = planned(vending, request)
    ended = done(vending, request)

    assert (before.problems == []) == is_possible, before.problems
    assert reported_alike(before, ended), (before.problems, ended)


def attaching(count: int, target: str, policy_type: str = SCP) -> dict[str, Any]:
    return {"policies": policies(count, policy_type, targets=[target])}


DOCUMENTS: dict[str, tuple[dict[str, Any], bool]] = {
    "nine SCPs on a new unit": (attaching(9, "/New"), True),
    "ten SCPs on a new unit": (attaching(10, "/New"), False),
    "ten SCPs on a unit": (attaching(10, "/Workloads"), False),
    "ten SCPs on the root": (attaching(10, "/"), False),
    "four RCPs on a unit": (attaching(4, "/Workloads", RCP), True),
    "five RCPs on a unit": (attaching(5, "/Workloads", RCP), False),
    "policy missing": ({"policies": [{"name": "Absent", "type": TAGS}]}, False),
    "name of another type": (
        {"policies": [{"name": "Teams", "type": SCP, "content": DENY, "targets": ["/"]}]},
        False,
    ),
    "policy type without its service": ({"policyTypes": ["INSPECTOR_POLICY"]}, False),
    "policy type with its service": (
        {"policyTypes": ["INSPECTOR_POLICY"], "serviceAccess": ["inspector2.amazonaws.com"]},
        True,
    ),
    "service unknown": ({"serviceAccess": ["new.amazonaws.com"]}, False),
    "service enables itself": ({"serviceAccess": [STACKSETS]}, False),
    "unit has a twin": ({"organizationalUnits": ["/workloads/new"]}, False),
}


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS)
def test_plan_of_a_setup_shows_what_the_run_refuses(vending: Vending, document: str) -> None:
    prepared(vending)
    case, is_possible = DOCUMENTS[document]

    before = planned(vending, case)
    ended = done(vending, case)

    assert (before.problems == []) == is_possible, before.problems
    assert (ended.status == "SUCCEEDED") == is_possible, ended


NEEDING: dict[str, dict[str, Any]] = {
    "service access": {"serviceAccess": ["ram.amazonaws.com"]},
    "root access": {"rootAccess": ["RootSessions"]},
    "policies": {"policies": [GUARD]},
    "policy types": {"policyTypes": ["TAG_POLICY"]},
    "nothing": {"organizationalUnits": ["/Workloads"]},
    "all features": {"allFeatures": True, "serviceAccess": ["ram.amazonaws.com"]},
}


@pytest.mark.parametrize("case", few(NEEDING, quick=["policies", "nothing", "all features"]))
def test_plan_of_a_setup_without_all_features_shows_what_the_run_refuses(
    cloud: EmbeddedAws, vending: Vending, case: str
) -> None:
    cloud.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))

    before = planned(vending, NEEDING[case])
    ended = done(vending, NEEDING[case])

    assert (before.problems == []) == (case in {"nothing", "all features"}), before.problems
    assert (before.problems == []) == (ended.status == "SUCCEEDED"), ended


@pytest.mark.parametrize(
    ("source", "case"),
    few(
        itertools.product(("new", "existing"), ("service access", "root access", "policies")),
        quick=[("new", "service access"), ("existing", "root access")],
    ),
)
def test_plan_of_a_request_without_all_features_shows_what_the_run_refuses(
    cloud: EmbeddedAws, vending: Vending, source: str, case: str
) -> None:
    cloud.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))
    changes = {"serviceAccess": [], "rootAccess": [], **NEEDING[case]}
    request = adopting(vending, **changes) if source == "existing" else a_request(**changes)

    before = planned(vending, request)
    ended = done(vending, request)

    assert before.problems != []
    assert ended.status == "FAILED"
