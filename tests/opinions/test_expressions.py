"""Expressions, as the reference implementation of JSONata evaluates them on the very same data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from embedded.jsonata.evaluator import UNDEFINED, QueryFailed, evaluate, parse
from tests.builders import a_request
from tests.opinions.recorder import Evaluation, recorded
from tests.workflow.invitations import an_invitation, awaited, owner
from tests.workflow.test_existing_account import an_account
from tests.workflow.test_organization_setup import a_document

if TYPE_CHECKING:
    from tests.opinions.conftest import Ask
    from tests.workflow.vending import Ended, Vending

pytestmark = pytest.mark.slow


def new(vending: Vending) -> Ended:
    return vending.run(a_request())


def existing(vending: Vending) -> Ended:
    account_id = an_account(vending)
    return vending.run(a_request(source="existing", account={"accountId": account_id}))


def invited(vending: Vending) -> Ended:
    request = an_invitation()
    arn = vending.start(request)
    row = awaited(vending, request)
    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])
    return vending.finish(arn)


def govcloud(vending: Vending) -> Ended:
    request = a_request(source="new-govcloud")
    request["account"]["name"] = "Pair"
    return vending.run(request)


def repeated(vending: Vending) -> Ended:
    request = a_request()
    vending.run(request)
    return vending.run(request)


def invalid(vending: Vending) -> Ended:
    return vending.run(a_request(colour="blue", requestedBy="€" * 50_000))


def failed(vending: Vending) -> Ended:
    return vending.run(a_request(source="existing", account={"accountId": "999999999999"}))


def setup(vending: Vending) -> Ended:
    return vending.set_up(a_document())


RUNS: dict[str, tuple[Callable[[Vending], Ended], str]] = {
    "new": (new, "SUCCEEDED"),
    "existing": (existing, "SUCCEEDED"),
    "invited": (invited, "SUCCEEDED"),
    "new-govcloud": (govcloud, "SUCCEEDED"),
    "repeated": (repeated, "SUCCEEDED"),
    "invalid": (invalid, "FAILED"),
    "failed": (failed, "FAILED"),
    "setup": (setup, "SUCCEEDED"),
}


def differences(evaluations: list[Evaluation], answers: list[dict[str, Any]]) -> list[str]:
    """Evaluations whose outcome is not the reference's; of errors, that there is one."""
    found = []
    for evaluation, answer in zip(evaluations, answers, strict=True):
        outcome = json.loads(evaluation.outcome)
        both_fail = "error" in outcome and "error" in answer
        if not both_fail and outcome != answer:
            found.append(f"{evaluation.expression}: {outcome}, the reference: {answer}")
    return found


@pytest.mark.parametrize("run", RUNS)
def test_every_evaluation_of_a_run_has_the_references_result(
    vending: Vending, ask: Ask, monkeypatch: pytest.MonkeyPatch, run: str
) -> None:
    start, status = RUNS[run]
    with recorded(monkeypatch) as evaluations:
        ended = start(vending)
    compared = sorted(evaluations, key=lambda one: (one.expression, one.variables))

    answers = ask("expressions.js", [one.question() for one in compared])

    assert ended.status == status, ended
    expressions = {one.expression for one in compared}
    # What `make second-opinions` shows at its end.
    print(f"{run}: {len(compared)} evaluations of {len(expressions)} expressions")  # noqa: T201
    assert len(expressions) >= 9
    assert differences(compared, answers) == []


@pytest.mark.parametrize("answer", [{"value": 3}, {"undefined": True}, {"error": "T2001"}])
def test_result_that_is_not_the_references_is_a_difference(answer: dict[str, Any]) -> None:
    evaluation = Evaluation(expression="1+1", variables="{}", millis=0, outcome='{"value": 2}')

    assert differences([evaluation], [{"value": 2}]) == []
    assert len(differences([evaluation], [answer])) == 1


@pytest.mark.parametrize(
    "expression",
    [
        "$x.(a + 1)",
        "$x[a > 1].a",
        "$merge([$x, {'b': null}])",
        "$string($x)",
        "$string({'é': '\\u2028', 'n': 1e20, 'm': 0.1})",
        "$sort([3, 1, 2])",
        "$map([1, 2], function($v, $i) { $v * $i })",
        "$x.missing",
        "[$x.missing]",
        "{'a': $x.missing}",
        "'a' + 1",
        "$length(1)",
        "$length('\U0001f600')",
        "-7 % 3",
        "$number('0x1F')",
        "$millis()",
        "$hash('a', 'SHA-256')",
        "$parse('[1]')",
        "$substring('account', -3)",
        "$replace('aéb', /[ -~]+/, '')",
        "$type($x.missing) = 'string' ? 1",
        "$formatNumber(1234.5, '#,##0.00')",
        "$split('a,b', ',')",
        "null = null and true",
    ],
)
def test_expression_has_the_references_result(ask: Ask, expression: str) -> None:
    variables = {"x": [{"a": 1}, {"a": 2}] if "merge" not in expression else {"a": 1}}
    (answer,) = ask(
        "expressions.js", [{"expression": expression, "variables": variables, "millis": 1_700_000}]
    )
    outcome: dict[str, Any]
    try:
        value = evaluate(parse(expression), variables, millis=1_700_000)
        outcome = {"undefined": True} if value is UNDEFINED else {"value": value}
    except QueryFailed:
        outcome = {"error": answer.get("error")}

    assert outcome == answer
