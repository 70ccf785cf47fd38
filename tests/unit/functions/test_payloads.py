"""What definitions send and sent to the functions is understood by the functions of today."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from statemachines import definitions
from tests.payloads import recordings
from tests.unit.functions.world import World, module_name
from vending.handler.creation_operation import CreationPayload

ROOT = Path(__file__).parents[3]
DEFINITIONS = [definitions.definition(name) for name in definitions.names()]
RECORDINGS = recordings()
NEWEST = list(RECORDINGS)[-1]


def model_of(task: str) -> type[BaseModel]:
    if task in ("CreateAccount", "CreateGovCloudAccount"):
        return CreationPayload
    model: type[BaseModel] = getattr(
        importlib.import_module(f"operations.{module_name(task)}"), task
    )
    return model


def tasks(node: Any) -> Iterator[tuple[str, set[str]]]:
    """Each function and the keys of its payload, as the definitions are now."""
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict) and inner.get("Type") == "Task":
            function = inner["Arguments"]["FunctionName"].removeprefix("${")
            yield function.removesuffix("FunctionArn}"), set(inner["Arguments"]["Payload"])
        if isinstance(inner, dict | list):
            yield from tasks(inner)


@pytest.mark.parametrize("name", RECORDINGS)
def test_payloads_that_a_running_execution_may_send_are_understood(name: str) -> None:
    for task, payloads in RECORDINGS[name].items():
        for payload in payloads:
            understood = model_of(task).model_validate(payload, extra="ignore")

            assert understood.model_fields_set, task


@pytest.mark.parametrize("task", RECORDINGS[NEWEST])
def test_every_key_that_the_definition_sends_is_used(task: str) -> None:
    for payload in RECORDINGS[NEWEST][task]:
        model_of(task).model_validate(payload, extra="forbid")


def test_newest_recording_is_of_the_definitions_as_they_are() -> None:
    sent: dict[str, set[str]] = {}
    for task, keys in tasks(DEFINITIONS):
        sent.setdefault(task, set()).update(keys)

    recorded = {
        task: {key for payload in payloads for key in payload}
        for task, payloads in RECORDINGS[NEWEST].items()
    }
    assert recorded == sent, "record anew: python -m tests.payloads NAME; keep the older files"


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("task", ["CreateAccount", "CreateGovCloudAccount"])
def test_slot_of_a_running_execution_is_found_whatever_its_definition_calls_it(
    name: str, task: str
) -> None:
    # An account that is there already is changed without a slot.
    granted = [one for one in RECORDINGS[name][task] if one.get("slot") or one.get("turn")]

    slots = [CreationPayload.model_validate(payload).slot for payload in granted]

    assert slots
    assert all(slot is not None and slot.start_at for slot in slots)


def test_key_more_in_a_payload_fails_no_request(world: World) -> None:
    account_id = world.organization.add_account(email="team@example.com")

    result = world.call(
        "TagResource", requestId="request-1", accountId=account_id, tags={"a": "b"}, later="x"
    )

    assert "a" in result["tagged"]


def test_key_more_within_a_payload_fails_no_request() -> None:
    (payload, *_) = RECORDINGS[NEWEST]["CreateAccount"]
    account = payload["account"] | {"later": "x"}

    understood = CreationPayload.model_validate(payload | {"account": account}, extra="ignore")

    assert understood.account.email == account["email"]
