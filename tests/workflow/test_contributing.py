"""A step is added to a copy of the project as CONTRIBUTING.md says, and an account vended with it.

The step is made up: RemoveTags, which the product lacks, takes a tag off the account again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "node_modules", "opinions"
)
MODULE = '''\
"""RemoveTags: ensures that an account has none of some tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.request.fields import AccountId, TagKey

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"organizations:ListTagsForResource", "organizations:UntagResource"}


class RemoveTags(Payload):
    """The account and the keys of tags that it may not have."""

    account_id: AccountId
    tag_keys: list[TagKey]


def run(payload: RemoveTags, *, organizations: OrganizationsClient) -> Json:
    """{untagged: the keys that it had}.

    Implements UntagResource of the AWS Organizations API reference.
    """
    pages = organizations.get_paginator("list_tags_for_resource")
    keys = {
        tag["Key"]
        for page in pages.paginate(ResourceId=payload.account_id)
        for tag in page.get("Tags", [])
    }
    present = [key for key in payload.tag_keys if key in keys]
    if present:
        organizations.untag_resource(ResourceId=payload.account_id, TagKeys=present)
    return {"untagged": present}


def progress(result: Json) -> str:
    """What progress says of it."""
    return "without " + ", ".join(result["untagged"]) if result["untagged"] else ""


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for key in result["untagged"]:
        into.say(f"no tag {key}", changed=True)


def summary(record: Json) -> tuple[str, Any]:
    """Nothing: the request did not ask for it."""
    del record
    return "untagged", None


@operation(RemoveTags)
def handler(payload: RemoveTags) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
'''
TEST = '''\
"""RemoveTags takes tags off."""

from __future__ import annotations

from tests.unit.functions.payloads import EMAIL, REQUEST_ID
from tests.unit.functions.world import World


def test_remove_tags_answers_the_keys(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, tags={"temporary": "1", "kept": "2"})

    result = world.call(
        "RemoveTags", requestId=REQUEST_ID, accountId=account_id, tagKeys=["temporary", "none"]
    )

    assert result == {"untagged": ["temporary"]}
    assert world.organization.accounts[account_id]["tags"] == {"kept": "2"}
'''
TAG_RETRY = """\
              "Retry": [{"ErrorEquals": ["${Idempotent}", "${AccessDeniedAfterWrite}"]}],
"""
STATE = """\
              "Next": "RemoveTags"
            },
            "RemoveTags": {
              "Type": "Task",
              "Comment": "Takes off what only the creation needed",
              "Resource": "arn:aws:states:::lambda:invoke",
              "Arguments": {"Payload": {"accountId": "{% $accountId %}", "tagKeys": ["temporary"]}},
              "Retry": [{"ErrorEquals": ["${Idempotent}"]}],
              "End": true
            }
"""
GRANT = """\
    "RemoveTags": {
        "organizations:ListTagsForResource": {ACCOUNTS},
        "organizations:UntagResource": {ACCOUNTS},
    },
    "TagResource": {
"""
SCENARIO = """\
def remove_tags(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, tags={"temporary": "1"})
    world.call("RemoveTags", requestId=REQUEST_ID, accountId=account_id, tagKeys=["temporary"])


SCENARIOS = """
RECIPE_MOST = 8
"""Files that a step may take."""


class Copy:
    """The project in another folder, with what was built for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        shutil.copytree(PROJECT, self.folder, ignore=LEFT_BEHIND, symlinks=True)
        self.changed: set[str] = set()

    def write(self, file: str, text: str) -> None:
        self.changed.add(file)
        (self.folder / file).write_text(text)

    def edit(self, file: str, before: str, after: str) -> None:
        text = (self.folder / file).read_text()
        assert len(re.findall(before, text, re.DOTALL)) == 1, f"{file} has another form now"
        self.write(file, re.sub(before, lambda _: after, text, flags=re.DOTALL))

    def python(self, *words: str) -> str:
        paths = os.pathsep.join([str(self.folder), str(self.folder / "functions")])
        environment = {**os.environ, "PYTHONPATH": paths, "CDK_OUTDIR": "cdk.out"}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout + done.stderr


@pytest.mark.slow
def test_step_added_by_the_recipe_vends_and_is_planned(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.write("functions/operations/remove_tags.py", MODULE)
    copy.write("tests/unit/functions/test_remove_tags.py", TEST)
    copy.edit(
        "statemachines/account_vending.asl.json",
        r'(?<="tags": "\{% \$request.tags %\}"\}\},\n)(.{0,200}?)'
        r'              "End": true\n            \}\n',
        TAG_RETRY + STATE,
    )
    copy.edit("tests/infra/test_grants.py", r'    "TagResource": \{\n', GRANT)
    copy.edit("tests/unit/functions/test_calls.py", r"(?<=\n)SCENARIOS = ", SCENARIO)
    copy.edit(
        "tests/unit/functions/test_calls.py",
        r'    "RecordVended": record_vended,\n',
        '    "RemoveTags": remove_tags,\n    "RecordVended": record_vended,\n',
    )
    copy.edit(
        "README.md",
        r"    Baseline --> TagResource\n",
        "    Baseline --> TagResource\n    TagResource --> RemoveTags\n",
    )
    copy.edit("CHANGELOG.md", r"(?<=\[Unreleased\]\n\n)", "- Accounts lose a tag.\n\n")

    copy.python("docs/generate.py")
    copy.python("-m", "infra.bundling", "lambda", "local", "runtime")
    copy.python("app.py")
    copy.python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"),
        *("tests/unit/functions/test_remove_tags.py", "tests/unit/functions/test_calls.py"),
        *(
            "tests/unit/functions/test_error_names.py",
            "tests/unit/cli",
            "tests/infra/test_grants.py",
        ),
        *("tests/unit/test_definitions.py", "tests/unit/test_generated_docs.py"),
        *("tests/unit/test_readme_picture.py", "tests/unit/infra/test_definition_profiles.py"),
    )
    document = yaml.safe_load((PROJECT / "examples" / "requests" / "sandbox.yaml").read_text())
    document["tags"]["temporary"] = "1"
    (tmp_path / "request.json").write_text(json.dumps(document))
    request = (str(tmp_path / "request.json"), "--local")
    vended = copy.python("-m", "cli.main", "submit", *request, "--wait")
    copy.python("-m", "cli.main", "plan", *request)

    assert len(copy.changed) <= RECIPE_MOST
    assert re.search(r"RemoveTags done .*without temporary", vended)
