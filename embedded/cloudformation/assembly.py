"""A CDK cloud assembly (`cdk.out`) and its deployment, step for step as `cdk deploy` does it.

The account is bootstrapped (an assets bucket, the version in SSM), the assembly's file assets are
published to it, and CloudFormation creates or updates the stack from the published template.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID, REGION
from embedded.core.frozen import frozen

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

BOOTSTRAP_VERSION = "30"
"""What `cdk bootstrap` of this CDK release writes to SSM; templates ask for 6 at least."""
PARTITION = "aws"

_REMEDY = "run `make synth`"
_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


class AssemblyInvalid(Exception):
    """The folder is no cloud assembly with one stack; the message says what to do."""


class DeploymentFailed(Exception):
    """CloudFormation refused the template, or a resource failed; the message names it and why."""


@frozen
class Asset:
    """A file asset: `path` goes to `bucket`/`key`, zipped when it is a folder to be zipped."""

    path: Path
    zipped: bool
    bucket: str
    key: str


@frozen
class Assembly:
    """The one stack of a cloud assembly and what it needs published."""

    stack_name: str
    template: str
    """The template's text, unchanged."""
    template_url: str
    """Where the published template is, as CreateStack takes it."""
    assets: tuple[Asset, ...]
    tags: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    version_parameter: str | None
    """The SSM parameter that holds the bootstrap version."""
    termination_protection: bool

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the assembly in `path`.

        Raises:
            AssemblyInvalid: it is not there, not complete, or has not exactly one stack.
        """
        artifacts = _read(path / "manifest.json")["artifacts"]
        stacks = [
            (name, artifact)
            for name, artifact in artifacts.items()
            if artifact["type"] == "aws:cloudformation:stack"
        ]
        if len(stacks) != 1:
            raise AssemblyInvalid(f"{path} has {len(stacks)} stacks, one is expected: {_REMEDY}")
        ((name, stack),) = stacks
        given = stack["properties"]
        template = path / given["templateFile"]
        if not template.is_file():
            raise AssemblyInvalid(f"{template} is missing: {_REMEDY}")
        manifests = [a for a in artifacts.values() if a["type"] == "cdk:asset-manifest"]
        bucket, key = _fill(given["stackTemplateAssetObjectUrl"]).split("/", 3)[2:]
        return cls(
            stack_name=given.get("stackName", name),
            template=template.read_text(),
            template_url=f"https://s3.{REGION}.amazonaws.com/{bucket}/{key}",
            assets=tuple(a for m in manifests for a in _assets(path, m["properties"]["file"])),
            tags=tuple(sorted(given.get("tags", {}).items())),
            parameters=tuple(sorted(given.get("parameters", {}).items())),
            version_parameter=given.get("bootstrapStackVersionSsmParameter"),
            termination_protection=given.get("terminationProtection", False),
        )


def deploy(assembly: Assembly, cloudformation: CloudFormationClient) -> dict[str, str]:
    """Bootstrap, publish, and create or update the stack; returns its outputs by name.

    An unchanged stack is left as it is.

    Raises:
        DeploymentFailed: names the resource and the reason; CloudFormation has rolled back.
    """
    publish(assembly)
    parameters: Any = {
        "StackName": assembly.stack_name,
        "TemplateURL": assembly.template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in assembly.parameters
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in assembly.tags],
    }
    try:
        status = _status(cloudformation, assembly.stack_name)
        if status == "ROLLBACK_COMPLETE":  # what a first deployment that failed leaves behind
            cloudformation.delete_stack(StackName=assembly.stack_name)
            status = None
        if status is None:
            cloudformation.create_stack(
                **parameters, EnableTerminationProtection=assembly.termination_protection
            )
        else:
            cloudformation.update_stack(**parameters)
    except ClientError as refused:
        message = refused.response.get("Error", {}).get("Message", str(refused))
        if message != "No updates are to be performed.":
            raise DeploymentFailed(f"{assembly.stack_name}: {message}") from refused
    return _outputs(cloudformation, assembly.stack_name)


def publish(assembly: Assembly) -> None:
    """Bootstrap the account and put the assembly's assets into its bucket."""
    # moto's modules are slow to import; reading an assembly needs none of them.
    from moto.s3.models import s3_backends  # noqa: PLC0415
    from moto.ssm.models import ssm_backends  # noqa: PLC0415

    if assembly.version_parameter:
        ssm_backends[ACCOUNT_ID][REGION].put_parameter(
            name=assembly.version_parameter,
            description="",
            value=BOOTSTRAP_VERSION,
            parameter_type="String",
            allowed_pattern="",
            keyid=None,
            overwrite=True,
            tags=[],
            data_type="text",
            tier=None,
            policies=None,
        )
    s3 = s3_backends[ACCOUNT_ID][PARTITION]
    for asset in assembly.assets:
        if asset.bucket not in s3.buckets:
            s3.create_bucket(asset.bucket, REGION)
        if asset.key not in s3.buckets[asset.bucket].keys:  # keys name the content
            s3.put_object(asset.bucket, asset.key, _content(asset))


def _content(asset: Asset) -> bytes:
    """What is uploaded; a zip is kept beside the assembly as `cdk-assets` keeps it."""
    if not asset.zipped:
        return asset.path.read_bytes()
    cached = asset.path.parent / ".cache" / f"{Path(asset.key).name}"
    if cached.is_file():
        return cached.read_bytes()
    content = _zip(asset.path)
    try:
        cached.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            partial = Path(folder) / cached.name
            partial.write_bytes(content)
            partial.replace(cached)  # atomic: another process may do the same
    except OSError:
        pass  # a read-only assembly is zipped each time
    return content


def _zip(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (file.stat().st_mode & 0xFFFF) << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()


def _assets(folder: Path, manifest: str) -> Iterator[Asset]:
    for asset in _read(folder / manifest)["files"].values():
        source = folder / asset["source"]["path"]
        if not source.exists():
            raise AssemblyInvalid(f"{source} is missing: {_REMEDY}")
        for destination in asset["destinations"].values():
            yield Asset(
                path=source,
                zipped=asset["source"]["packaging"] == "zip",
                bucket=_fill(destination["bucketName"]),
                key=_fill(destination["objectKey"]),
            )


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise AssemblyInvalid(f"{path} is missing: {_REMEDY}") from None
    except json.JSONDecodeError as error:
        raise AssemblyInvalid(f"{path} is not JSON ({error}): {_REMEDY}") from error
    return content


def _fill(text: str) -> str:
    """An assembly's placeholders, filled for the embedded account."""
    values = {"AccountId": ACCOUNT_ID, "Partition": PARTITION, "Region": REGION}
    for name, value in values.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _status(cloudformation: CloudFormationClient, stack_name: str) -> str | None:
    try:
        stacks = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ValidationError":
            return None  # CloudFormation's answer about a stack that does not exist
        raise
    return stacks[0]["StackStatus"]


def _outputs(cloudformation: CloudFormationClient, stack_name: str) -> dict[str, str]:
    (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    if stack["StackStatus"] not in _DONE:
        # Newest first; cleaning up after an earlier deployment's failure is not what failed now.
        events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
        failed = [
            f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}):"
            f" {event.get('ResourceStatusReason')}"
            for event in events
            if event.get("ResourceStatus") in {"CREATE_FAILED", "UPDATE_FAILED"}
        ]
        reason = failed[0] if failed else stack.get("StackStatusReason", "no resource failed")
        raise DeploymentFailed(f"{stack_name} is {stack['StackStatus']}: {reason}")
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
