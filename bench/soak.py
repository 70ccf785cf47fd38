"""Many requests while any call may fail: in the end every one has its one account."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bench.bounds import makespan_bound
from bench.machine import Meter, Usage
from bench.random_faults import RandomFaults
from bench.results import Measurement, Report
from bench.system import System, a_request, deployed
from embedded.core.clock import Clock

SHARE = 0.05
_SPEED = 30.0
_ROUNDS = 5
_PATIENCE_RATIO = 2.5
_TAIL_SECONDS = 3600.0
"""Virtual seconds on top: task time-outs, backoffs and reconciliation are minutes long."""

_KINDS = (
    "hit calls are refused in passing, refused for a modelled reason, or act and lose their "
    "answer; what failed is submitted again without faults"
)
_TAG = "account-vending:request-id"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was there in the end. Lost: no account. Doubled: more than one. Stuck: not ended."""

    requests: int
    vended_at_first: int
    rounds: int
    lost: int
    doubled: int
    stuck: int
    calls: int
    hits: int
    usage: Usage


def run(requests: int, share: float = SHARE, *, seed: int = 2026) -> Outcome:
    """Vend under faults, then submit without faults whatever failed, until all is vended."""
    from embedded.organizations import OrganizationSettings  # noqa: PLC0415

    settings = OrganizationSettings(account_limit=2 * requests)
    wanted = {request["requestId"]: request for request in map(a_request, range(requests))}
    patience = (_PATIENCE_RATIO * makespan_bound(requests, 3.0) + _TAIL_SECONDS) / _SPEED
    with deployed(Clock(_SPEED), organization=settings) as system:
        meter = Meter.start()
        faults = RandomFaults(share, seed=seed)
        system.aws.context.faults = faults
        system.send(list(wanted.values()))
        _settle(system, patience)
        faults.share = 0.0
        vended = at_first = _vended(system)
        rounds = 0
        while len(vended) < requests and rounds < _ROUNDS:
            rounds += 1
            before = len(system.runs())
            failed = [request for name, request in wanted.items() if name not in vended]
            system.send(failed)
            system.await_ends(before + len(failed), patience=patience)
            vended = _vended(system)
        accounts = _accounts_by_request(system)
        return Outcome(
            requests=requests,
            vended_at_first=len(at_first),
            rounds=rounds,
            lost=sum(accounts[name] == 0 for name in wanted),
            doubled=sum(accounts[name] > 1 for name in wanted)
            + sum(count for name, count in accounts.items() if name not in wanted),
            stuck=requests - len(vended) + sum(run.stopped is None for run in system.runs()),
            calls=faults.seen,
            hits=faults.hits,
            usage=meter.read(),
        )


def _settle(system: System, patience: float) -> None:
    """Wait until every request that reaches the workflow has reached it and has ended."""
    from embedded import eventbridge  # noqa: PLC0415

    eventbridge.drain(patience)
    system.await_ends(len(system.runs()), patience=patience)


def _vended(system: System) -> set[str]:
    states = system.states_of_requests()
    return {name for name, state in states.items() if state == "VENDED"}


def _accounts_by_request(system: System) -> Counter[str]:
    """Member accounts by the request they are tagged with; those without a tag under none."""
    organization = system.organization
    return Counter(
        account.tags.get(_TAG, "")
        for account in organization.accounts
        if account.id != organization.account_id
    )


def measure(requests: int) -> Report:
    """Lost, doubled and stuck requests, each of which must be none."""
    outcome = run(requests)
    return Report(
        part="soak",
        title=f"Soak: {100 * SHARE:g} % of all calls fail at random",
        headings=[
            "requests",
            "calls at risk",
            "hit",
            "vended at first",
            "resubmissions",
            "lost",
            "doubled",
            "stuck",
        ],
        table=[
            [
                f"{outcome.requests}",
                f"{outcome.calls}",
                f"{outcome.hits}",
                f"{outcome.vended_at_first}",
                f"{outcome.rounds}",
                f"{outcome.lost}",
                f"{outcome.doubled}",
                f"{outcome.stuck}",
            ]
        ],
        measurements=[
            Measurement(name="requests lost", value=outcome.lost, at_most=0),
            Measurement(name="requests doubled", value=outcome.doubled, at_most=0),
            Measurement(name="requests stuck", value=outcome.stuck, at_most=0),
        ],
        notes=[
            _KINDS,
            outcome.usage.sentence(_SPEED),
        ],
        data={"calls": outcome.calls, "calls_hit": outcome.hits},
    )
