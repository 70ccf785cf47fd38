"""The fault file: its form, and whom its rules hit."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.core.faults import CallFault, CreationFault, EventFault, Faults, FaultsInvalid

CREATE = ("organizations", "CreateAccount")


def failing(calls: Any = "all", **more: Any) -> dict[str, Any]:
    rule = {"service": "organizations", "operation": "CreateAccount", "calls": calls}
    return rule | ({"error": "ServiceException"} | more)


def lost(calls: Any = "all") -> dict[str, Any]:
    return {
        "service": "organizations",
        "operation": "CreateAccount",
        "calls": calls,
        "lost": True,
    }


def problems(content: Any, **options: Any) -> tuple[str, ...]:
    with pytest.raises(FaultsInvalid) as caught:
        Faults.parse(content, **options)
    return caught.value.problems


def test_call_fault_hits_the_calls_it_counts() -> None:
    faults = Faults.parse(
        [failing([1, 3], error="ConstraintViolationException", reason="ACCOUNT_NUMBER_LIMIT")]
    )

    hits = [faults.for_call(*CREATE) for _ in range(4)]

    fault = CallFault(error="ConstraintViolationException", reason="ACCOUNT_NUMBER_LIMIT")
    assert hits == [fault, None, fault, None]


def test_call_fault_for_all_calls_of_one_operation_only() -> None:
    faults = Faults.parse([lost()])

    assert [faults.for_call(*CREATE) for _ in range(3)] == [CallFault(lost=True)] * 3
    assert faults.for_call("organizations", "MoveAccount") is None
    assert faults.for_call("iam", "CreateAccount") is None


def test_one_call_counts_for_every_rule_that_names_it() -> None:
    faults = Faults.parse([failing([1]), lost([2]), failing([2, 3], error="ThrottlingException")])

    hits = [faults.for_call(*CREATE) for _ in range(3)]

    assert hits == [
        CallFault(error="ServiceException"),
        CallFault(lost=True),
        CallFault(error="ThrottlingException"),
    ]


def test_service_may_be_named_as_boto3_or_as_iam_names_it() -> None:
    rule = {"operation": "StartExecution", "calls": "all", "error": "ExecutionLimitExceeded"}

    for name in ("states", "stepfunctions"):
        faults = Faults.parse([{"service": name, **rule}])
        assert faults.for_call("stepfunctions", "StartExecution") is not None
        assert faults.for_call("states", "StartExecution") is not None


def test_function_crash_counts_by_function() -> None:
    faults = Faults.parse([{"function": "CreateAccount", "calls": [2], "crash": True}])

    assert not faults.for_invocation("MoveAccount")
    assert [faults.for_invocation("CreateAccount") for _ in range(3)] == [False, True, False]


def test_creation_fault_counts_creations() -> None:
    faults = Faults.parse(
        [
            {"createAccount": {"calls": [1], "seconds": 120}},
            {"createAccount": {"calls": [2], "failureReason": "EMAIL_ALREADY_EXISTS"}},
        ]
    )

    assert [faults.for_creation() for _ in range(3)] == [
        CreationFault(seconds=120),
        CreationFault(failure_reason="EMAIL_ALREADY_EXISTS"),
        None,
    ]


def test_deliveries_of_an_event() -> None:
    faults = Faults.parse([{"event": "AccountRequested", "deliveries": 3}])

    assert [faults.for_event("AccountRequested").deliveries for _ in range(2)] == [3, 3]
    assert faults.for_event("AccountVended") == EventFault()


def test_event_is_known_by_any_of_its_names_and_comes_late_or_never() -> None:
    faults = Faults.parse(
        [{"event": "CreateAccountResult", "seconds": 17}, {"event": "CreateAccount", "lost": True}]
    )

    assert faults.for_event("AWS Service Event via CloudTrail", "CreateAccountResult").seconds == 17
    assert faults.for_event("CreateAccount").lost
    assert not faults.for_event(None).lost


def test_no_faults_hit_nothing() -> None:
    faults = Faults.none()

    assert faults.for_call(*CREATE) is None
    assert not faults.for_invocation("CreateAccount")
    assert faults.for_creation() is None
    assert faults.for_event("AccountRequested").deliveries == 1


def test_replace_counts_from_one_again() -> None:
    faults = Faults.parse([failing([1])])
    faults.for_call(*CREATE)

    faults.replace([lost([1])])

    assert faults.for_call(*CREATE) == CallFault(lost=True)


def test_replace_with_mistakes_keeps_the_old_rules() -> None:
    faults = Faults.parse([failing()])

    with pytest.raises(FaultsInvalid):
        faults.replace([{"service": "organizations"}])

    assert faults.for_call(*CREATE) == CallFault(error="ServiceException")


def test_counting_from_many_threads_hits_once_each() -> None:
    faults = Faults.parse([failing(list(range(1, 101)))])
    hits: list[CallFault | None] = []

    def call() -> None:
        hits.extend(faults.for_call(*CREATE) for _ in range(50))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(hit is not None for hit in hits) == 100
    assert len(hits) == 200


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param("CreateAccount", "must be an object", id="not-an-object"),
        pytest.param({}, "must have exactly one of service, function", id="empty"),
        pytest.param(
            {**lost(), "event": "A", "deliveries": 1}, "must have exactly one of", id="two-kinds"
        ),
        pytest.param({**lost(), "lost": False}, "lost: must be true", id="lost-false"),
        pytest.param({**lost(), "reason": "X"}, "reason: only goes with error", id="reason-lost"),
        pytest.param(
            {**failing(), "lost": True}, "exactly one of error, lost", id="error-and-lost"
        ),
        pytest.param(
            {"service": "organizations", "operation": "CreateAccount", "calls": "all"},
            "exactly one of error, lost",
            id="neither-error-nor-lost",
        ),
        pytest.param(failing(reason=""), "reason: must be a text", id="empty-reason"),
        pytest.param(failing(error=5), "error: must be a text", id="error-number"),
        pytest.param(
            failing(error="ConstraintViolation"),
            "did you mean ConstraintViolationException?",
            id="error-misspelt",
        ),
        pytest.param(
            failing(error="AccountNotFoundException"),
            "CreateAccount does not fail with",
            id="error-of-another-operation",
        ),
        pytest.param(
            {**lost(), "operation": "CreateAcount"}, "did you mean CreateAccount?", id="operation"
        ),
        pytest.param({**lost(), "service": "organisations"}, "did you mean organ", id="service"),
        pytest.param({**lost(), "service": ""}, "service: must be a text", id="service-empty"),
        pytest.param({**lost(), "call": [1]}, "unknown key 'call', did you mean calls?", id="key"),
        pytest.param(lost([]), "calls: must be", id="calls-empty"),
        pytest.param(lost([0]), "calls: must be", id="calls-zero"),
        pytest.param(lost([True]), "calls: must be", id="calls-boolean"),
        pytest.param(lost("1"), "calls: must be", id="calls-text"),
        pytest.param(lost(None), "calls: must be", id="calls-missing"),
        pytest.param({"function": "A", "calls": [1]}, "crash: must be true", id="no-crash"),
        pytest.param(
            {"function": "create_account", "calls": [1], "crash": True},
            "construct id such as CreateAccount",
            id="function-module",
        ),
        pytest.param({"createAccount": 5}, "createAccount: must be an object", id="creation"),
        pytest.param(
            {"createAccount": {"calls": [1]}}, "seconds, failureReason or both", id="creation-empty"
        ),
        pytest.param(
            {"createAccount": {"calls": [1], "seconds": -1}}, "seconds: must be", id="seconds"
        ),
        pytest.param(
            {"createAccount": {"calls": [1], "seconds": 1, "reason": "X"}},
            "unknown key 'reason'",
            id="creation-key",
        ),
        pytest.param({"event": "A", "deliveries": 0}, "deliveries: must be", id="deliveries-zero"),
        pytest.param({"event": "A"}, "deliveries: must be", id="deliveries-missing"),
        pytest.param({"event": "A", "seconds": -1}, "seconds: must be", id="event-early"),
        pytest.param({"event": "A", "lost": 1}, "lost: must be true", id="event-half-lost"),
        pytest.param(
            {"event": "A", "lost": True, "seconds": 1}, "lost: must be true", id="event-lost-late"
        ),
        pytest.param({"event": 1, "deliveries": 1}, "event: must be a text", id="event-number"),
    ],
)
def test_mistake_in_an_entry_is_named(entry: Any, expected: str) -> None:
    found = problems([entry])

    assert any(expected in problem for problem in found), found
    assert all(problem.startswith("fault 1: ") for problem in found)


def test_every_mistake_of_every_entry_is_reported_at_once() -> None:
    found = problems([failing([0], error="Nope", extra=1), lost(), {"event": "", "deliveries": 0}])

    assert [problem.split(":")[0] for problem in found] == ["fault 1"] * 3 + ["fault 3"] * 2


def test_unknown_function_is_named_when_the_functions_are_known() -> None:
    rule = {"function": "CreateAcount", "calls": [1], "crash": True}

    found = problems([rule], functions={"CreateAccount", "MoveAccount"})

    assert found == ("fault 1: function: unknown 'CreateAcount', did you mean CreateAccount?",)


@pytest.mark.parametrize("content", [{}, "x", None, 5], ids=str)
def test_content_that_is_no_list(content: Any) -> None:
    assert problems(content) == ("faults: must be a list of objects",)


@pytest.mark.parametrize("error", ["ThrottlingException", "InternalFailure", "ServiceUnavailable"])
def test_common_errors_need_no_model(error: str) -> None:
    faults = Faults.parse([failing(error=error)])

    assert faults.for_call(*CREATE) == CallFault(error=error)


def test_error_may_be_named_by_its_code_on_the_wire() -> None:
    rule = {"service": "iam", "operation": "GetRole", "calls": "all"}

    for name in ("NoSuchEntity", "NoSuchEntityException"):
        assert Faults.parse([{**rule, "error": name}]).for_call("iam", "GetRole")


def test_reason_outside_the_model_is_accepted_because_reasons_are_open() -> None:
    faults = Faults.parse([failing(error="ConstraintViolationException", reason="BRAND_NEW")])

    fault = faults.for_call(*CREATE)

    assert fault is not None
    assert fault.reason == "BRAND_NEW"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("faults.json", json.dumps([lost([1])])),
        (
            "faults.yaml",
            "- {service: organizations, operation: CreateAccount, calls: [1], lost: true}\n",
        ),
    ],
)
def test_load_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    faults = Faults.load(tmp_path / name)

    assert faults.for_call(*CREATE) == CallFault(lost=True)


@pytest.mark.parametrize("name", ["faults.json", "faults.yml"])
def test_load_from_a_broken_file_names_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[{")

    with pytest.raises(FaultsInvalid, match=name):
        Faults.load(tmp_path / name)


def test_load_from_no_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(FaultsInvalid, match=r"gone\.json: No such file"):
        Faults.load(tmp_path / "gone.json")


@pytest.fixture
def usual_recursion_limit() -> Iterator[None]:
    """Python's own; the library for JSONata raises it for the whole process."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(raised)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("faults.json", b"[" * 100_000, "nested too deeply", id="deep json"),
        pytest.param("faults.yaml", b"[" * 5_000, "nested too deeply", id="deep yaml"),
        pytest.param("faults.json", b"\xff\xfe", "is not UTF-8 text", id="binary"),
        pytest.param("faults.json", b"{}", "must be a list of objects", id="no list"),
        pytest.param("faults.json", b"[{}]", "fault 1: must have exactly one", id="empty rule"),
        pytest.param("faults.json", b"[" + b"9" * 5_000 + b"]", "4300 digits", id="huge number"),
        pytest.param("faults.yaml", b"- !!bool abc", "abc", id="tag not fulfilled"),
        pytest.param("faults.yaml", b'- "\\UFFFFFFFF"', "", id="beyond Unicode"),
        pytest.param("faults.yaml", b"- \x00", "not allowed", id="NUL"),
    ],
)
@pytest.mark.usefixtures("usual_recursion_limit")
def test_load_names_the_file_in_every_problem(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(FaultsInvalid) as caught:
        Faults.load(path)

    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}: ")
    assert expected in problem
