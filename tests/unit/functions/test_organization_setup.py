"""An organization's document: every problem at once, and what the workflow is given."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.unit.functions.world import World
from vending.errors.exceptions import RequestInvalid
from vending.request.organization_setup import is_organization, parse, schema

TAGS = '{"tags": {}}'
POLICY = {"name": "Guard", "type": "TAG_POLICY", "content": TAGS, "targets": ["/A/B", "/"]}


def problems(document: Any) -> list[str]:
    with pytest.raises(RequestInvalid) as refused:
        parse(document)
    return refused.value.problems


def test_empty_document_asks_for_nothing() -> None:
    assert parse({}).normalised() == {
        "allFeatures": False,
        "policyTypes": [],
        "serviceAccess": [],
        "forcedServiceAccess": [],
        "rootAccess": [],
        "organizationalUnits": [],
        "policies": [],
    }


def test_attached_policies_bring_their_type_and_their_targets() -> None:
    unattached = {"name": "Spare", "type": "BACKUP_POLICY"}
    document = {"organizationalUnits": ["/A"], "policies": [POLICY, unattached]}

    normalised = parse(document).normalised()

    assert normalised["policyTypes"] == ["TAG_POLICY"]
    assert normalised["organizationalUnits"] == ["/A", "/A/B", "/"]
    assert normalised["policies"] == [
        {
            "policy": {
                "name": "Guard",
                "type": "TAG_POLICY",
                "description": "",
                "content": TAGS,
                "existing": "same",
            },
            "update": False,
            "targets": ["/A/B", "/"],
        },
        {
            "policy": unattached | {"description": "", "existing": "same"},
            "update": False,
            "targets": [],
        },
    ]


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"policyType": []}, "policyType: unknown key"),
    "unknown type": ({"policyTypes": ["SCP"]}, "policyTypes[0]: must be one of"),
    "text for truth": ({"allFeatures": "yes"}, "allFeatures: must be true or false"),
    "relative path": ({"organizationalUnits": ["A"]}, "organizationalUnits[0]: must begin with /"),
    "bad target": ({"policies": [POLICY | {"targets": ["A"]}]}, "policies[0].targets[0]: must"),
    "content": ({"policies": [POLICY | {"content": "no"}]}, "policies[0].content: must be a JSON"),
    "twice": ({"rootAccess": ["RootSessions"] * 2}, "rootAccess: 'RootSessions' is listed more"),
    "target twice": (
        {"policies": [POLICY | {"targets": ["/A", "/A"]}]},
        "policies[0].targets: '/A' is listed more",
    ),
    "policy twice": ({"policies": [POLICY, POLICY]}, "policies[1]: is the policy of policies[0]"),
    "idle force": (
        {"forcedServiceAccess": ["ipam.amazonaws.com"]},
        "forcedServiceAccess: 'ipam.amazonaws.com' must be listed in serviceAccess too",
    ),
    "idle update": (
        {"policies": [{"name": "Guard", "type": "TAG_POLICY", "update": True}]},
        "policies[0].update: has no meaning without content",
    ),
    "idle keep": (
        {"policies": [{"name": "Guard", "type": "TAG_POLICY", "existing": "keep"}]},
        "policies[0].existing: keep has no meaning without content",
    ),
    "update and keep": (
        {"policies": [POLICY | {"update": True, "existing": "keep"}]},
        "policies[0].update: replaces the content that existing keeps",
    ),
}


@pytest.mark.parametrize(("document", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_reported_where_it_is(document: dict[str, Any], problem: str) -> None:
    (mistakes,) = problems(document)

    assert mistakes.startswith(problem)


@pytest.mark.parametrize(
    "value",
    [10**100_000, json.loads("[" * 18 + "]" * 18)],
    ids=["number", "depth"],
)
def test_document_beyond_all_bounds_is_refused_for_that_alone(value: Any) -> None:
    (mistakes,) = problems({"policyTypes": value, "unknown": 1})

    assert mistakes.startswith("the whole may ")


def test_answer_to_a_document_with_endless_mistakes_is_short() -> None:
    document = {f"unknown {number}": number for number in range(3_000)}

    with pytest.raises(RequestInvalid) as refused:
        parse(document | {"policies": [{"name": "a\u202e", "type": "SCP"}] * 500})

    assert refused.value.message.splitlines()[-1].startswith("… and ")
    assert len(json.dumps({"errorMessage": str(refused.value)})) < 10 * 1024


def test_all_mistakes_are_reported_at_once() -> None:
    document = {"policyTypes": ["SCP"], "rootAccess": ["x"], "organizationalUnits": ["A", "A"]}

    assert len(problems(document)) == 5


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_what_is_no_object_is_no_document(document: Any) -> None:
    assert problems(document) == ["an organization's document must be a JSON object"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"allFeatures": True}, True),
        ({"organizationalUnits": []}, True),
        ({"policies": [POLICY]}, True),
        ({"account": {}, "organizationalUnits": []}, False),
        ({"source": "existing"}, False),
        ({"serviceAccess": []}, True),
        ({"rootAccess": [], "policies": [{"name": "Guard", "type": "TAG_POLICY"}]}, True),
        ({"serviceAccess": [], "tags": {}}, False),
        ({"policies": [], "organizationalUnit": "/A"}, False),
        ({"rootAccess": [], "requestId": "a"}, False),
        ({"rootAccess": [], "requestedBy": "a"}, False),
        ({"unheardOf": []}, False),
        ({}, False),
        ([], False),
    ],
)
def test_document_is_distinguished_from_a_request(document: Any, expected: bool) -> None:
    assert is_organization(document) is expected


def test_document_that_is_valid_is_valid_by_its_schema() -> None:
    jsonschema.validate({"allFeatures": True, "policies": [POLICY]}, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"everything": True}, schema())


def test_accept_organization_setup_gives_the_document_with_its_defaults(world: World) -> None:
    accepted = world.call("AcceptOrganizationSetup", document={"allFeatures": True})

    assert accepted == {"setup": parse({"allFeatures": True}).normalised()}


def test_accept_organization_setup_refuses_with_all_problems(world: World) -> None:
    with pytest.raises(RequestInvalid) as refused:
        world.call("AcceptOrganizationSetup", document={"a": 1, "b": 2})

    assert len(refused.value.problems) == 2


def report(world: World, results: dict[str, Any], error: Any = None) -> dict[str, Any]:
    reported: dict[str, Any] = world.call("ReportOrganizationSetup", results=results, error=error)
    return reported


def test_report_of_nothing_is_ready(world: World) -> None:
    assert report(world, {}) == {
        "state": "READY",
        "changed": [],
        "alreadyThere": [],
        "warnings": [],
        "error": None,
    }


def test_report_of_a_failure_shows_what_was_done_before_and_why(world: World) -> None:
    own = {"code": "PolicyMissing", "reason": None, "message": "No.", "remedy": "Yes."}
    results = {"policyTypes": {"enabled": ["TAG_POLICY"], "alreadyEnabled": []}}

    reported = report(
        world,
        results,
        {"Error": "OperationRefused", "Cause": json.dumps({"errorMessage": json.dumps(own)})},
    )

    assert reported["state"] == "FAILED"
    assert reported["changed"] == ["policy type TAG_POLICY"]
    assert reported["error"] == {**own, "owner": "requester", "wait": None}


@pytest.mark.parametrize(
    ("result", "changed", "there"),
    [
        ({"state": "ENABLED", "handshakeId": None}, [], ["all features"]),
        ({"state": "ENABLED", "handshakeId": "h-1"}, ["all features"], []),
        ({"state": "REQUESTED", "handshakeId": "h-1"}, [], []),
    ],
    ids=["on before", "on now", "not yet"],
)
def test_report_of_all_features(
    world: World, result: dict[str, Any], changed: list[str], there: list[str]
) -> None:
    reported = report(world, {"allFeatures": result})

    assert (reported["changed"], reported["alreadyThere"]) == (changed, there)


def test_report_names_a_root_feature_once_though_two_steps_ensure_it(world: World) -> None:
    credentials = {
        "enabled": ["RootCredentialsManagement"],
        "enabledFeatures": ["RootCredentialsManagement"],
    }
    sessions = {
        "enabled": ["RootSessions"],
        "enabledFeatures": ["RootCredentialsManagement", "RootSessions"],
    }

    reported = report(world, {"rootCredentials": credentials, "rootSessions": sessions})

    assert reported["changed"] == [
        "root access RootCredentialsManagement",
        "root access RootSessions",
    ]
    assert reported["alreadyThere"] == []
