from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cloudformation.assembly import Assembly, AssemblyInvalid, DeploymentFailed, deploy
from tests.unit.embedded.cloudformation_template import (
    ASSETS_BUCKET,
    FUNCTIONS_KEY,
    VERSION_PARAMETER,
    template,
    with_properties,
)

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]

CDK_OUT = Path(__file__).parents[3] / "cdk.out"


def an_assembly(folder: Path, **changes: Any) -> Path:
    """A cloud assembly with the template, as `cdk synth` writes it."""
    folder.mkdir(exist_ok=True)
    name, bucket = "AccountVending", "cdk-hnb659fds-assets-${AWS::AccountId}-us-east-1"
    body = json.dumps(template(**changes), indent=1)
    key = f"{abs(hash(body))}.json"
    functions = folder / "asset.functions"
    (functions / "operations").mkdir(parents=True, exist_ok=True)
    (functions / "operations" / "create_account.py").write_text("def handler(event, context): ...")
    (functions / "tool").write_text("#!/bin/sh")
    (functions / "tool").chmod(0o755)
    write = {
        f"{name}.template.json": body,
        f"{name}.assets.json": {
            "files": {
                "functions": _file("asset.functions", "zip", bucket, FUNCTIONS_KEY),
                "template": _file(f"{name}.template.json", "file", bucket, key),
            }
        },
        "manifest.json": {
            "artifacts": {
                f"{name}.assets": {
                    "type": "cdk:asset-manifest",
                    "properties": {"file": f"{name}.assets.json"},
                },
                name: {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/us-east-1",
                    "properties": {
                        "templateFile": f"{name}.template.json",
                        "terminationProtection": False,
                        "stackTemplateAssetObjectUrl": f"s3://{bucket}/{key}",
                        "bootstrapStackVersionSsmParameter": VERSION_PARAMETER,
                        "tags": {"product": "account-vending"},
                    },
                },
                "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
            }
        },
    }
    for file, content in write.items():
        (folder / file).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def _file(path: str, packaging: str, bucket: str, key: str) -> dict[str, Any]:
    return {
        "source": {"path": path, "packaging": packaging},
        "destinations": {"current": {"bucketName": bucket, "objectKey": key}},
    }


def published(aws: Aws, key: str) -> bytes:
    content: bytes = aws.client("s3").get_object(Bucket=ASSETS_BUCKET, Key=key)["Body"].read()
    return content


def test_deployment_into_an_empty_account_gives_the_outputs(
    empty_cloud: Aws, tmp_path: Path
) -> None:
    assembly = Assembly.load(an_assembly(tmp_path))

    outputs = deploy(assembly, empty_cloud.client("cloudformation"))

    assert outputs.keys() == {
        "StateMachineArn",
        "EventBusName",
        "LedgerTableName",
        "DeadLetterQueueUrl",
    }
    (stack,) = empty_cloud.client("cloudformation").describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Tags"] == [{"Key": "product", "Value": "account-vending"}]
    with zipfile.ZipFile(io.BytesIO(published(empty_cloud, FUNCTIONS_KEY))) as archive:
        assert archive.namelist() == ["operations/create_account.py", "tool"]
        assert archive.getinfo("tool").external_attr >> 16 & 0o111


def test_template_is_deployed_unchanged(empty_cloud: Aws, tmp_path: Path) -> None:
    assembly = Assembly.load(an_assembly(tmp_path))

    deploy(assembly, empty_cloud.client("cloudformation"))

    deployed = empty_cloud.client("cloudformation").get_template(StackName="AccountVending")
    assert deployed["TemplateBody"] == template()
    assert assembly.template == (tmp_path / "AccountVending.template.json").read_text()


def test_deployment_of_the_same_again_changes_nothing(empty_cloud: Aws, tmp_path: Path) -> None:
    assembly = Assembly.load(an_assembly(tmp_path))

    first = deploy(assembly, empty_cloud.client("cloudformation"))
    second = deploy(assembly, empty_cloud.client("cloudformation"))

    assert first == second


def test_deployment_of_a_new_version_updates_in_place(empty_cloud: Aws, tmp_path: Path) -> None:
    first = deploy(Assembly.load(an_assembly(tmp_path)), empty_cloud.client("cloudformation"))

    changed = with_properties("CreateAccount", MemorySize=1024)
    second = deploy(
        Assembly.load(an_assembly(tmp_path, CreateAccount=changed)),
        empty_cloud.client("cloudformation"),
    )

    assert first == second
    (function,) = empty_cloud.client("lambda").list_functions()["Functions"]
    assert function["MemorySize"] == 1024


