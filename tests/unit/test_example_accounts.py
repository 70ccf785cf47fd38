"""The examples of accounts as resources are right in themselves; tests/workflow deploys them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from hcl2.api import loads

from embedded.cloudformation.template_text import parse

EXAMPLES = Path(__file__).parents[2] / "examples"
TEMPLATES = sorted(
    [*EXAMPLES.glob("cloudformation/*.yaml"), *EXAMPLES.glob("service-catalog/*.yaml")]
)
TERRAFORM = EXAMPLES / "terraform"


def test_templates_pass_cfn_lint() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), *map(str, TEMPLATES)]

    linted = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(TEMPLATES) == 3
    assert (linted.returncode, linted.stdout) == (0, "")


def terraform() -> dict[str, list[dict[str, Any]]]:
    """The blocks of the module by kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(TERRAFORM.glob("*.tf")):
        for kind, blocks in loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(kind, []).extend(blocks)
    return found


def named(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: content for block in blocks for name, content in block.items()}


def test_module_of_terraform_fits_the_template() -> None:
    blocks = terraform()
    stack = named(blocks["resource"])["aws_cloudformation_stack"]["account"]
    variables, outputs = named(blocks["variable"]), named(blocks["output"])

    ((_, path),) = re.findall(r'(file)\("\$\{path.module\}/([^"]+)"\)', stack["template_body"])
    template = parse((TERRAFORM / path).read_text(encoding="utf-8"))
    text = "".join(one.read_text(encoding="utf-8") for one in TERRAFORM.glob("*.tf"))
    referred = set(re.findall(r"\bvar\.(\w+)", text))
    shown = set(re.findall(r'account\.outputs\["(\w+)"\]', text))

    assert set(stack["parameters"]) == set(template["Parameters"])
    assert referred == set(variables)
    assert shown <= set(template["Outputs"])
    assert len(shown) == len(outputs)
    assert all(one["description"] for one in (*variables.values(), *outputs.values()))


def test_terraform_waits_for_longer_than_cloudformation() -> None:
    stack = named(terraform()["resource"])["aws_cloudformation_stack"]["account"]
    (timeouts,) = stack["timeouts"]

    assert {kind: timeouts[kind] for kind in ("create", "update", "delete")} == {
        "create": "70m",
        "update": "70m",
        "delete": "70m",
    }


def test_launch_role_may_do_no_more_than_launch() -> None:
    product = yaml.safe_load(
        re.sub(r"!(Ref|Sub|GetAtt) ", "", (EXAMPLES / "service-catalog/product.yaml").read_text())
    )
    role = product["Resources"]["LaunchRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "servicecatalog.amazonaws.com"}
    assert {one["Sid"]: one["Resource"] for one in statements} == {
        "AskForAccounts": "ServiceToken",
        "MakeStacksOfProducts": "arn:${AWS::Partition}:cloudformation:${AWS::Region}:"
        "${AWS::AccountId}:stack/SC-*",
        "ReadTemplates": "*",
        "ReadServiceToken": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:"
        "parameter${ServiceTokenParameter}",
        "ReadProductTemplates": "*",
    }
