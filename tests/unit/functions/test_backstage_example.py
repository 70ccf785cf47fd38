"""The Backstage template of examples/ is one, and the API takes what it sends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS31Validator

from tests.unit.functions.api_calls import OPERATOR, Api
from vending.request.account_request import parse

PATH = Path(__file__).parents[3] / "examples" / "backstage" / "template.yaml"
TEMPLATE: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
SHAPE = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "scaffolder.backstage.io/v1beta3"},
        "kind": {"const": "Template"},
        "metadata": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},
                "title": TEXT,
                "description": TEXT,
                "tags": {
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[a-z0-9:+#-]+$"},
                },
            },
        },
        "spec": {
            "type": "object",
            "required": ["type", "steps"],
            "additionalProperties": False,
            "properties": {
                "type": TEXT,
                "owner": TEXT,
                "parameters": {
                    "type": "array",
                    "items": {"type": "object", "required": ["title", "properties"]},
                },
                "steps": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["id", "name", "action"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {"type": "string", "pattern": "^[A-Za-z]\\w*$"},
                            "name": TEXT,
                            "action": TEXT,
                            "input": {"type": "object"},
                            "if": {"type": ["string", "boolean"]},
                        },
                    },
                },
                "output": {
                    "type": "object",
                    "properties": {
                        kind: {"type": "array", "items": {"type": "object"}}
                        for kind in ("links", "text")
                    },
                },
            },
        },
    },
}
"""Of Backstage's catalog descriptor format, kind Template: the parts that are used here."""

FORM = {
    "name": "Sandbox",
    "emailTag": "sandbox",
    "unit": "/Workloads/Sandbox",
    "costCenter": "1234",
    "owner": "team@example.com",
}


def filled(value: Any) -> Any:
    """The value with what somebody put into the form, as Backstage fills it in."""
    if isinstance(value, dict):
        return {key: filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each) for each in value]
    if isinstance(value, str):
        return re.sub(
            r"\$\{\{ ([\w.]+) \}\}",
            lambda found: (
                {"context.task.id": "a-task"}.get(found[1])
                or FORM[found[1].removeprefix("parameters.")]
            ),
            value,
        )
    return value


def test_template_has_the_shape_of_its_kind() -> None:
    assert [error.message for error in OAS31Validator(SHAPE).iter_errors(TEMPLATE)] == []


def test_form_is_a_schema_and_takes_what_is_sent() -> None:
    (form,) = TEMPLATE["spec"]["parameters"]

    OAS31Validator.check_schema(form)
    assert set(form["required"]) == set(form["properties"]) == set(FORM)
    assert [error.message for error in OAS31Validator(form).iter_errors(FORM)] == []


def test_expressions_name_what_there_is() -> None:
    named = set(re.findall(r"\$\{\{ ([\w.]+) \}\}", PATH.read_text(encoding="utf-8")))

    (step,) = TEMPLATE["spec"]["steps"]
    known = {f"parameters.{name}" for name in FORM} | {"context.task.id"}
    known.add(f"steps.{step['id']}.output.body.requestId")
    assert named == known


def test_api_takes_what_the_template_sends_once(api: Api) -> None:
    (step,) = TEMPLATE["spec"]["steps"]
    sent = filled(step["input"])
    route = f"{sent['method']} {sent['path'].removeprefix('/proxy/account-vending')}"

    first, again = (
        api(route, by=OPERATOR, body=sent["body"], key=sent["headers"]["Idempotency-Key"])
        for _ in range(2)
    )

    assert (first.status, again.status) == (202, 202)
    assert first.body == again.body
    assert len(api.started) == 2  # asked twice, of which Step Functions takes one
    assert len(api.world.organization.executions) == 1
    assert parse(sent["body"]).account.email == "aws+sandbox@example.com"