def test_failed_deployment_names_the_resource_and_can_be_repeated(
    empty_cloud: Aws, tmp_path: Path
) -> None:
    broken = with_properties("Workflow", DefinitionSubstitutions={})

    with pytest.raises(DeploymentFailed) as caught:
        deploy(
            Assembly.load(an_assembly(tmp_path, Workflow=broken)),
            empty_cloud.client("cloudformation"),
        )
    outputs = deploy(Assembly.load(an_assembly(tmp_path)), empty_cloud.client("cloudformation"))

    assert "AccountVending is ROLLBACK_COMPLETE: Workflow" in str(caught.value)
    assert "CreateAccountFunctionArn" in str(caught.value)
    assert outputs["EventBusName"] == "account-vending"


def test_failed_update_names_the_resource(empty_cloud: Aws, tmp_path: Path) -> None:
    deploy(Assembly.load(an_assembly(tmp_path)), empty_cloud.client("cloudformation"))
    broken = with_properties("Workflow", DefinitionString="{}")

    with pytest.raises(DeploymentFailed, match="UPDATE_ROLLBACK_COMPLETE: Workflow"):
        deploy(
            Assembly.load(an_assembly(tmp_path, Workflow=broken)),
            empty_cloud.client("cloudformation"),
        )


def test_refused_template_names_all_that_is_not_understood(
    empty_cloud: Aws, tmp_path: Path
) -> None:
    path = an_assembly(
        tmp_path, Vpc={"Type": "AWS::EC2::VPC"}, Bus=with_properties("Bus", Color="red")
    )

    with pytest.raises(DeploymentFailed) as caught:
        deploy(Assembly.load(path), empty_cloud.client("cloudformation"))

    assert "type AWS::EC2::VPC" in str(caught.value)
    assert "property Color of AWS::Events::EventBus" in str(caught.value)


def test_zip_is_kept_and_is_the_same_for_the_same_files(empty_cloud: Aws, tmp_path: Path) -> None:
    first, second = an_assembly(tmp_path / "a"), an_assembly(tmp_path / "b")

    deploy(Assembly.load(first), empty_cloud.client("cloudformation"))
    content = published(empty_cloud, FUNCTIONS_KEY)
    empty_cloud.client("s3").delete_object(Bucket=ASSETS_BUCKET, Key=FUNCTIONS_KEY)
    deploy(Assembly.load(second), empty_cloud.client("cloudformation"))

    assert published(empty_cloud, FUNCTIONS_KEY) == content
    assert (first / ".cache" / FUNCTIONS_KEY).read_bytes() == content
    assert [file.name for file in (first / ".cache").iterdir()] == [FUNCTIONS_KEY]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        pytest.param("manifest.json", None, "manifest.json is missing", id="no assembly"),
        pytest.param("manifest.json", "{", "is not JSON", id="a broken manifest"),
        pytest.param("manifest.json", '{"artifacts": {}}', "has 0 stacks", id="no stack"),
        pytest.param("AccountVending.template.json", None, "is missing", id="no template"),
        pytest.param("AccountVending.assets.json", None, "is missing", id="no asset manifest"),
        pytest.param("asset.functions", None, "asset.functions is missing", id="no asset"),
    ],
)
def test_incomplete_assembly_is_refused_with_the_remedy(
    tmp_path: Path, file: str, content: str | None, message: str
) -> None:
    path = an_assembly(tmp_path)
    target = path / file
    if content is not None:
        target.write_text(content)
    elif target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()

    with pytest.raises(AssemblyInvalid) as caught:
        Assembly.load(path)

    assert message in str(caught.value)
    assert "make synth" in str(caught.value)


def test_synthesized_assembly_is_deployed(empty_cloud: Aws) -> None:
    outputs = deploy(Assembly.load(CDK_OUT), empty_cloud.client("cloudformation"))

    assert outputs["StateMachineArn"].endswith(":stateMachine:account-vending")
    assert outputs["EventBusName"] == "account-vending"
    assert outputs["LedgerTableName"].startswith("AccountVending-Ledger")
    assert outputs["DeadLetterQueueUrl"].startswith("https://sqs.us-east-1.amazonaws.com/")
