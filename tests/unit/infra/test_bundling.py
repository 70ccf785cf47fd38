"""What goes into the functions' asset, and when it is made anew."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import bundling
from infra.bundling import LAMBDA, BundlingError, Platform, build_lambda, build_local, build_runtime
from infra.trimming import ServiceMissing
from permissions.declared_calls import NotDeclared, sdk_services
from vending.authorization.request_policy import RequestPolicyInvalid

HERE = Platform(python="3.11", machine="Linux x86_64 glibc")

_UNCHECKED_HASH = 0b01
"""A bytecode file's flags, as PEP 552 has them."""

DEPENDENCIES = {
    "botocore/client.py": "client = 1\n",
    "botocore/cacert.pem": "certificates\n",
    "botocore/data/organizations/2016-11-28/paginators-1.json": "{}",
    "botocore/data/organizations/2016-11-28/examples-1.json": "{}",
    "botocore/data/ec2/2016-11-15/service-2.json": "{}",
    "botocore/data/partitions.json": "{}",
    "botocore/data/other.json": "{}",
    "botocore-1.0.dist-info/METADATA": "Name: botocore\n",
    "botocore-1.0.dist-info/LICENSE.txt": "Apache\n",
    "botocore-1.0.dist-info/RECORD": "here/and/there\n",
    "botocore-1.0.dist-info/INSTALLER": "uv\n",
    "boto3/data/iam/2010-05-08/resources-1.json": "{}",
    "boto3/data/s3/2006-03-01/resources-1.json": "{}",
    "boto3/examples/s3.rst": "text\n",
    "wrapt/_wrappers.c": "int main;\n",
    "wrapt/py.typed": "",
    "wrapt/tests/test_wrapt.py": "",
    "bin/jp.py": "#!/somewhere/python\n",
    ".lock": "",
}
SERVICES = {"iam", "organizations", "stepfunctions"}
"""What the function of the project here calls; the SDK has EC2, too."""

OPERATION = 'CALLS = {"iam:ListRoles", "organizations:ListRoots", "states:ListExecutions"}\n'
ENDPOINTS = {"partitions": [{"partition": "aws", "services": {"states": {"a": 1}, "ec2": {}}}]}


class Installer:
    """Stands in for uv: writes what a small SDK's wheels hold."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.problem = ""
        self.services = set(SERVICES)

    def __call__(self, _lock: Path, target: Path, for_platform: Platform) -> None:
        self.runs.append(for_platform.python)
        for name, content in DEPENDENCIES.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            path.chmod(0o600)
        if self.problem:
            raise BundlingError(self.problem)
        data = target / "botocore" / "data"
        (data / "endpoints.json").write_text(json.dumps(ENDPOINTS))
        for service in self.services:
            model = data / service / "2016-11-28" / "service-2.json.gz"
            model.parent.mkdir(parents=True, exist_ok=True)
            prefix = "states" if service == "stepfunctions" else service
            document = {"metadata": {"endpointPrefix": prefix}}
            model.write_bytes(gzip.compress(json.dumps(document).encode(), mtime=0))


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    fake = Installer()
    monkeypatch.setattr(bundling, "_install", fake)
    return fake


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str = "project") -> Path:
        project = tmp_path / name
        for path, content in {
            "functions/requirements.txt": "boto3==1\n",
            "functions/README.md": "not in a package\n",
            "functions/operations/__init__.py": "",
            "functions/operations/create_account.py": OPERATION,
            "functions/vending/reasons/remedies.json": "{}\n",
            "functions/vending/tests/test_it.py": "",
            "functions/vending/__pycache__/x.cpython-311.pyc": "bytecode",
            "functions/tests/test_all.py": "",
            "embedded/runtime-requirements.txt": "awslambdaric==1\n",
            "request-policy.yaml": "requesters: {}\n",
        }.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(content)
        return project

    return make


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    return make_project()


def files(folder: Path) -> set[str]:
    """What is there, without bytecode."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def bytecode(folder: Path) -> dict[str, bytes]:
    """The bytecode by its module's path."""
    return {
        (path.parent.parent.relative_to(folder) / f"{path.name.partition('.')[0]}.py").as_posix(): (
            path.read_bytes()
        )
        for path in folder.rglob("*.pyc")
    }


