"""The tools find what is wrong: a bucket open to all, and code that runs what it is given."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from guards import tools

ROOT = Path(__file__).parents[3]
PLANTED = """
import sys
from guards.nag import findings_in
from aws_cdk import Stack
from aws_cdk.aws_s3 import Bucket
found = findings_in(lambda app: Bucket(Stack(app, "Planted"), "Open"))
print(*(f"{each.rule} {each.where}" for each in found), sep="\\n")
"""
WITH_A_KEY = """
from guards.nag import findings_in
from infra.account_vending_stack import AccountVendingStack
from infra.settings import Settings
key = "arn:aws:kms:us-east-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666"
settings = Settings(kms_key_arn=key)
found = findings_in(lambda app: AccountVendingStack(app, "AccountVending", settings=settings))
print(*sorted({each.rule for each in found}), sep="\\n")
"""
pytestmark = pytest.mark.slow


def printed_by(code: str) -> list[str]:
    """What a Python of its own prints, as the CDK's engine serves one app a process."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.splitlines()


def test_cdk_nag_finds_by_both_packs_what_is_wrong_with_a_bucket() -> None:
    found = printed_by(PLANTED)

    assert "AwsSolutions-S10 Open/Resource" in found
    assert "NIST.800.53.R5-S3BucketVersioningEnabled Open/Resource" in found


def test_customer_key_leaves_nothing_to_find_about_encryption_with_keys() -> None:
    found = printed_by(WITH_A_KEY)

    assert "NIST.800.53.R5-LambdaInsideVPC" in found
    assert [each for each in found if "Encrypt" in each] == []


def test_checkov_finds_an_open_bucket(tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead"}}
    template.write_text(json.dumps({"Resources": {"Open": bucket}}))

    found = {(each.rule, each.where) for each in tools.checkov(template)}

    assert ("CKV_AWS_20", "Open") in found


def test_checkov_that_could_read_nothing_fails(tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text("{}")

    with pytest.raises(RuntimeError, match="checkov could not read"):
        tools.checkov(template)


def test_bandit_finds_code_that_evaluates_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "planted.py").write_text("def run(text):\n    return eval(text)\n")

    (found,) = tools.bandit(["code"], root=tmp_path)

    assert (found.rule, found.where) == ("B307", "code/planted.py")


def test_bandit_that_could_not_read_a_module_fails(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def\n")

    with pytest.raises(RuntimeError, match=r"broken\.py"):
        tools.bandit(["broken.py"], root=tmp_path)
