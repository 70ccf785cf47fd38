"""Run the recorded suites: `python -m tests.recorded SUITE_CHECKOUT [--check]`."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded.cloud import EmbeddedAws
from tests.recorded.page import IncompleteRunError, no_longer_right, page, results_of
from tests.recorded.suites import NOT_RUN, SUITES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "recorded-cases.md"
PYTHON = ROOT / "build" / "recorded" / "bin" / "python"
PLUGINS = (
    "localstack_snapshot.pytest.snapshot",
    "localstack.testing.pytest.fixtures",
    "localstack.testing.pytest.stepfunctions.fixtures",
    "embedded_clients",
)
# What pytest exits with when every case ran, whether or not all passed.
RAN = (0, 1)


def _git(checkout: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(checkout), *arguments], check=True, stdout=subprocess.PIPE
    ).stdout


def _copy(checkout: Path, folder: Path) -> None:
    """The suites without the two conftest.py that start LocalStack."""
    archive = _git(checkout, "archive", "HEAD", "localstack-core", "tests")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    for conftest in ("tests/conftest.py", "tests/aws/conftest.py"):
        (folder / conftest).unlink(missing_ok=True)
    # The build of LocalStack writes this module; a checkout has none.
    version = folder / "localstack-core" / "localstack" / "version.py"
    version.write_text('__version__ = "0"\n', encoding="utf-8")


def _run(folder: Path, report: Path) -> None:
    """Raises IncompleteRunError if pytest did not come to run the cases."""
    with EmbeddedAws(speed=4) as aws:
        done = subprocess.run(
            [
                str(PYTHON), "-m", "pytest", "-q", "--tb=short", "-n", "3",
                "-p", "no:cacheprovider",
                *(part for plugin in PLUGINS for part in ("-p", plugin)),
                "-o", "addopts=", "--rootdir", str(folder), "--timeout", "60",
                "--snapshot-verify", f"--junitxml={report}",
                *(f"--ignore={path}" for path in NOT_RUN), *SUITES,
            ],
            cwd=folder,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "PYTHONPATH": f"{folder / 'localstack-core'}:{folder}:{Path(__file__).parent}",
                "AWS_DEFAULT_REGION": "us-east-1",
                "EMBEDDED_AWS_URL": aws.endpoint_url,
            },
        )  # fmt: skip
    if done.returncode not in RAN:
        raise IncompleteRunError(f"pytest ended with exit code {done.returncode}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.recorded")
    parser.add_argument("checkout", type=Path, help="a Git checkout of LocalStack")
    parser.add_argument("--check", action="store_true", help="compare with the page, write nothing")
    options = parser.parse_args(arguments)
    commit = _git(options.checkout, "rev-parse", "HEAD").decode().strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _copy(options.checkout, folder)
        try:
            _run(folder, folder / "report.xml")
            results = results_of(folder / "report.xml")
        except IncompleteRunError as error:
            sys.stderr.write(f"The suites did not run: {error}\n")
            return 2
    return conclude(results, commit=commit, target=PAGE, check=options.check)


def conclude(results: dict[str, str], *, commit: str, target: Path, check: bool) -> int:
    """Write the page, or with `check` name what is no longer right; the exit code."""
    if not check:
        target.write_text(page(results, commit=commit, not_run=NOT_RUN), encoding="utf-8")
        return 0
    lost = no_longer_right(target.read_text(encoding="utf-8"), results)
    for case in lost:
        sys.stderr.write(f"no longer right: {case}\n")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
