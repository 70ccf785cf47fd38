"""The built product under another request policy, without building it again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vending.authorization.request_policy import FILE_NAME, parse_policy

ROOT = Path(__file__).parents[1]
TEMPLATE = "AccountVending.template.json"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What `EmbeddedAws` deploys: a cloud assembly, and the functions with their runtime."""

    assembly: Path
    build: Path


def team_policy(account: str = "111111111111") -> dict[str, Any]:
    """The policy of examples/, in which this is the management account."""
    text = (ROOT / "examples" / "request-policies" / "team.yaml").read_text(encoding="utf-8")
    policy: dict[str, Any] = yaml.safe_load(text.replace("111122223333", account))
    return policy


def installation(folder: Path, policy: dict[str, Any]) -> Installation:
    """The built product in `folder`, with this policy in its functions and its template."""
    parse_policy(policy)
    built, functions = ROOT / "build", folder / "build" / "functions" / "local"
    functions.mkdir(parents=True)
    for entry in (built / "functions" / "local").iterdir():
        if entry.name != FILE_NAME:
            (functions / entry.name).symlink_to(entry)
    (functions / FILE_NAME).write_text(json.dumps(policy), encoding="utf-8")
    (folder / "build" / "runtime").symlink_to(built / "runtime")
    assembly = folder / "cdk.out"
    shutil.copytree(ROOT / "cdk.out", assembly)
    template = json.loads((assembly / TEMPLATE).read_text(encoding="utf-8"))
    template["Metadata"]["RequestPolicy"] = policy
    (assembly / TEMPLATE).write_text(json.dumps(template), encoding="utf-8")
    return Installation(assembly=assembly, build=folder / "build")
