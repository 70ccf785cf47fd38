"""The examples of accounts as resources, deployed on the embedded AWS as far as that goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hcl2.api import loads

from embedded.cloud import EmbeddedAws
from embedded.cloudformation.template_text import parse
from infra.settings import CustomResourceSettings, Settings
from tests.infra.synthesized import synthesize
from tests.workflow import deployments
from tests.workflow.stacks import Stacks
from tests.workflow.vending import Vending

EXAMPLES = Path(__file__).parents[2] / "examples"
PRODUCT = EXAMPLES / "service-catalog" / "product.yaml"
LAUNCHED = "SC-111111111111-pp-abcdefghijklm"
"""As Service Catalog names the stacks of products."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deployed(cloud: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    folder = tmp_path_factory.mktemp("assembly-for-examples")
    synthesize(Settings(custom_resource=CustomResourceSettings()), folder)
    with deployments.deployed(cloud, folder):
        yield cloud


@pytest.fixture
def stacks(deployed: EmbeddedAws) -> Iterator[Stacks]:
    deployed.renew()
    made = Stacks(vending=Vending(deployed))
    yield made
    made.clear()


def token(stacks: Stacks) -> str:
    return str(stacks.vending.aws.outputs["CustomAccountServiceToken"])


def made(stacks: Stacks, name: str, body: str, *, by: Any = None, **parameters: str) -> str:
    """The stack's status after it was made of a template; `by` is whose client."""
    (by or stacks.cloudformation).create_stack(
        StackName=name,
        TemplateBody=body,
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    return stacks.settled(name)


def test_template_of_cloudformation_vends(stacks: Stacks) -> None:
    body = (EXAMPLES / "cloudformation" / "account.yaml").read_text(encoding="utf-8")

    status = made(
        stacks,
        "Example",
        body,
        ServiceToken=token(stacks),
        AccountName="Sandbox",
        AccountEmail="aws+sandbox@example.com",
        CostCenter="1234",
        Owner="team@example.com",
    )

    assert status == "CREATE_COMPLETE", stacks.reasons("Example", "Account")
    (account,) = stacks.vending.accounts()
    assert stacks.outputs("Example")["AccountId"] == account["Id"]
    assert stacks.vending.tags(account["Id"])["owner"] == "team@example.com"


def test_app_of_the_cdk_vends(stacks: Stacks, tmp_path: Path) -> None:
    """The CDK's command hands over the context as here; the project chooses the Node."""
    app = EXAMPLES / "cloudformation" / "app.py"
    context = json.dumps({"serviceToken": token(stacks)})

    subprocess.run(
        [sys.executable, "-c", f"import infra, runpy; runpy.run_path({str(app)!r})"],
        cwd=EXAMPLES.parent,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": context},
        check=True,
    )

    template = json.loads((tmp_path / "Accounts.template.json").read_text())
    # Without what says that the account is bootstrapped, as no other account is here.
    body = json.dumps({key: template[key] for key in ("Resources", "Outputs")})
    assert made(stacks, "Example", body) == "CREATE_COMPLETE"
    (account,) = stacks.vending.accounts()
    assert stacks.outputs("Example") == {"SandboxAccountId": account["Id"]}


def test_product_of_service_catalog_is_launched_by_its_role_alone(stacks: Stacks) -> None:
    """The embedded AWS has no Service Catalog: what is its own is left out, its part is played."""
    template = parse(PRODUCT.read_text(encoding="utf-8"))
    left_out = {
        name
        for name, each in template["Resources"].items()
        if each["Type"].startswith("AWS::ServiceCatalog::")
    }
    template["Resources"] = {
        name: each for name, each in template["Resources"].items() if name not in left_out
    }
    given = {
        "TemplateUrl": "https://example.com/account.yaml",
        "Launchers": "arn:aws:iam::1:role/A",
    }
    assert (
        made(stacks, "Product", json.dumps(template), ServiceToken=token(stacks), **given)
        == "CREATE_COMPLETE"
    )
    role_arn = stacks.outputs("Product")["LaunchRoleArn"]
    session = stacks.vending.aws.context.credentials.issue(role_arn, "servicecatalog")
    launching = stacks.vending.aws.client(
        "cloudformation",
        aws_access_key_id=session.access_key_id,
        aws_secret_access_key=session.secret_access_key,
        aws_session_token=session.session_token,
    )

    status = made(
        stacks,
        LAUNCHED,
        (EXAMPLES / "service-catalog" / "account.yaml").read_text(encoding="utf-8"),
        by=launching,
        AccountName="Sandbox",
        EmailTag="sandbox",
        CostCenter="1234",
    )

    assert left_out == {
        "LaunchConstraint",
        "LaunchersOfPortfolio",
        "Portfolio",
        "Product",
        "ProductInPortfolio",
    }
    assert status == "CREATE_COMPLETE", stacks.reasons(LAUNCHED, "Account")
    (account,) = stacks.vending.accounts()
    assert account["Email"] == "aws+sandbox@example.com"
    assert stacks.vending.path(account["Id"]) == "/Workloads/Sandbox"
    stacks.delete(LAUNCHED)
    assert len(stacks.vending.accounts()) == 1


def test_stack_of_terraforms_module_vends(stacks: Stacks) -> None:
    """The stack that the module makes, with a value for each of its variables."""
    module = EXAMPLES / "terraform"
    main = loads((module / "main.tf").read_text(encoding="utf-8"))
    parameters = main["resource"][0]["aws_cloudformation_stack"]["account"]["parameters"]
    values = {
        "service_token": token(stacks),
        "name": "Sandbox",
        "email": "aws+sandbox@example.com",
        "organizational_unit": "/Workloads/Production",
        "cost_center": "1234",
        "owner": "team@example.com",
    }

    status = made(
        stacks,
        "account-sandbox",
        (module / "../cloudformation/account.yaml").read_text(encoding="utf-8"),
        **{
            key: values[value.removeprefix("${var.").removesuffix("}")]
            for key, value in parameters.items()
        },
    )

    assert status == "CREATE_COMPLETE", stacks.reasons("account-sandbox", "Account")
    (account,) = stacks.vending.accounts()
    assert stacks.vending.path(account["Id"]) == "/Workloads/Production"
