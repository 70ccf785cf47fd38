"""How the functions' processes come about, and that none is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded import REGION, lambda_runtime
from embedded.core.clock import Clock
from embedded.lambda_runtime import processes
from embedded.lambda_runtime.functions import EmbeddedFunction
from embedded.lambda_runtime.processes import Launcher
from embedded.lambda_runtime.variables import shared_variables
from infra.bundling import PROJECT, build_local
from tests.unit.embedded.lambda_aws import LambdaAws, eventually, is_running, running

TELL_ORIGIN = """
    import os
    import pydantic

    def handler(event, context):
        return {"seen": pydantic.seen, "parent": os.getppid(), "process": os.getpid()}
"""


@pytest.fixture
def dependency(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LambdaAws]:
    """Functions whose asset has a dependency that is imported ahead, with the given source."""
    (tmp_path / "runtime").mkdir()
    asset = tmp_path / "asset"
    asset.mkdir()
    (asset / "pydantic.py").write_text(textwrap.dedent(request.param))
    with running(tmp_path, tmp_path / "runtime") as aws:
        (asset / "operations" / "tell_origin.py").write_text(textwrap.dedent(TELL_ORIGIN))
        yield aws


@pytest.mark.parametrize(
    ("dependency", "variables", "seen", "forked"),
    [
        ("seen = 'nothing'", {"LOG_LEVEL": "DEBUG"}, "nothing", True),
        ("import os\nseen = os.getenv('LOG_LEVEL')", {}, None, True),
        ("import os\nseen = os.getenv('LOG_LEVEL')", {"LOG_LEVEL": "DEBUG"}, "DEBUG", False),
        ("import os\nseen = 'LOG_LEVEL' in os.environ", {"LOG_LEVEL": "DEBUG"}, True, False),
        ("import os\nseen = os.environ['AWS_REGION']", {"LOG_LEVEL": "DEBUG"}, "us-east-1", True),
        ("import os\nseen = len(dict(os.environ)) > 20", {}, True, False),
        (
            "import urllib.request as u\nseen = u.getproxies_environment()",
            {"LOG_LEVEL": "DEBUG"},
            {},
            True,
        ),
        (
            "import urllib.request as u\nseen = u.getproxies_environment()",
            {"HTTPS_PROXY": "http://127.0.0.1:9"},
            {"https": "http://127.0.0.1:9"},
            False,
        ),
        (
            "import threading as t, time\nseen = 1\nt.Timer(60, print).start()",
            {},
            1,
            False,
        ),
    ],
    ids=[
        "reads nothing",
        "reads what is not set",
        "reads what differs",
        "asks for what differs",
        "reads what is the same",
        "reads everything",
        "looks for proxies",
        "finds a proxy",
        "starts a thread",
    ],
    indirect=["dependency"],
)
def test_dependency_imported_ahead_sees_the_functions_own_environment(
    dependency: LambdaAws, variables: dict[str, str], seen: Any, forked: bool
) -> None:
    name = dependency.create("tell_origin", Environment={"Variables": variables})

    reported = dependency.invoke(name).payload

    assert reported["seen"] == seen
    assert (reported["parent"] != os.getpid()) == forked


def test_every_function_process_is_a_fork_of_the_real_assets_dependencies() -> None:
    asset = build_local().path
    shared = shared_variables(region=REGION, runtime="python3.13", xray_address="127.0.0.1:1")
    launcher = Launcher(asset=asset, runtime=asset, shared=shared, fork=True)
    template = json.loads((PROJECT / "cdk.out" / "AccountVending.template.json").read_text())
    # What CloudFormation fills in is no text yet.
    environments = [
        {
            name: str(value)
            for name, value in function["Properties"]["Environment"]["Variables"].items()
        }
        for function in template["Resources"].values()
        if function["Type"] == "AWS::Lambda::Function" and "Environment" in function["Properties"]
    ]
    environment = launcher.shared | {"AWS_ACCESS_KEY_ID": "ASIA"}

    try:
        assert launcher._zygote is not None
        assert len(environments) > 40
        for variables in environments:
            assert launcher._zygote.can_become(environment | variables), variables
        # Powertools reads this while it is imported: proof that reading is noticed at all.
        assert not launcher._zygote.can_become(environment | {"POWERTOOLS_DEBUG": "1"})
    finally:
        launcher.close()


@pytest.mark.parametrize("fork", [True, False], ids=["forked", "from nothing"])
def test_shutdown_leaves_no_process(tmp_path: Path, fork: bool) -> None:
    with running(tmp_path, tmp_path, fork=fork) as aws:
        idle = aws.run("count").payload["process"]
        assert is_running(idle)

        lambda_runtime.shutdown()

        assert eventually(lambda: not is_running(idle))
        with pytest.raises(ClientError) as refused:
            aws.run("count")
        assert refused.value.response["Error"]["Code"] == "ServiceException"


@pytest.mark.parametrize("fork", [True, False], ids=["forked", "from nothing"])
def test_process_in_an_endless_loop_ends_with_its_embedded_aws(tmp_path: Path, fork: bool) -> None:
    (tmp_path / "busy.py").write_text(
        "import os\nos.write(1, b'%d\\n' % os.getpid())\nwhile True:\n    pass\n"
    )
    clock = Clock()
    program = textwrap.dedent(f"""
        import importlib.util, pathlib, sys, time
        spec = importlib.util.spec_from_file_location("processes", {processes.__file__!r})
        processes = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(processes)
        here = pathlib.Path({str(tmp_path)!r})
        launcher = processes.Launcher(asset=here, runtime=here, shared={{}}, fork={fork})
        environment = {{"_HANDLER": "busy.handler", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}}
        launcher.start(environment | launcher.shared, clock={clock.path!r}, output=1, ended=print)
        time.sleep(60)
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    process = int(parent.stdout.readline())
    assert is_running(process)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert eventually(lambda: not is_running(process))


def test_zygote_that_dies_takes_its_processes_along_and_functions_run_on(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path) as aws:
        name = aws.create("count")
        first = aws.invoke(name).payload["process"]
        runtime = EmbeddedFunction.runtime
        assert runtime is not None
        zygote = runtime._launcher._zygote
        assert zygote is not None

        os.kill(zygote._process.pid, signal.SIGKILL)

        assert eventually(lambda: not zygote._usable)
        answer = aws.invoke(name)
        assert answer.error is None
        assert answer.payload["calls"] == 1
        assert eventually(lambda: not is_running(first))


def test_reset_ends_processes_of_deleted_functions_only(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path) as aws:
        kept, deleted = aws.create("count"), aws.create("count")
        processes_ = {name: aws.invoke(name).payload["process"] for name in (kept, deleted)}
        aws.client.delete_function(FunctionName=deleted)

        lambda_runtime.reset()

        assert eventually(lambda: not is_running(processes_[deleted]))
        assert aws.invoke(kept).payload == {"calls": 2, "process": processes_[kept]}


def test_asset_stays_as_it_was_built(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path) as aws:
        before = sorted(aws.asset.rglob("*"))

        aws.run("echo")

        assert sorted(aws.asset.rglob("*")) == before


def test_process_has_the_same_environment_however_it_came_about(tmp_path: Path) -> None:
    environments = []
    for fork in (True, False):
        folder = tmp_path / str(fork)
        folder.mkdir()
        with running(folder, tmp_path, fork=fork) as aws:
            environments.append(aws.run("tell_environment").payload)

    forked, started = environments

    assert forked["variables"].keys() == started["variables"].keys()
    assert forked["path"][1:] == started["path"][1:]
