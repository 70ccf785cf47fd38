"""What a caller of Invoke sees, with Lambda's own runtime client and with the stand-in."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from embedded import lambda_runtime
from embedded.core.clock import Clock
from tests.unit.embedded.cloudformation_template import trust
from tests.unit.embedded.lambda_aws import CLIENTS, LambdaAws, eventually, is_running, running_with
from tests.unit.embedded.time_travel import pass_days

CODE = {"S3Bucket": "assets", "S3Key": "functions.zip"}


@pytest.fixture(scope="module", params=CLIENTS)
def aws(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LambdaAws]:
    with running_with(request.param, tmp_path_factory.mktemp("lambda")) as lambda_aws:
        yield lambda_aws


def test_handler_answers_the_event_with_its_context(aws: LambdaAws) -> None:
    name = aws.create("echo", timeout=9, MemorySize=512)

    answer = aws.invoke(name, {"wörd": ["ünïcode", 1.5, None]})

    assert answer.error is None
    assert answer.payload["event"] == {"wörd": ["ünïcode", 1.5, None]}
    assert answer.payload["name"] == name
    assert answer.payload["arn"].endswith(f":function:{name}")
    assert answer.payload["memory"] == "512"
    assert 8000 < answer.payload["left"] <= 9000
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.payload["id"])


def test_account_settings_count_the_functions_and_what_they_reserve(aws: LambdaAws) -> None:
    before = aws.client.get_account_settings()
    name = aws.create("echo")
    aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)

    after = aws.client.get_account_settings()

    assert after["AccountLimit"]["ConcurrentExecutions"] == 1000
    reserved = [each["AccountLimit"]["UnreservedConcurrentExecutions"] for each in (before, after)]
    assert reserved[0] - reserved[1] == 7
    counts = [each["AccountUsage"]["FunctionCount"] for each in (before, after)]
    assert counts[1] - counts[0] == 1


@pytest.mark.parametrize("name", ["NoRole", "Other"])
def test_role_that_lambda_cannot_assume_is_refused(aws: LambdaAws, name: str) -> None:
    function = aws.create("echo")
    iam = iam_backends["111111111111"]["aws"]
    if name == "Other" and not any(role.name == name for role in iam.roles.values()):
        iam.create_role(name, json.dumps(trust("events.amazonaws.com")), "/", None, "", [], "3600")
    arn = f"arn:aws:iam::111111111111:role/{name}"

    with pytest.raises(ClientError) as created:
        aws.client.create_function(
            FunctionName="refused", Role=arn, Runtime="python3.13", Handler="a.b", Code=CODE
        )
    with pytest.raises(ClientError) as updated:
        aws.client.update_function_configuration(FunctionName=function, Role=arn)

    for refused in (created, updated):
        error = refused.value.response["Error"]
        assert error["Code"] == "InvalidParameterValueException"
        assert error["Message"] == "The role defined for the function cannot be assumed by Lambda."


def test_function_is_not_invoked_once_its_role_stops_trusting_lambda(aws: LambdaAws) -> None:
    iam = iam_backends["111111111111"]["aws"]
    iam.create_role("Left", json.dumps(trust("lambda.amazonaws.com")), "/", None, "", [], "3600")
    function = aws.create("echo")
    aws.client.update_function_configuration(
        FunctionName=function, Role="arn:aws:iam::111111111111:role/Left"
    )
    assert aws.invoke(function).error is None

    iam.update_assume_role_policy("Left", json.dumps(trust("events.amazonaws.com")))
    with pytest.raises(ClientError) as refused:
        aws.invoke(function)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == "The role defined for the function cannot be assumed by Lambda."


def test_event_is_empty_object_when_no_payload_is_given(aws: LambdaAws) -> None:
    name = aws.create("echo")

    answer = aws.client.invoke(FunctionName=name)

    assert b'"event": {}' in answer["Payload"].read()


def test_exception_names_its_bare_class_and_where_it_was_raised(aws: LambdaAws) -> None:
    answer = aws.run("refuse", {"why": '{"code":"X"}'})

    assert answer.error == "Unhandled"
    assert list(answer.payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert answer.payload["errorType"] == "OperationRefused"
    assert answer.payload["errorMessage"] == '{"code":"X"}'
    assert len(answer.payload["requestId"]) == 36
    (frame,) = answer.payload["stackTrace"]
    assert re.search(r'refuse\.py", line 5, in handler\n +raise OperationRefused', frame)


@pytest.mark.parametrize(
    ("sample", "error", "message"),
    [
        (
            "need_it",
            "Runtime.ImportModuleError",
            "Unable to import module 'operations.need_it': No module named 'not_in_the_bundle'",
        ),
        (
            "absent",
            "Runtime.ImportModuleError",
            "Unable to import module 'operations.absent': No module named 'operations.absent'",
        ),
        (
            "misspell",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'operations.misspell': expected ':' (misspell.py, line 1)",
        ),
        (
            "lack_handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'operations.lack_handler'",
        ),
        ("start_badly", "ValueError", "LEDGER_TABLE_NAME is not set"),
    ],
)
def test_function_that_cannot_start_says_why(
    aws: LambdaAws, sample: str, error: str, message: str
) -> None:
    name = aws.create(sample)

    first, second = aws.invoke(name), aws.invoke(name)

    assert first.error == second.error == "Unhandled"
    assert first.payload == second.payload
    assert first.payload["errorType"] == error
    assert first.payload["errorMessage"] == message


def test_result_that_is_not_json_is_an_error(aws: LambdaAws) -> None:
    answer = aws.run("return_strangely")

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.MarshalError"
    assert "Unable to marshal response: Object of type object is not JSON serializable" in str(
        answer.payload["errorMessage"]
    )


def test_function_over_its_time_is_killed_and_the_next_call_finds_a_new_one(aws: LambdaAws) -> None:
    name = aws.create("hang", timeout=1)

    answer = aws.invoke(name)

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds",
        answer.payload["errorMessage"],
    )
    log = lambda_runtime.logs(name)
    assert log[1] == "before"
    assert log[2].endswith("Task timed out after 1.00 seconds")
    aws.client.update_function_configuration(
        FunctionName=name, Handler="operations.echo.handler", Timeout=20
    )
    assert aws.invoke(name).error is None


@pytest.mark.parametrize(
    ("sample", "event", "reason"),
    [
        ("leave", {"status": 1}, "Runtime exited with error: exit status 1"),
        ("leave", {"status": 3}, "Runtime exited with error: exit status 3"),
        ("leave", {"status": 0}, "Runtime exited without providing a reason"),
        ("die", {}, "Runtime exited with error: signal: killed"),
    ],
    ids=["exit 1", "exit 3", "exit 0", "killed"],
)
def test_process_that_ends_is_an_exit_error(
    aws: LambdaAws, sample: str, event: dict[str, int], reason: str
) -> None:
    answer = aws.run(sample, event)

    assert answer.error == "Unhandled"
    assert set(answer.payload) == {"errorType", "errorMessage"}
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(
        rf"RequestId: [0-9a-f-]{{36}} Error: {re.escape(reason)}", answer.payload["errorMessage"]
    )


def test_crash_fault_kills_the_process_after_it_acted(aws: LambdaAws, tmp_path: Path) -> None:
    aws.context.faults.replace([{"function": "Act", "calls": [2], "crash": True}])
    name = aws.create("act")
    event = {"file": str(tmp_path / "acts")}

    answers = [aws.invoke(name, event) for _ in range(3)]

    aws.context.faults.replace([])
    assert [answer.error for answer in answers] == [None, "Unhandled", None]
    assert answers[1].payload["errorType"] == "Runtime.ExitError"
    assert (tmp_path / "acts").read_text() == "acted acted acted "


def test_environment_holds_lambdas_and_the_templates_variables_and_nothing_of_this_process(
    aws: LambdaAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "a-users-own")
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    name = aws.create(
        "tell_environment",
        Environment={"Variables": {"LEDGER_TABLE_NAME": "ledger", "LOG_LEVEL": "INFO"}},
        LoggingConfig={"LogGroup": "a-group", "LogFormat": "Text"},
    )

    reported = aws.invoke(name).payload

    variables = reported["variables"]
    assert variables.pop("HOME") == os.devnull
    assert re.fullmatch(
        r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", variables.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    )
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0",
        variables.pop("_X_AMZN_TRACE_ID"),
    )
    assert re.fullmatch(r"127\.0\.0\.1:\d+", variables.pop("AWS_LAMBDA_RUNTIME_API"))
    host, port = variables.pop("AWS_XRAY_DAEMON_ADDRESS").split(":")
    assert variables.pop("AWS_ACCESS_KEY_ID").startswith("ASIA")
    assert Path(variables.pop("LAMBDA_RUNTIME_DIR")).is_dir()
    assert variables == {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.context.endpoint_url,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "a-group",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": name,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": str(aws.asset.resolve()),
        "LANG": "en_US.UTF-8",
        "LEDGER_TABLE_NAME": "ledger",
        "LOG_LEVEL": "INFO",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "_AWS_XRAY_DAEMON_ADDRESS": host,
        "_AWS_XRAY_DAEMON_PORT": port,
        "_HANDLER": "operations.tell_environment.handler",
    }


def test_function_imports_its_asset_and_nothing_of_the_project_or_its_virtual_environment(
    aws: LambdaAws,
) -> None:
    reported = aws.run("tell_environment").payload

    assert reported["folder"] == reported["path"][0] == str(aws.asset.resolve())
    assert not reported["moto"]
    assert not reported["embedded"]
    assert not [path for path in reported["path"] if "site-packages" in path]


def test_credentials_are_a_session_of_the_functions_role_named_after_it(aws: LambdaAws) -> None:
    name = aws.create("echo")

    aws.invoke(name)

    assert aws.credentials.issued[-1] == ("arn:aws:iam::111111111111:role/Sample", name)


def test_credentials_are_forgotten_with_their_process(aws: LambdaAws) -> None:
    aws.invoke(aws.create("echo"))
    living = f"ASIA{len(aws.credentials.issued):016}"
    aws.invoke(aws.create("die"))
    gone = f"ASIA{len(aws.credentials.issued):016}"

    assert eventually(lambda: gone in aws.credentials.forgotten)
    assert living not in aws.credentials.forgotten


def test_warm_process_serves_again(aws: LambdaAws) -> None:
    name = aws.create("count")

    answers = [aws.invoke(name).payload for _ in range(3)]

    assert [answer["calls"] for answer in answers] == [1, 2, 3]
    assert len({answer["process"] for answer in answers}) == 1


def test_changed_configuration_starts_a_new_process(aws: LambdaAws) -> None:
    name = aws.create("count")
    aws.invoke(name)

    aws.client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"A": "1"}}
    )

    assert aws.invoke(name).payload["calls"] == 1


def test_idle_process_that_was_killed_is_replaced_unnoticed(aws: LambdaAws) -> None:
    name = aws.create("count")
    process = aws.invoke(name).payload["process"]

    os.kill(process, signal.SIGKILL)
    assert eventually(lambda: not is_running(process))
    answer = aws.invoke(name)

    assert answer.error is None
    assert answer.payload["calls"] == 1


def test_invocations_run_side_by_side_up_to_the_limit(aws: LambdaAws, tmp_path: Path) -> None:
    name = aws.create("meet")

    with ThreadPoolExecutor(4) as callers:
        answers = callers.map(
            lambda _: aws.invoke(name, {"folder": str(tmp_path), "guests": 4}).payload, range(4)
        )

    assert list(answers) == [4, 4, 4, 4]


def test_invocations_over_the_limit_wait_for_a_process(aws: LambdaAws) -> None:
    name = aws.create("count")

    with ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda _: aws.invoke(name), range(24)))

    assert not [answer for answer in answers if answer.error]
    assert len({answer.payload["process"] for answer in answers}) <= 4


def test_event_invocation_returns_at_once_and_runs(aws: LambdaAws, tmp_path: Path) -> None:
    name = aws.create("meet")
    (tmp_path / "caller").touch()

    answer = aws.client.invoke(
        FunctionName=name,
        InvocationType="Event",
        Payload=f'{{"folder": "{tmp_path}", "guests": 3}}',
    )
    together = aws.invoke(name, {"folder": str(tmp_path), "guests": 3})

    assert answer["StatusCode"] == 202
    assert "FunctionError" not in answer
    assert together.payload == 3


def test_event_invocation_that_fails_runs_three_times(
    aws: LambdaAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws.context, "clock", Clock(20_000))
    aws.context.faults.replace([{"function": "Act", "calls": "all", "crash": True}])
    name = aws.create("act")

    aws.client.invoke(
        FunctionName=name, InvocationType="Event", Payload=f'{{"file": "{tmp_path / "acts"}"}}'
    )
    waiting = aws.create("wait")
    for _ in range(200):
        if lambda_runtime.logs(name)[-1:] and len(_reports(name)) == 3:
            break
        aws.invoke(waiting, {"seconds": 200})

    aws.context.faults.replace([])
    assert (tmp_path / "acts").read_text() == "acted acted acted "


def _reports(name: str) -> list[str]:
    return [line for line in lambda_runtime.logs(name) if line.startswith("REPORT")]


def test_dry_run_runs_nothing(aws: LambdaAws) -> None:
    name = aws.create("talk")

    answer = aws.client.invoke(FunctionName=name, InvocationType="DryRun")

    assert answer["StatusCode"] == 204
    assert lambda_runtime.logs(name) == []


def test_payload_that_is_not_json_is_refused(aws: LambdaAws) -> None:
    name = aws.create("echo")

    with pytest.raises(ClientError) as refused:
        aws.client.invoke(FunctionName=name, Payload=b"{not json")

    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_time_of_functions_runs_at_the_embedded_aws_speed(
    aws: LambdaAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(1000)
    monkeypatch.setattr(aws.context, "clock", clock)
    name = aws.create("wait", timeout=10)

    asleep = aws.invoke(name, {"seconds": 60}).payload
    now = clock.now()

    assert 60 <= asleep["seconds"] < 3000
    assert asleep["nanoseconds"] / 1e9 == pytest.approx(asleep["seconds"], rel=0.2)
    assert 0.06 <= asleep["real"] < 3
    assert 0 < now - asleep["at"] < 10_000
    assert 0 < asleep["left"] < 10_000 * 1000


def test_warm_function_follows_a_clock_that_has_jumped(
    aws: LambdaAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(1000)
    monkeypatch.setattr(aws.context, "clock", clock)
    name = aws.create("wait", timeout=10)
    aws.invoke(name, {"seconds": 0})

    pass_days(clock, 31)
    asked = clock.now()
    answer = aws.invoke(name, {"seconds": 0}).payload

    assert asked <= answer["at"] <= clock.now()


def test_other_clock_starts_a_new_process(aws: LambdaAws, monkeypatch: pytest.MonkeyPatch) -> None:
    name = aws.create("count")
    aws.invoke(name)

    monkeypatch.setattr(aws.context, "clock", Clock(2))

    assert aws.invoke(name).payload["calls"] == 1


def test_configuration_shows_what_was_deployed_and_what_runs(aws: LambdaAws) -> None:
    name = aws.create("echo", LoggingConfig={"LogGroup": "a-group", "LogFormat": "JSON"})

    shown = aws.client.get_function(FunctionName=name)["Configuration"]

    assert shown["Architectures"] == ["arm64"]
    assert shown["Runtime"] == "python3.13"
    assert shown["LoggingConfig"] == {"LogGroup": "a-group", "LogFormat": "JSON"}
    assert shown["CodeSize"] > 1000
    assert len(base64.b64decode(shown["CodeSha256"])) == 32


def test_code_of_its_own_is_refused(aws: LambdaAws) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client.create_function(
            FunctionName="own",
            Role="arn:aws:iam::111111111111:role/Sample",
            Runtime="python3.13",
            Handler="a.handler",
            Code={"ZipFile": b"PK"},
        )

    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
