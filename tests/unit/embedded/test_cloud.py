"""The embedded AWS as a whole: what of an earlier one is left in the next one of its process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from embedded.cloud import EmbeddedAws
from embedded.core import context
from tests.unit.embedded.test_assembly import an_assembly
from tests.unit.embedded.time_travel import pass_days

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without functions, and room for an AWS that runs it."""
    monkeypatch.setattr(context, "_active", [])
    (tmp_path / "functions" / "local").mkdir(parents=True)
    return tmp_path


def test_next_one_of_the_process_starts_empty_and_with_its_own_stack(
    build: Path, tmp_path: Path
) -> None:
    with EmbeddedAws(speed=60, assembly=an_assembly(tmp_path / "one"), build=build) as aws:
        aws.client("sqs").create_queue(QueueName="left-over")
        pass_days(aws.clock, 31)
    other = an_assembly(tmp_path / "other")
    template = json.loads((other / "AccountVending.template.json").read_text())
    # An update of nothing but this is none for CloudFormation.
    template["Metadata"] = {"RequestPolicy": {"requesters": {}}}
    (other / "AccountVending.template.json").write_text(json.dumps(template))

    with EmbeddedAws(speed=60, assembly=other, build=build) as aws:
        queues = aws.client("sqs").list_queues()["QueueUrls"]
        (stack,) = aws.client("cloudformation").describe_stacks()["Stacks"]
        deployed = aws.client("cloudformation").get_template(StackName="AccountVending")
        now = aws.clock.now()

    assert [url.rpartition("/")[2] for url in queues if "left-over" in url] == []
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert abs(stack["CreationTime"].timestamp() - now) < 3_600
    assert deployed["TemplateBody"]["Metadata"] == {"RequestPolicy": {"requesters": {}}}