def content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_mode:o}".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def test_asset_has_the_functions_and_of_their_dependencies_what_they_need(
    project: Path, installer: Installer
) -> None:
    asset = build_lambda(project).path

    assert asset == project / "build" / "functions" / "lambda"
    assert {name for name in files(asset) if "/data/" not in name} == {
        "request_policy.json",
        "botocore/client.py",
        "botocore/cacert.pem",
        "botocore-1.0.dist-info/METADATA",
        "botocore-1.0.dist-info/LICENSE.txt",
        "operations/__init__.py",
        "operations/create_account.py",
        "vending/reasons/remedies.json",
    }


def test_asset_has_the_sdks_data_of_the_services_used(project: Path, installer: Installer) -> None:
    asset = build_lambda(project).path

    services = {path.name for path in (asset / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == SERVICES
    assert not (asset / "botocore/data/organizations/2016-11-28/examples-1.json").exists()
    assert (asset / "botocore/data/partitions.json").is_file()
    assert not (asset / "botocore/data/other.json").exists()
    assert not (asset / "boto3/data").exists()
    endpoints = json.loads((asset / "botocore/data/endpoints.json").read_text())
    assert endpoints["partitions"][0]["services"] == {"states": {"a": 1}}


def test_service_that_a_function_comes_to_call_is_in_the_next_asset(
    project: Path, installer: Installer
) -> None:
    build_lambda(project)
    (project / "functions/operations/run.py").write_text('CALLS = {"ec2:RunInstances"}\n')
    installer.services.add("ec2")

    asset = build_lambda(project).path

    assert (asset / "botocore/data/ec2").is_dir()


def test_service_that_the_sdk_lacks_fails_the_build(project: Path, installer: Installer) -> None:
    (project / "functions/operations/new.py").write_text('CALLS = {"newest:Call"}\n')

    with pytest.raises(ServiceMissing, match="newest"):
        build_lambda(project)


def test_operation_that_the_sdk_lacks_fails_the_build(project: Path, installer: Installer) -> None:
    (project / "functions/vending/roots.py").write_text("organizations.list_roots()\n")

    with pytest.raises(ServiceMissing, match="no organizations: ListRoots"):
        build_lambda(project)


def test_client_of_a_service_that_no_function_declares_fails_the_build(
    project: Path, installer: Installer
) -> None:
    (project / "functions/vending/clients.py").write_text('import boto3\nboto3.client("ec2")\n')

    with pytest.raises(NotDeclared, match=r"vending/clients\.py:2: a client of ec2"):
        build_lambda(project)


def test_asset_can_be_read_by_lambdas_user(project: Path, installer: Installer) -> None:
    asset = build_lambda(project).path

    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in asset.rglob("*")}

    assert modes == {(True, 0o755), (False, 0o644)}


def test_same_inputs_make_the_same_asset(
    make_project: Callable[..., Path], installer: Installer
) -> None:
    one, other = build_lambda(make_project("one")), build_lambda(make_project("other"))

    assert content(one.path) == content(other.path)


def test_every_module_has_bytecode_that_python_takes_without_looking_at_the_source(
    project: Path, installer: Installer
) -> None:
    asset = build_local(project, here=HERE).path

    compiled = bytecode(asset)

    assert set(compiled) == {name for name in files(asset) if name.endswith(".py")}
    for name, code in compiled.items():
        assert code[:4] == importlib.util.MAGIC_NUMBER, name
        assert int.from_bytes(code[4:8], "little") == _UNCHECKED_HASH, name
        assert str(asset).encode() not in code, name


def test_bytecode_follows_the_functions(project: Path, installer: Installer) -> None:
    before = bytecode(build_local(project, here=HERE).path)
    (project / "functions/operations/create_account.py").write_text(OPERATION + "changed = True\n")

    after = bytecode(build_local(project, here=HERE).path)

    name = "operations/create_account.py"
    assert before[name] != after[name]
    assert {each: before[each] for each in before if each != name} == {
        each: after[each] for each in after if each != name
    }


def test_without_lambdas_python_the_asset_has_no_bytecode_and_says_so(
    project: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "compiler_of", lambda _version: None)
    without = build_lambda(project)
    monkeypatch.setattr(bundling, "compiler_of", lambda _version: Path(sys.executable))
    later = build_lambda(project)

    assert "install Python 3.13" in without.note
    assert later.built
    assert "bytecode" not in later.note
    assert bytecode(later.path)


def test_module_that_is_no_python_fails_the_build(
    project: Path,
    installer: Installer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (project / "functions/vending/helpers.py").write_text("return\n")
    monkeypatch.setitem(bundling._TARGETS, "local", lambda: build_local(project, here=HERE))

    with pytest.raises(SystemExit, match="1"):
        bundling.main(["local"])

    assert "helpers.py" in capsys.readouterr().err


def test_nothing_is_made_again_while_nothing_changed(project: Path, installer: Installer) -> None:
    build_lambda(project)

    again = build_lambda(project)

    assert not again.built
    assert installer.runs == ["3.13"]


def test_changed_function_is_copied_without_installing_again(
    project: Path, installer: Installer
) -> None:
    build_lambda(project)
    (project / "functions/operations/create_account.py").rename(
        project / "functions/operations/move_account.py"
    )

    bundle = build_lambda(project)

    assert bundle.built
    assert installer.runs == ["3.13"]
    assert not (bundle.path / "operations/create_account.py").exists()
    assert (bundle.path / "operations/move_account.py").read_text() == OPERATION


def test_changed_request_policy_is_in_the_next_asset(project: Path, installer: Installer) -> None:
    build_lambda(project)
    (project / "request-policy.yaml").write_text("protected: {tags: [a]}\n")

    bundle = build_lambda(project)

    assert bundle.built
    assert installer.runs == ["3.13"]
    policy = json.loads((bundle.path / "request_policy.json").read_text())
    assert policy == {"protected": {"tags": ["a"]}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("requester: {}", "requester: unknown key"),
        ("requesters: [", "is not YAML"),
        ("", "must be an object"),
        ("requesters: {portal: {senders: [{account: 1, source: a}]}}", "account: must be text"),
    ],
)
def test_request_policy_with_mistakes_fails_the_build(
    project: Path, installer: Installer, text: str, problem: str
) -> None:
    (project / "request-policy.yaml").write_text(text)

    with pytest.raises(RequestPolicyInvalid, match=problem):
        build_lambda(project)


def test_removed_package_leaves_the_asset(project: Path, installer: Installer) -> None:
    build_lambda(project)
    (project / "functions/vending/reasons/remedies.json").unlink()

    bundle = build_lambda(project)

    assert not (bundle.path / "vending").exists()
    assert (bundle.path / "botocore").is_dir()


def test_changed_lock_installs_again(project: Path, installer: Installer) -> None:
    build_lambda(project)
    (project / "functions/requirements.txt").write_text("boto3==2\n")

    assert build_lambda(project).built
    assert installer.runs == ["3.13", "3.13"]


def test_removed_asset_is_made_again(project: Path, installer: Installer) -> None:
    bundle = build_lambda(project)
    bundle.path.rename(bundle.path.with_name("elsewhere"))

    assert build_lambda(project).built


def test_failed_install_leaves_the_former_asset_and_is_tried_again(
    project: Path, installer: Installer
) -> None:
    before = content(build_lambda(project).path)
    (project / "functions/requirements.txt").write_text("boto3==2\n")
    installer.problem = "no network"

    with pytest.raises(BundlingError, match="no network"):
        build_lambda(project)
    assert content(project / "build/functions/lambda") == before
    assert {path.name for path in (project / "build/functions").iterdir()} == {"lambda"}

    installer.problem = ""
    assert build_lambda(project).built


def test_local_asset_is_built_for_this_machine(project: Path, installer: Installer) -> None:
    bundle = build_local(project, here=HERE)

    assert bundle.path == project / "build/functions/local"
    assert installer.runs == ["3.11"]
    assert (bundle.path / "operations/create_account.py").is_file()


def test_local_asset_is_lambdas_where_the_machine_is_the_same(
    project: Path, installer: Installer
) -> None:
    build_local(project, here=HERE)

    same = Platform(python=LAMBDA.python, machine=LAMBDA.machine)
    first, second = build_local(project, here=same), build_local(project, here=same)

    assert first.path.resolve() == (project / "build/functions/lambda").resolve()
    assert (first.built, second.built) == (True, False)
    assert build_local(project, here=HERE).path.resolve().name == "local"


def test_other_python_installs_again(project: Path, installer: Installer) -> None:
    build_local(project, here=HERE)

    assert build_local(project, here=Platform(python="3.12", machine=HERE.machine)).built
    assert installer.runs == ["3.11", "3.12"]


def test_runtime_client_is_apart_from_the_asset(project: Path, installer: Installer) -> None:
    first, second = build_runtime(project, here=HERE), build_runtime(project, here=HERE)

    assert first.path == project / "build/runtime"
    assert (first.path / "botocore/client.py").is_file()
    assert not (first.path / "botocore-1.0.dist-info/RECORD").exists()
    assert (first.built, second.built) == (True, False)


def test_runtime_client_without_a_wheel_leaves_a_note_and_is_not_tried_again(
    project: Path, installer: Installer
) -> None:
    installer.problem = "Because awslambdaric==1 has no usable wheels and you require it"

    first, second = build_runtime(project, here=HERE), build_runtime(project, here=HERE)

    assert files(first.path) == {"unavailable"}
    assert "stand-in" in first.note
    assert (first.built, second.built) == (True, False)
    assert len(installer.runs) == 1


def test_runtime_client_that_cannot_be_fetched_is_an_error(
    project: Path, installer: Installer
) -> None:
    installer.problem = "Could not connect"

    with pytest.raises(BundlingError, match="Could not connect"):
        build_runtime(project, here=HERE)


def test_command_prints_a_line_for_each_bundle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = bundling.Bundle(
        path=bundling.PROJECT / "build" / "functions" / "lambda", built=False, note="1.0 MB"
    )
    monkeypatch.setitem(bundling._TARGETS, "lambda", lambda: bundle)

    status = bundling.main(["lambda", "lambda"])

    assert status == 0
    assert capsys.readouterr().out == "build/functions/lambda: up to date, 1.0 MB\n" * 2


def test_command_fails_when_the_installer_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> bundling.Bundle:
        raise BundlingError("no network")

    monkeypatch.setitem(bundling._TARGETS, "local", fail)

    with pytest.raises(SystemExit, match="1"):
        bundling.main(["local"])

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "local: the dependencies could not be installed: no network\n"


@pytest.mark.parametrize("error", [NotDeclared, ServiceMissing])
def test_command_fails_when_what_is_called_and_what_is_there_differ(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    def fail() -> bundling.Bundle:
        raise error("no ec2")

    monkeypatch.setitem(bundling._TARGETS, "lambda", fail)

    with pytest.raises(SystemExit, match="1"):
        bundling.main(["lambda"])

    assert capsys.readouterr().err == "lambda: no ec2\n"


@pytest.mark.parametrize(
    ("requirements", "lock"),
    [
        ("functions/requirements.in", "functions/requirements.txt"),
        ("embedded/runtime-requirements.in", "embedded/runtime-requirements.txt"),
    ],
)
def test_lock_pins_what_is_asked_for_by_hash_and_names_no_host(
    requirements: str, lock: str
) -> None:
    asked = re.findall(
        r"^([\w-]+)(?:\[.*\])?(==\S+)", (bundling.PROJECT / requirements).read_text(), re.M
    )
    text = (bundling.PROJECT / lock).read_text()
    blocks = re.split(r"^(?=[a-z])", text, flags=re.M)[1:]

    assert asked
    assert not [name + version for name, version in asked if f"{name}{version} " not in text]
    assert not [block for block in blocks if "--hash=sha256:" not in block]
    assert "://" not in text
    assert "--index" not in text


def test_real_asset_starts_without_compiling() -> None:
    asset = build_local().path
    program = f"import sys; sys.path.insert(0, {str(asset)!r}); import operations.accept_request"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-v", "-c", program],
        env={"LAMBDA_TASK_ROOT": str(asset), "HOME": str(asset)},
        capture_output=True,
        text=True,
        check=True,
    )

    of_asset = [line for line in done.stderr.splitlines() if str(asset) in line]
    assert len([line for line in of_asset if line.startswith("# code object from")]) > 100
    assert [line for line in of_asset if "code object from" in line and ".pyc" not in line] == []


def test_real_asset_has_all_that_the_sdk_and_powertools_open() -> None:
    asset = build_local().path
    program = f"""
import sys
sys.path.insert(0, {str(asset)!r})
import boto3, pydantic
from aws_lambda_powertools.utilities import parser, typing
from vending.aws.observability import logger, metrics, tracer
from importlib.metadata import version
session = boto3.session.Session("a", "b", region_name="us-east-1")
for service in {sorted(sdk_services())!r}:
    client = session.client(service)
    print(service, client.meta.endpoint_url, sorted(client.meta.service_model.operation_names)[0])
session.client("organizations").get_paginator("list_accounts")
session.client("iam").waiter_names
with tracer.provider.in_subsegment("s"):
    logger.append_keys(key="s")
print(version("boto3"), boto3.__file__.startswith({str(asset)!r}))
"""

    lines = run_beside(asset, program).splitlines()

    assert "stepfunctions https://states.us-east-1.amazonaws.com DescribeExecution" in lines
    assert any(line.startswith("organizations https://organizations.us-east-1.") for line in lines)
    assert lines[-1].endswith(" True")


def test_every_call_of_the_real_asset_can_be_made() -> None:
    asset = build_local().path
    program = f"""
import sys
sys.path.insert(0, {str(asset)!r})
import boto3
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

class Refusal:
    def stream(self, *_, **__):
        yield b"<ErrorResponse><Error><Code>Refused</Code></Error></ErrorResponse>"

def least(shape):
    if shape.type_name == "structure":
        return {{name: least(shape.members[name]) for name in shape.required_members}}
    if shape.type_name == "list":
        return [least(shape.member)]
    if shape.type_name == "string":
        return (shape.enum or ["some-text-of-this-length"])[0]
    return {{"boolean": True, "blob": b"", "map": {{}}}}.get(shape.type_name, 1)

made = 0
for service in {sorted(sdk_services())!r}:
    client = boto3.client(
        service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    refused = AWSResponse("", 400, HeadersDict(), Refusal())
    client.meta.events.register("before-send", lambda **_: refused)
    for name, operation in client._PY_TO_OP_NAME.items():
        shape = client.meta.service_model.operation_model(operation).input_shape
        try:
            getattr(client, name)(**(least(shape) if shape else {{}}))
        except ClientError:
            made += 1
print(made)
"""

    assert int(run_beside(asset, program)) > 60


def run_beside(asset: Path, program: str) -> str:
    """What a program writes that can import the asset alone, and nothing of this machine."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env={"LAMBDA_TASK_ROOT": str(asset), "HOME": str(asset)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout
