"""What stands in a function's log, with Lambda's own runtime client and with the stand-in."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest

from embedded import lambda_runtime
from tests.unit.embedded.lambda_aws import CLIENTS, LambdaAws, running_with


@pytest.fixture(scope="module", params=CLIENTS)
def aws(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LambdaAws]:
    with running_with(request.param, tmp_path_factory.mktemp("lambda")) as lambda_aws:
        yield lambda_aws


def test_log_has_what_was_printed_between_lambdas_lines(aws: LambdaAws) -> None:
    name = aws.create("talk", LoggingConfig={"LogGroup": "talks", "LogFormat": "Text"})

    aws.invoke(name)

    log = lambda_runtime.logs(name)
    start, *printed, end, report = log
    identity = start.split()[2]
    assert start == f"START RequestId: {identity} Version: $LATEST"
    assert printed[:3] == ["importing", "to stdout", "to stderr"]
    assert re.fullmatch(
        rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT[\d:]{{8}}\.\d{{3}}Z\t{identity}\tby logging", printed[3]
    )
    assert printed[4:] == ["without an end"]
    assert end == f"END RequestId: {identity}"
    assert re.fullmatch(
        rf"REPORT RequestId: {identity}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms"
        r"\tMemory Size: 128 MB\tInit Duration: [\d.]+ ms",
        report,
    )
    assert lambda_runtime.logs("Talk") == log


def test_log_of_an_error_is_one_event_with_its_trace(aws: LambdaAws) -> None:
    name = aws.create("refuse")

    aws.invoke(name, {"why": "no"})

    error = lambda_runtime.logs(name)[1]
    assert error.startswith("[ERROR] OperationRefused: no\nTraceback (most recent call last):\n")
    assert "in handler" in error


def test_log_takes_more_than_a_pipe_holds(aws: LambdaAws) -> None:
    name = aws.create("flood")

    answer = aws.invoke(name)

    assert answer.error is None
    assert len([line for line in lambda_runtime.logs(name) if line == "x" * 99]) == 3000


def test_log_tail_comes_with_the_answer_when_asked(aws: LambdaAws) -> None:
    name = aws.create("talk")

    tail = base64.b64decode(aws.invoke(name, LogType="Tail").log).decode()
    silent = aws.invoke(name)

    assert tail.startswith("START RequestId")
    assert "to stdout\n" in tail
    assert silent.log == ""


def test_log_of_unknown_function_is_an_error(aws: LambdaAws) -> None:
    with pytest.raises(KeyError):
        lambda_runtime.logs("NoSuchFunction")


def test_json_log_format_is_json_throughout(aws: LambdaAws) -> None:
    name = aws.create("echo", LoggingConfig={"LogGroup": "json", "LogFormat": "JSON"})

    aws.invoke(name)

    kinds = [line.split('"type": ')[1].split(",")[0] for line in lambda_runtime.logs(name)]
    assert kinds == ['"platform.start"', '"platform.report"']
