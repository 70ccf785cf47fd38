"""The tools, each in a process of its own: cdk-nag, checkov and bandit."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from guards.findings import Finding

ROOT = Path(__file__).parents[1]
BIN = ROOT / "build" / "guards" / "bin"
TEMPLATE = ROOT / "build" / "portal" / "cdk.out" / "AccountVending.template.json"
"""Of the stack with the API and the portal (examples/portal/app.py)."""
CODE = (
    *("app.py", "bench", "cli", "docs", "embedded", "functions", "guards", "infra"),
    *("permissions", "statemachines"),
)
"""What bandit reads: everything but the tests."""


def nag() -> list[Finding]:
    """What cdk-nag finds in the stack, by the constructs' paths: guards/nag.py."""
    answer = _asked(sys.executable, "-m", "guards.nag")
    return [Finding(**each) for each in answer]


def checkov(template: Path = TEMPLATE) -> list[Finding]:
    """What checkov's rules for CloudFormation find, by logical id."""
    answer = _asked(
        str(BIN / "checkov"),
        *("--file", str(template), "--framework", "cloudformation", "--output", "json"),
        *("--skip-download", "--quiet", "--compact"),
    )
    summary = answer.get("summary", answer)
    if not summary["resource_count"] or summary["parsing_errors"]:
        raise RuntimeError(f"checkov could not read {template}: {summary}")
    return [
        Finding(
            rule=each["check_id"],
            where=each["resource"].partition(".")[2],
            text=each["check_name"],
        )
        for each in answer["results"]["failed_checks"]
    ]


def bandit(code: Sequence[str] = CODE, *, root: Path = ROOT) -> list[Finding]:
    """What bandit finds in the code of these folders, by file."""
    answer = _asked(
        str(BIN / "bandit"), "--quiet", "--recursive", "--format", "json", *code, root=root
    )
    if answer["errors"]:
        raise RuntimeError(f"bandit could not read everything: {answer['errors']}")
    return [
        Finding(
            rule=each["test_id"],
            where=each["filename"].removeprefix("./"),
            text=f"line {each['line_number']}, {each['issue_text']}",
        )
        for each in answer["results"]
    ]


def _asked(*words: str, root: Path = ROOT) -> Any:
    """The JSON that the tool prints; that it ends with 1 when it finds something is no error."""
    done = subprocess.run(  # noqa: S603 - our own words
        words, cwd=root, capture_output=True, text=True, check=False
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        output = (done.stderr or done.stdout)[-2000:]
        raise RuntimeError(f"{words} ended with {done.returncode}: {output}") from None
