"""Documents as files, and calls at AWS's rates."""

from __future__ import annotations

import heapq
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.aws.organization_reader import WORKERS
from cli.aws.pace import RATES, Pace
from cli.fleet import document_text
from cli.input import documents
from embedded.organizations.quotas import QUOTAS
from vending.request.validators import tag_key, tag_value

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12),
    st.sampled_from(
        ["1e3", "089", "0x1F", "1.10", "true", "No", "~", "null", "<<", "=", "2026-11-29", "1:30"]
    ),
    st.sampled_from(
        ["- a", "a: b", "a #b", " a", "a ", "#", "", "'", '"', "a\\b", "%", "@a", "&a"]
    ),
)


@settings(max_examples=40)
@given(st.dictionaries(TEXTS, TEXTS), st.lists(TEXTS))
def test_document_is_read_back_as_it_was_written(tags: dict[str, str], names: list[str]) -> None:
    document = {"account": {"accountId": "123456789012"}, "tags": tags, "names": names}

    text = document_text.text_of(document)
    (read,) = documents.read("-", stdin=io.StringIO(text))

    assert (read.value, read.problems) == (document, ())
    assert document_text.text_of(read.value) == text


@settings(max_examples=60)
@given(st.text(max_size=128))
def test_every_tag_that_aws_takes_is_read_back(text: str) -> None:
    if tag_key(text) or tag_value(text):
        return

    (read,) = documents.read("-", stdin=io.StringIO(document_text.text_of({"tags": {text: text}})))

    assert read.value == {"tags": {text: text}}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Payments (prod)", "payments-prod-123456789012.yaml"),
        ("../../etc/passwd", "etc-passwd-123456789012.yaml"),
        ("Über", "ber-123456789012.yaml"),
        ("...", "123456789012.yaml"),
    ],
)
def test_file_is_named_after_its_account(name: str, expected: str) -> None:
    assert document_text.file_name(name, "123456789012") == expected


def test_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    document_text.write(path, "old\n")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        document_text.write(path, "new\n")

    assert path.read_text() == "old\n"


class VirtualTime:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_calls_are_made_at_the_published_rate_and_never_faster() -> None:
    for operation, (per_second, burst) in RATES.items():
        time = VirtualTime()
        pace = Pace(clock=time.clock, sleep=time.sleep)
        moments = []
        for _ in range(200):
            pace.wait(operation)
            moments.append(time.now)

        for window in (1, 5, 20):
            most = max(sum(at <= one < at + window for one in moments) for at in moments)
            assert most <= burst // 2 + per_second * window + 1e-6, (operation, window)
        assert moments[-1] <= 1.02 * 200 / per_second


def test_call_after_a_pause_does_not_wait() -> None:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.sleep)
    pace.wait("ListRoots")
    time.sleep(60)

    pace.wait("ListRoots")

    assert time.now == 60


def test_rates_are_those_that_the_embedded_aws_holds_callers_to() -> None:
    known = {operation: rate for operation, rate in RATES.items() if operation in QUOTAS}

    assert set(RATES) - set(known) == {"GetAlternateContact"}
    for operation, rate in known.items():
        quota = QUOTAS[operation].per_account
        assert rate == (quota.per_second, quota.burst), operation


@pytest.mark.parametrize("latency", [0.05, 0.2, 0.5])
def test_as_many_calls_go_on_at_once_as_the_slowest_rate_needs(latency: float) -> None:
    """2,000 accounts, each of whose calls AWS takes a while to answer, in simulated time."""
    now = 0.0
    waited = 0.0

    def sleep(seconds: float) -> None:
        nonlocal waited
        waited = seconds

    pace = Pace(clock=lambda: now, sleep=sleep)
    calls = ["ListTagsForResource", *["GetAlternateContact"] * 3]
    left = 2000 * len(calls)
    workers = [(0.0, number, 0) for number in range(WORKERS)]
    while left:
        now, number, call = heapq.heappop(workers)
        waited = 0.0
        pace.wait(calls[call % len(calls)])
        heapq.heappush(workers, (now + waited + latency, number, call + 1))
        left -= 1
    took = max(moment for moment, _, _ in workers)

    slowest = 2000 * 3 / RATES["GetAlternateContact"][0]
    assert slowest * 0.9 <= took <= slowest * 1.1
