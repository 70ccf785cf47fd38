"""An organization of many accounts: adopted, planned, changed and left alone, by its files.

The calls are counted, and those of the adoption, which makes most of them, are held against the
rates that AWS publishes for each operation.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bench.machine import Meter, Usage
from bench.results import Measurement, Report
from bench.system import System, deployed
from bench.tables import span
from cli.aws.pace import RATES, Pace
from embedded.core.clock import Clock

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

UNITS = 20
CONTACTS = 3
"""Calls for the contacts of an account: more than of any other kind, at ten a second."""

_SPEED = 30.0
_RATIO = 1.10
"""How much longer than its slowest operation's calls an adoption may take."""

_AT_RATES = (
    "the time is that of the adoption's calls at the rates that AWS publishes, half of each burst "
    "left to others"
)

_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan")


class Schedule(Pace):
    """When each call would be made, by the rates, if calls took no time; it waits for none."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: 0.0, sleep=lambda _: None)

    def seconds(self, operation: str) -> float:
        """From the first call of an operation to its last; 0 where there is none."""
        per_second, burst = RATES[operation]
        return max(0.0, self._taken_until.get(operation, 0.0) - (burst // 2) / per_second)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What each step did.

    Attributes:
        written, recorded: files, and revisions in the ledger, of the adoption.
        reads: the adoption's paced calls, by operation.
        adoption_writes: what else than reading it called.
        seconds: what the adoption's calls take at AWS's rates.
        slowest: what those of its slowest operation take alone.
        planned, edited, settled: accounts that differ after the adoption, the edits, the apply.
        plan_reads: calls of the plan after the adoption.
        executions: of the apply.
        revisions: how many accounts the apply brought to their second revision.
        writes: of the plan after the adoption, and of an apply and a plan at the end.
    """

    written: int
    recorded: int
    reads: Counter[str]
    adoption_writes: frozenset[str]
    seconds: float
    slowest: float
    planned: int
    plan_reads: Counter[str]
    edited: int
    executions: int
    revisions: int
    settled: int
    writes: tuple[str, ...]


