"""Entrance of a function's process: becomes one execution environment, or the zygote of many.

Started by path with `-I -S`, so that what it can import is the standard library and, from `serve`
on, the functions' asset and the runtime client: a dependency missing from the asset is missing
here as it is on Lambda. Imports nothing of the project.

    bootstrap.py function LAUNCH    the process has its environment variables already
    bootstrap.py zygote LAUNCH      see zygote.py
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

_HERE = Path(__file__).resolve().parent


def sibling(name: str) -> ModuleType:
    """A module beside this file, without putting their folder on the import path."""
    spec = importlib.util.spec_from_file_location(f"_lambda_{name}", _HERE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


virtual_time = sibling("virtual_time")


def prepare(launch: dict[str, Any]) -> None:
    """Make the asset and the runtime client importable, and time virtual. Once a process."""
    # Python adds LC_CTYPE where the machine lacks the locale that LANG names.
    for name in os.environ.keys() - set(launch["variables"]):
        del os.environ[name]
    virtual_time.install()
    sys.path[:0] = [launch["asset"], launch["runtime"]]
    os.chdir(launch["asset"])


def serve(launch: dict[str, Any]) -> int:
    """Answer invocations until the process is killed or the function ends it; the exit status."""
    threading.Thread(target=_die_with_parent, args=(launch["lifeline"],), daemon=True).start()
    virtual_time.follow(launch["clock"])
    time.tzset()
    sys.argv = [__file__]
    try:
        _runtime_loop()(os.environ["_HANDLER"], os.environ["AWS_LAMBDA_RUNTIME_API"])
        status: Any = 0
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 1
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
        status = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return int(status or 0)


def _runtime_loop() -> Any:
    if importlib.util.find_spec("awslambdaric") is None:
        return sibling("fallback_runtime_client").run

    def run(handler: str, api_address: str) -> None:
        from awslambdaric import bootstrap  # noqa: PLC0415
        from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: PLC0415

        bootstrap.run(handler, LambdaRuntimeClient(api_address))

    return run


def _die_with_parent(lifeline: int) -> None:
    # The other end is held by the embedded AWS alone: it closes when that process ends, however.
    os.read(lifeline, 1)
    os._exit(1)


def main() -> None:
    """Run the mode and the launch document of the command line."""
    mode, launch = sys.argv[1], json.loads(sys.argv[2])
    prepare(launch)
    if mode == "zygote":
        sibling("zygote").main(launch, serve)
    else:
        os._exit(serve(launch))


if __name__ == "__main__":
    main()
