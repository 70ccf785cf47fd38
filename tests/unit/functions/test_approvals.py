"""Requests that the policy has wait for approvals: who decides, once, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.approving import (
    DAY,
    HERE,
    OPERATORS,
    POLICY,
    PORTAL,
    REVIEWERS,
    SECURITY,
    TOKEN,
    a_policy,
    a_request,
    accept,
    approval,
    decide,
    item,
    sent,
    wait,
)
from tests.unit.functions.payloads import ACCOUNT_ID, made
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.approvals.deciding import Decisions
from vending.aws import clients
from vending.aws.clock import timestamp
from vending.errors.exceptions import (
    ExecutionSuperseded,
    OperationRefused,
    RejectedByApprover,
    RequestNotAllowed,
    TaskTokenRefused,
)
from vending.ledger.approvals import Approvals


def fail(world: World, error: str, execution: str = EXECUTION, request: Any = None) -> Any:
    caught = {"Error": error, "Cause": '{"errorType": "x", "errorMessage": "{}"}'}
    event = sent(request or a_request(), PORTAL)
    return world.call("RecordFailure", request=event, executionArn=execution, error=caught)


def ended_waits(world: World) -> list[str]:
    return [each["taskToken"] for each in world.called("SendTaskSuccess")]


def test_request_that_no_rule_is_about_needs_no_approval(approving: World) -> None:
    result = accept(approving, a_request(organizationalUnit="/Workloads/Sandbox"))

    assert result["approvalExpiresAt"] is None
    assert result["record"]["approval"] is None


def test_request_that_needs_approval_waits_and_names_who_may_decide(approving: World) -> None:
    result = accept(approving)

    until = timestamp(approving.now + 14 * DAY)
    assert result["outcome"] == "ACCEPTED"
    assert result["approvalExpiresAt"] == until
    assert result["record"]["state"] == "REQUESTED"
    assert wait(approving) == {"expiresAt": until}
    row = approving.row("portal.claim-1")
    assert row["state"] == "AWAITING_APPROVAL"
    assert (row["approval"]["required"], row["approval"]["rules"]) == (1, ["production"])
    assert (row["approval"]["by"], row["approval"]["expiresAt"]) == (["reviewers"], until)
    assert row["approval"]["decisions"] == []
    assert approving.announced()[-1][0] == "AccountVendingStateChanged"
    assert approving.announced()[-1][1]["state"] == "AWAITING_APPROVAL"
    assert approving.token("portal.claim-1") == TOKEN


def test_approval_ends_the_wait_and_the_request_goes_on(approving: World) -> None:
    accept(approving)
    wait(approving)

    decided = decide(approving, reason="agreed in the meeting")

    assert decided == {"outcome": "RECORDED", "of": "portal.claim-1", "code": None}
    assert ended_waits(approving) == [TOKEN]
    assert approving.row("portal.claim-1")["state"] == "REQUESTED"
    assert approval(approving)["outcome"] == "APPROVED"
    assert approval(approving)["decisions"] == [
        {
            "by": f"reviewers ({HERE}/reviewers)",
            "requester": "reviewers",
            "person": f"{HERE}/reviewers",
            "decision": "APPROVED",
            "at": timestamp(approving.now),
            "reason": "agreed in the meeting",
            "eventId": "decision-reviewers-approve",
        }
    ]
    again = accept(approving)
    assert (again["outcome"], again["approvalExpiresAt"]) == ("ACCEPTED", None)
    assert approving.row("portal.claim-1")["state"] == "REQUESTED"
    assert approving.announced()[-1][1]["approval"]["outcome"] == "APPROVED"


def test_rejection_ends_the_request_with_the_approvers_reason(approving: World) -> None:
    accept(approving)
    wait(approving)

    assert decide(approving, "reject")["outcome"] == "RECORDED"

    assert ended_waits(approving) == [TOKEN]
    with pytest.raises(RejectedByApprover) as refused:
        accept(approving)
    assert refused.value.message == f"Rejected by reviewers ({HERE}/reviewers): too many"
    record = fail(approving, "RejectedByApprover")
    assert record["state"] == "REJECTED"
    assert record["approval"]["decisions"][0]["reason"] == "too many"


def test_time_that_is_over_is_written_down_and_ends_the_request(approving: World) -> None:
    accept(approving)
    wait(approving)
    approving.later(14 * DAY)

    with pytest.raises(TaskTokenRefused):
        wait(approving, token="token-2")

    assert approval(approving)["outcome"] == "TIMED_OUT"
    with pytest.raises(OperationRefused) as refused:
        accept(approving)
    assert refused.value.code == "ApprovalTimedOut"
    assert "reviewers" in refused.value.message
    record = fail(approving, "ApprovalTimedOut")
    assert record["state"] == "FAILED"
    assert decide(approving)["code"] == "ApprovalDecided"


def test_decision_after_the_time_is_refused_though_nobody_has_written_its_end(
    approving: World,
) -> None:
    accept(approving)
    wait(approving)
    approving.later(14 * DAY)

    assert decide(approving) == {
        "outcome": "REFUSED",
        "of": "portal.claim-1",
        "code": "ApprovalDecided",
    }
    assert "outcome" not in approval(approving)


def test_decision_that_comes_just_before_the_time_out_is_the_outcome(approving: World) -> None:
    accept(approving)
    wait(approving)
    decide(approving)
    approving.organization.waiting.add("token-2")
    approving.later(14 * DAY)

    with pytest.raises(TaskTokenRefused):
        wait(approving, token="token-2")

    assert approval(approving)["outcome"] == "APPROVED"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_decision_that_comes_twice_is_recorded_once(approving: World, decision: str) -> None:
    accept(approving)
    wait(approving)
    decide(approving, decision)
    before = approving.row("portal.claim-1")

    again = decide(approving, decision)
    other_event = decide(approving, decision, event_id="another")

    assert again["outcome"] == other_event["outcome"] == "REPEATED"
    assert approving.row("portal.claim-1") == before


@pytest.mark.parametrize(("first", "second"), [("approve", "reject"), ("reject", "approve")])
def test_second_decision_changes_no_outcome(approving: World, first: str, second: str) -> None:
    accept(approving)
    wait(approving)
    decide(approving, first)
    before = approving.row("portal.claim-1")

    for source in (REVIEWERS, "more-reviewers"):
        assert decide(approving, second, source)["code"] == "ApprovalDecided"
    assert approving.row("portal.claim-1") == before


@pytest.mark.parametrize(("first", "second"), [("approve", "reject"), ("reject", "approve")])
def test_decisions_at_the_same_time_have_one_outcome(
    approving: World, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    accept(approving)
    wait(approving)
    write = Approvals.write

    def overtaken(self: Approvals, *arguments: Any) -> Any:
        monkeypatch.setattr(Approvals, "write", write)
        decide(approving, second, "more-reviewers")
        return write(self, *arguments)

    monkeypatch.setattr(Approvals, "write", overtaken)

    late = decide(approving, first)

    assert late["code"] == "ApprovalDecided"
    outcome = "APPROVED" if second == "approve" else "REJECTED"
    assert approval(approving)["outcome"] == outcome
    assert len(approval(approving)["decisions"]) == 1


def test_time_out_that_a_decision_overtakes_leaves_it(
    approving: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(approving)
    wait(approving)
    write = Approvals.write

    def overtaken(self: Approvals, *arguments: Any) -> Any:
        monkeypatch.setattr(Approvals, "write", write)
        approving.later(-60)
        decide(approving)
        approving.later(60)
        return write(self, *arguments)

    approving.later(14 * DAY)
    monkeypatch.setattr(Decisions, "end_wait", lambda *_: True)
    monkeypatch.setattr(Approvals, "write", overtaken)

    with pytest.raises(TaskTokenRefused):
        wait(approving, token="token-2")
    assert approval(approving)["outcome"] == "APPROVED"


@pytest.mark.parametrize("source", [PORTAL, OPERATORS, SECURITY, "stranger"])
def test_whom_the_rule_does_not_name_decides_nothing(approving: World, source: str) -> None:
    accept(approving)
    wait(approving)

    assert decide(approving, source=source)["code"] == "RequestNotAllowed"
    assert approval(approving)["decisions"] == []


def test_approver_who_was_removed_from_the_policy_decides_nothing(approving: World) -> None:
    accept(approving)
    wait(approving)
    approving.policy["requesters"].pop("reviewers")
    approving.policy["approvals"] = {"rules": {}}

    assert decide(approving)["code"] == "RequestNotAllowed"
    assert "outcome" not in approval(approving)


def test_approval_that_was_given_stands_when_its_approver_is_removed(approving: World) -> None:
    approving.policy = a_policy(production={"approvals": 2, "by": ["reviewers", "security"]})
    accept(approving)
    wait(approving)
    decide(approving, source=SECURITY)
    approving.policy["requesters"].pop("security")
    approving.policy["approvals"]["rules"]["production"]["by"] = ["reviewers"]

    decide(approving)

    assert approval(approving)["outcome"] == "APPROVED"


def test_nobody_approves_their_own_request(approving: World) -> None:
    approving.policy["requesters"]["portal"] = POLICY["requesters"]["portal"] | {
        "roles": ["requester", "approver"],
        "senders": [
            {"account": HERE, "source": PORTAL},
            {"account": HERE, "source": "portal-approvers"},
        ],
    }
    approving.policy["approvals"]["rules"]["production"]["by"] = ["portal", "reviewers"]
    accept(approving)
    wait(approving)

    # Of events nobody knows who is behind them: all of one requester may be the same.
    for source in (PORTAL, "portal-approvers"):
        assert decide(approving, source=source)["code"] == "RequestNotAllowed"
    assert decide(approving)["outcome"] == "RECORDED"


def test_one_approver_counts_once_where_two_are_wanted(approving: World) -> None:
    approving.policy = a_policy(production={"approvals": 2, "by": ["reviewers"]})
    accept(approving)
    wait(approving)

    decide(approving)
    decide(approving, event_id="again")
    assert "outcome" not in approval(approving)
    assert ended_waits(approving) == []

    decide(approving, source="more-reviewers")
    assert approval(approving)["outcome"] == "APPROVED"
    assert len(approval(approving)["decisions"]) == 2


def test_who_has_approved_may_reject_as_long_as_it_is_not_decided(approving: World) -> None:
    approving.policy = a_policy(production={"approvals": 2, "by": ["reviewers"]})
    accept(approving)
    wait(approving)
    decide(approving)

    assert decide(approving, "reject")["outcome"] == "RECORDED"
    assert approval(approving)["outcome"] == "REJECTED"


def test_each_rule_wants_its_own_approvers(approving: World) -> None:
    approving.policy = a_policy(
        production={"organizationalUnits": ["/Workloads/Production"], "by": ["reviewers"]},
        root={"rootAccess": ["RootSessions"], "by": ["security"]},
    )
    accept(approving, a_request(rootAccess=["RootSessions"]))
    wait(approving)
    assert approval(approving)["required"] == 2

    decide(approving)
    assert "outcome" not in approval(approving)
    decide(approving, source=SECURITY)

    assert approval(approving)["outcome"] == "APPROVED"


def test_function_that_was_killed_after_its_write_is_made_up_for_by_its_next_run(
    approving: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(approving)
    wait(approving)

    def killed(*_: Any) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Decisions, "end_wait", killed)
        with pytest.raises(SystemExit):
            decide(approving)
    assert ended_waits(approving) == []

    assert decide(approving)["outcome"] == "REPEATED"
    assert ended_waits(approving) == [TOKEN]


def test_step_whose_function_has_not_returned_is_told_a_second_later(approving: World) -> None:
    accept(approving)
    wait(approving)
    approving.organization.waiting.clear()
    slept = list[float]()

    def returned(seconds: float) -> None:
        slept.append(seconds)
        approving.organization.waiting.add(TOKEN)

    decisions = Decisions(
        table=approving.ledger.table, states=clients.stepfunctions(), sleep=returned
    )
    row = item(approving)
    decided = {**row, "approval": {**row["approval"], "outcome": "APPROVED"}}

    assert decisions.end_wait(decided, "portal.claim-1")
    assert slept == [1.0]


def test_decision_that_is_repeated_ends_no_other_wait(approving: World) -> None:
    accept(approving)
    wait(approving)
    decide(approving)
    # The execution went on, and its row is read a moment before it says so.
    approving.ledger.tokens.save("portal.claim-1", EXECUTION, "slot")
    approving.organization.waiting.add("slot")

    assert decide(approving)["outcome"] == "REPEATED"
    assert ended_waits(approving) == [TOKEN]


def test_execution_that_lost_its_request_awaits_nothing(approving: World) -> None:
    accept(approving)
    fail(approving, "States.Timeout")

    with pytest.raises(ExecutionSuperseded):
        wait(approving, execution=OTHER_EXECUTION)
    with pytest.raises(ExecutionSuperseded):
        wait(approving)
    assert approving.row("portal.claim-1")["state"] == "FAILED"


def test_resumed_request_keeps_its_approval(approving: World) -> None:
    accept(approving)
    wait(approving)
    decide(approving)
    accept(approving)
    fail(approving, "States.Timeout")

    resumed = accept(approving, execution=OTHER_EXECUTION)

    assert (resumed["outcome"], resumed["approvalExpiresAt"]) == ("ACCEPTED", None)
    assert approval(approving)["outcome"] == "APPROVED"
    assert len(approval(approving)["decisions"]) == 1


def test_corrected_request_needs_its_approval_again(approving: World) -> None:
    accept(approving)
    wait(approving)
    decide(approving)
    accept(approving)
    fail(approving, "States.Timeout")

    other = a_request(tags={"team": "another"})
    corrected = accept(approving, other, execution=OTHER_EXECUTION)

    assert corrected["approvalExpiresAt"] is not None
    assert approval(approving)["decisions"] == []


def test_cancelled_and_timed_out_requests_keep_what_was_approved(approving: World) -> None:
    approving.policy = a_policy(production={"approvals": 2, "by": ["reviewers"]})
    accept(approving)
    wait(approving)
    decide(approving)
    approving.later(14 * DAY)
    with pytest.raises(TaskTokenRefused):
        wait(approving, token="token-2")
    fail(approving, "ApprovalTimedOut")

    resumed = accept(approving, execution=OTHER_EXECUTION)

    assert resumed["approvalExpiresAt"] == timestamp(approving.now + 14 * DAY)
    assert len(approval(approving)["decisions"]) == 1
    wait(approving, execution=OTHER_EXECUTION)
    decide(approving, source="more-reviewers")
    assert approval(approving)["outcome"] == "APPROVED"


def test_rejected_request_that_comes_again_needs_all_approvals_anew(approving: World) -> None:
    approving.policy = a_policy(production={"approvals": 2, "by": ["reviewers"]})
    accept(approving)
    wait(approving)
    decide(approving)
    decide(approving, "reject", "more-reviewers")
    fail(approving, "RejectedByApprover")

    again = accept(approving, execution=OTHER_EXECUTION)

    assert again["approvalExpiresAt"] is not None
    assert approval(approving)["decisions"] == []


def test_decision_that_is_delivered_late_is_not_about_what_was_asked_since(
    approving: World,
) -> None:
    accept(approving)
    wait(approving)
    earlier = approving.now
    decide(approving, "reject")
    fail(approving, "RejectedByApprover")
    approving.later(3600)
    accept(approving, execution=OTHER_EXECUTION)
    wait(approving, execution=OTHER_EXECUTION)

    late = decide(approving, source="more-reviewers", sent_at=earlier)
    assert late["code"] == "ApprovalDecided"
    assert approval(approving)["decisions"] == []


def test_decision_about_other_content_is_refused(approving: World) -> None:
    accept(approving)
    wait(approving)

    assert decide(approving, content="0" * 64)["code"] == "ApprovalDecided"
    assert decide(approving, content=approval(approving)["content"])["outcome"] == "RECORDED"


def test_change_of_an_account_needs_approval_by_where_it_stands(approving: World) -> None:
    workloads = approving.organization.add_unit("Workloads")
    made(approving, parent=approving.organization.add_unit("Production", parent=workloads))
    change = a_request(
        source="existing",
        account={"accountId": ACCOUNT_ID},
        organizationalUnit="/Workloads/Sandbox",
    )

    assert accept(approving, change)["approvalExpiresAt"] is not None


def test_ceiling_asks_for_approval_instead_of_refusing(approving: World) -> None:
    ceilings = {"ceilings": {"perDay": 1}}
    approving.policy = a_policy(more={"beyondCeilings": True, "by": ["reviewers"]})
    approving.policy["requesters"]["portal"] = POLICY["requesters"]["portal"] | ceilings

    first = accept(approving, a_request(1))
    second = accept(approving, a_request(2), execution=OTHER_EXECUTION)

    assert first["approvalExpiresAt"] is None
    assert second["approvalExpiresAt"] is not None
    assert approval(approving, "portal.claim-2")["rules"] == ["more"]


def test_ceiling_refuses_where_the_rule_is_about_others(approving: World) -> None:
    ceilings = {"ceilings": {"perDay": 1}}
    approving.policy = a_policy(
        more={"beyondCeilings": True, "requesters": ["other-*"], "by": ["reviewers"]}
    )
    approving.policy["requesters"]["portal"] = POLICY["requesters"]["portal"] | ceilings
    accept(approving, a_request(1))

    with pytest.raises(RequestNotAllowed, match="perDay"):
        accept(approving, a_request(2), execution=OTHER_EXECUTION)


def test_more_than_so_many_a_day_need_approval(approving: World) -> None:
    approving.policy = a_policy(many={"moreThanPerDay": 1, "by": ["reviewers"]})

    results = [
        accept(approving, a_request(number), execution=f"{EXECUTION}-{number}")
        for number in (1, 2, 3)
    ]
    approving.later(DAY)
    results.append(accept(approving, a_request(4), execution=f"{EXECUTION}-4"))

    needed = [result["approvalExpiresAt"] is not None for result in results]
    assert needed == [False, True, True, False]
    # It is not counted again, and needs its approval all the same.
    fail(approving, "States.Timeout", f"{EXECUTION}-3", a_request(3))
    resumed = accept(approving, a_request(3), execution=OTHER_EXECUTION)
    assert resumed["approvalExpiresAt"] is not None


def test_requester_whose_requests_count_as_approved_shows_so_in_the_record(
    approving: World,
) -> None:
    approving.policy["requesters"]["fleet"] = {
        "roles": ["administrator"],
        "senders": [{"account": HERE, "source": "pipeline"}],
        "countsAsApproved": ["production"],
    }

    result = accept(approving, source="pipeline")

    assert result["approvalExpiresAt"] is None
    kept = approval(approving, "claim-1")
    assert (kept["outcome"], kept["required"]) == ("APPROVED", 1)
    (decision,) = kept["decisions"]
    assert decision["by"] == f"fleet ({HERE}/pipeline)"
    assert decision["reason"] == "requesters.fleet.countsAsApproved: production"


def test_request_that_counted_as_approved_needs_approval_from_anybody_else(
    approving: World,
) -> None:
    approving.policy["requesters"]["fleet"] = {
        "roles": ["administrator"],
        "senders": [{"account": HERE, "source": "pipeline"}],
        "countsAsApproved": ["production"],
    }
    approving.policy["approvals"]["rules"]["production"]["by"] = ["reviewers", "fleet"]
    accept(approving, source="pipeline")
    caught = {"Error": "States.Timeout", "Cause": "{}"}
    event = sent(a_request(), "pipeline")
    approving.call("RecordFailure", request=event, executionArn=EXECUTION, error=caught)

    resumed = accept(approving, source=OPERATORS, execution=OTHER_EXECUTION)

    assert resumed["approvalExpiresAt"] is not None
    assert approval(approving, "claim-1")["decisions"] == []


def test_own_requests_of_the_stack_need_no_approval(approving: World) -> None:
    approving.policy = a_policy(all={"by": ["reviewers"]})
    made(approving)
    request = a_request(source="existing", account={"accountId": ACCOUNT_ID})

    result = accept(approving, request, "account-vending.discovered-accounts")

    assert result["approvalExpiresAt"] is None


def test_approver_asks_for_nothing(approving: World) -> None:
    with pytest.raises(RequestNotAllowed, match="no role that asks for anything"):
        accept(approving, source=REVIEWERS)


@pytest.mark.parametrize(
    ("detail", "problem"),
    [
        ({"decision": "perhaps"}, "RequestInvalid"),
        ({"requestId": "a", "accountId": ACCOUNT_ID, "decision": "approve"}, "RequestInvalid"),
        ({"requestId": "a", "decision": "reject"}, "RequestInvalid"),
        ({"requestId": "a", "decision": "approve", "reason": ""}, "RequestInvalid"),
        ({"requestId": "a", "decision": "approve", "extra": 1}, "RequestInvalid"),
        ({"requestId": "nothing", "decision": "approve"}, "UnknownRequest"),
        ("approve", "RequestInvalid"),
    ],
)
def test_decision_that_is_none_is_refused_for_good(
    approving: World, detail: Any, problem: str
) -> None:
    assert approving.call("DecideApproval", **sent(detail, REVIEWERS))["code"] == problem
    ((kind, report),) = approving.announced()
    assert (kind, report["error"]["code"]) == ("AccountApprovalRefused", problem)
    assert report["sender"] == {"account": HERE, "source": REVIEWERS, "eventId": "event-1"}


def test_refused_decision_is_announced_with_what_it_was_about(approving: World) -> None:
    accept(approving)
    wait(approving)
    before = approval(approving)

    refused = decide(approving, "reject", source=PORTAL)
    elsewhere = decide(approving, source=OPERATORS, request_id="portal.other")

    assert [refused["code"], elsewhere["code"]] == ["RequestNotAllowed", "UnknownRequest"]
    kinds, reports = zip(*approving.announced()[-2:], strict=True)
    assert set(kinds) == {"AccountApprovalRefused"}
    own, other = reports
    assert (own["requestId"], own["accountId"]) == ("portal.claim-1", None)
    assert (own["decision"], own["reason"]) == ("reject", "too many")
    assert "may not decide" in own["error"]["message"]
    assert other["requestId"] == "portal.other"
    assert approval(approving) == before


def test_decision_that_is_taken_or_repeated_is_not_announced_as_refused(approving: World) -> None:
    accept(approving)
    wait(approving)

    outcomes = [decide(approving)["outcome"] for _ in range(2)]

    assert outcomes == ["RECORDED", "REPEATED"]
    assert "AccountApprovalRefused" not in dict(approving.announced())
