"""The request policy of this installation: its file, checked, as what the functions carry.

`python -m infra.request_policy` says what is wrong with it, before anything is built with it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from vending.authorization.request_policy import RequestPolicyInvalid, parse_policy

DEFAULT = "request-policy.yaml"
VARIABLE = "REQUEST_POLICY"
"""The environment variable that names another file, relative to the project."""

LARGEST = 200_000
"""Characters of the policy as JSON: what CloudFormation keeps as a template's metadata has room."""


def read(project: Path) -> dict[str, Any]:
    """The policy as its file says it.

    Raises:
        RequestPolicyInvalid: with every problem of the file.
    """
    path = project / os.environ.get(VARIABLE, DEFAULT)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as missing:
        raise RequestPolicyInvalid([f"{path.name}: {missing.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as unreadable:
        raise RequestPolicyInvalid([f"{path.name}: is not YAML: {unreadable}"]) from None
    parse_policy(raw)
    if (size := len(json.dumps(raw))) > LARGEST:
        raise RequestPolicyInvalid([f"it has {size:,} characters as JSON; {LARGEST:,} are allowed"])
    content: dict[str, Any] = raw
    return content


def compiled(project: Path) -> str:
    """The policy as the functions carry it, JSON.

    Raises:
        RequestPolicyInvalid: with every problem of the file.
    """
    return json.dumps(read(project), separators=(",", ":"), ensure_ascii=False)


def main(project: Path = Path(__file__).parents[1]) -> int:
    """Check the file. Exit 1 with every problem on stderr."""
    try:
        read(project)
    except RequestPolicyInvalid as invalid:
        sys.stderr.write(f"{invalid}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