def run(aws: EmbeddedAws, folder: Path, *, accounts: int, edits: int) -> Outcome:
    """Adopt as many accounts as there are to be, and live by their files.

    Args:
        aws: the embedded AWS, with the stack and no accounts.
        folder: for the files.
        accounts: how many.
        edits: how many of them are changed.
    """
    from cli.aws.stack import Stack  # noqa: PLC0415
    from cli.fleet import adoption  # noqa: PLC0415

    system, stack, schedule = System(aws), Stack.embedded(aws.endpoint_url), Schedule()
    _fill(system, accounts)
    calls = _Calls(aws)
    adopted = adoption.adopt(stack, folder, pace=schedule)
    reads, adoption_writes = calls.reads(), frozenset(calls.writes())
    calls.forget()
    planned = _differing(stack, folder)
    plan_reads, writes = calls.reads(), calls.writes()
    for number, path in enumerate(sorted(folder.iterdir())[:: accounts // edits][:edits]):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["tags"] = {"team": f"new {number}"}
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    edited = _differing(stack, folder)
    before = len(system.runs())
    applied = _apply(aws, folder)
    executions = len(system.runs()) - before
    calls.forget()
    _apply(aws, folder)
    settled = _differing(stack, folder)
    return Outcome(
        written=len(adopted.written),
        recorded=adopted.recorded,
        reads=reads,
        adoption_writes=adoption_writes,
        seconds=schedule.seconds("ListAccountsForParent")
        + schedule.seconds("ListPolicies")
        + schedule.seconds("ListTargetsForPolicy")
        + max(schedule.seconds("GetAlternateContact"), schedule.seconds("ListTagsForResource")),
        slowest=accounts * CONTACTS / RATES["GetAlternateContact"][0],
        planned=planned,
        plan_reads=plan_reads,
        edited=edited,
        executions=executions,
        revisions=sum(one["revision"] == 2 for one in applied["requests"]),  # noqa: PLR2004
        settled=settled,
        writes=(*writes, *calls.writes()),
    )


def _fill(system: System, accounts: int) -> None:
    """Accounts in units, half of them with a policy; the contacts of all can be read."""
    from embedded.organizations.seeding import attach, seed  # noqa: PLC0415

    client = system.aws.client("organizations")
    client.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    statement = {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}
    policy = client.create_policy(
        Name="Guard",
        Type="SERVICE_CONTROL_POLICY",
        Description="",
        Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )["Policy"]["PolicySummary"]
    ids = seed(system.organization, accounts, units=UNITS)
    attach(system.organization, policy["Id"], ids[::2])


class _Calls:
    """What was called since it was last forgotten, but by the stack's own roles.

    Executions that have ended are announced and archived in their own time.
    """

    def __init__(self, aws: EmbeddedAws) -> None:
        self._made = aws.context.calls
        self.forget()

    def forget(self) -> None:
        self._made.clear()

    def reads(self) -> Counter[str]:
        """Calls that read, by operation."""
        return Counter(
            one.operation
            for one in self._made
            if one.operation.startswith(_READS) and not System.is_ours(one)
        )

    def writes(self) -> list[str]:
        """Calls that may have changed something."""
        return [
            f"{one.service}:{one.operation}"
            for one in self._made
            if not one.operation.startswith(_READS) and not System.is_ours(one)
        ]


def _differing(stack: Any, folder: Path) -> int:
    from cli.fleet.planning import plan  # noqa: PLC0415
    from cli.input.fleet import read  # noqa: PLC0415

    return len(plan(stack, read([str(folder)])).differing)


def _apply(aws: EmbeddedAws, folder: Path) -> Any:
    """What `vend apply --yes --json` prints."""
    from cli.main import main  # noqa: PLC0415

    printed, progress = io.StringIO(), io.StringIO()
    with (
        _environment(aws),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(progress),
    ):
        status = main(["apply", str(folder), "--yes", "--json"])
    if status:
        raise RuntimeError(f"vend apply ended with {status}: {progress.getvalue()}")
    return json.loads(printed.getvalue())


@contextlib.contextmanager
def _environment(aws: EmbeddedAws) -> Iterator[None]:
    """What `vend local` prints for other clients, while it lasts."""
    usual = dict(os.environ)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ |= {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(usual)


def measure(accounts: int, edits: int) -> Report:
    """Accounts that differ where none or others should, and the adoption's time over the least."""
    from embedded.organizations import OrganizationSettings  # noqa: PLC0415

    settings = OrganizationSettings(account_limit=accounts + 10)
    with (
        deployed(Clock(_SPEED), organization=settings) as system,
        tempfile.TemporaryDirectory() as folder,
    ):
        meter = Meter.start()
        outcome = run(system.aws, Path(folder) / "accounts", accounts=accounts, edits=edits)
        return report(outcome, accounts, edits, meter.read())


def report(outcome: Outcome, accounts: int, edits: int, usage: Usage) -> Report:
    """The counts that have to be none, as measurements."""
    none = {
        "accounts not adopted": accounts - min(outcome.written, outcome.recorded),
        "accounts that differ right after the adoption": outcome.planned,
        "accounts planned other than those edited": abs(outcome.edited - edits),
        "executions other than one for each edit": abs(outcome.executions - edits),
        "accounts edited without a second revision": edits - outcome.revisions,
        "accounts that differ at the end": outcome.settled,
        "calls that write where nothing differs": len(outcome.writes),
    }
    paced = {name: outcome.reads[name] for name in RATES}
    return Report(
        part="fleet",
        title=f"A fleet of {accounts:,} accounts by its files",
        headings=["accounts", "calls", "adoption", "/ slowest rate", "edits", "executions"],
        table=[
            [
                f"{accounts}",
                f"{sum(paced.values())}",
                span(outcome.seconds),
                f"{outcome.seconds / outcome.slowest:.3f}",
                f"{edits}",
                f"{outcome.executions}",
            ]
        ],
        measurements=[
            Measurement(
                name="adoption / calls of its slowest operation",
                value=outcome.seconds / outcome.slowest,
                at_most=_RATIO,
            ),
            *(Measurement(name=name, value=value, at_most=0) for name, value in none.items()),
        ],
        notes=[
            "calls of the adoption, "
            + ", ".join(f"{name} {count}" for name, count in paced.items() if count)
            + "; of the plan after it, "
            + ", ".join(f"{name} {count}" for name, count in sorted(outcome.plan_reads.items())),
            _AT_RATES,
            usage.sentence(_SPEED),
        ],
        data={"paced_calls": paced},
    )
