"""The metrics of this system: each by name, with its unit, its dimensions and what it counts.

They leave as lines of the functions' logs in CloudWatch's embedded metric format, so that no
function calls CloudWatch. A dimension's values come from this code or its error catalogue, never
from a request: every new value is one more metric to pay for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from vending.aws.observability import logger, metrics
from vending.errors.catalogue import codes, explain
from vending.frozen import frozen

Unit = Literal["Count", "Seconds", "Milliseconds", "Percent"]


@frozen
class Metric:
    """What is measured. Without `by` its one dimension is `service`.

    Attributes:
        by: the dimensions of a second set; what is measured then counts there, too.
        in_all: whether it counts without those dimensions as well.
    """

    unit: Unit
    what: str
    by: tuple[str, ...] = ()
    in_all: bool = True


METRICS: Mapping[str, Metric] = {
    "RequestAccepted": Metric(unit="Count", what="requests that an execution began to vend"),
    "RequestDuplicate": Metric(unit="Count", what="repetitions of a request in progress"),
    "RequestFinished": Metric(unit="Count", what="repetitions of a request that is vended"),
    "RequestRejected": Metric(
        unit="Count", what="requests that are invalid or conflict with another"
    ),
    "RequestSuperseded": Metric(
        unit="Count", what="requests that were older than what was asked since"
    ),
    "AccountVended": Metric(unit="Count", what="requests that ended VENDED, changes apart"),
    "AccountChanged": Metric(
        unit="Count", what="requests that changed an account which was vended before"
    ),
    "AccountVendingFailed": Metric(
        unit="Count", what="requests that ended FAILED", by=("owner", "reason")
    ),
    "VendDuration": Metric(
        unit="Seconds",
        what="from when a request was first made until VENDED, whatever held it up",
        by=("source",),
        in_all=False,
    ),
    "StepDuration": Metric(
        unit="Milliseconds",
        what="duration of a step's function, failed runs included",
        by=("step",),
        in_all=False,
    ),
    "CreationDuration": Metric(
        unit="Seconds", what="from requesting an account from AWS until it exists"
    ),
    "QueueWait": Metric(
        unit="Seconds", what="from joining the creation queue until the request to AWS"
    ),
    "QueueBacklog": Metric(unit="Count", what="requests that wait in the creation queue"),
    "AccountRetiring": Metric(
        unit="Count", what="accounts that a retirement suspended for their grace period"
    ),
    "AccountRestored": Metric(unit="Count", what="accounts that were restored"),
    "AccountClosed": Metric(
        unit="Count", what="retired accounts that are closed, by whomever it was done"
    ),
    "AccountRetirementFailed": Metric(
        unit="Count", what="retirements and restorations that failed", by=("owner", "reason")
    ),
    "ClosureWait": Metric(
        unit="Seconds", what="from joining the closing queue until the request to AWS"
    ),
    "ClosureBacklog": Metric(unit="Count", what="accounts that wait in the closing queue"),
    "Retries": Metric(
        unit="Count", what="calls that were repeated, and runs of steps that are to be repeated"
    ),
    "Throttled": Metric(unit="Count", what="calls that AWS throttled"),
    "RequestsInProgress": Metric(
        unit="Count", what="requests that an execution carries on, as ReconcileLedger counts them"
    ),
    "RequestsStuck": Metric(
        unit="Count", what="requests in progress in which nothing has happened for hours"
    ),
    "RequestRepaired": Metric(
        unit="Count",
        what="requests whose execution had ended without recording its end, or that were decided "
        "and still waited",
    ),
    "AccountDrift": Metric(
        unit="Count",
        what="new differences between the organization and the ledger, and accounts that drifted",
    ),
    "AccountDiscovered": Metric(unit="Count", what="accounts created or invited by others"),
    "AccountsUsed": Metric(unit="Count", what="accounts in the organization, counted once a day"),
    "AccountQuota": Metric(unit="Count", what="accounts that AWS allows the organization"),
    "AccountQuotaUsed": Metric(unit="Percent", what="AccountsUsed of AccountQuota"),
}
"""Every metric that there is; `measure` takes no other."""

OTHER = "Other"
"""The reason of failures whose code the error catalogue does not have."""

_Measured = tuple[str, float, Mapping[str, str]]
_waiting: list[_Measured] = []
"""Those with dimensions of their own, until the invocation ends."""


def measure(name: str, value: float = 1, **dimensions: str) -> None:
    """Note a value; it is written when the invocation ends.

    `dimensions` are those that METRICS has for the metric.
    """
    metric = METRICS[name]
    assert tuple(sorted(dimensions)) == metric.by, name
    if metric.by:
        _waiting.append((name, value, dimensions))
    else:
        metrics.add_metric(name=name, unit=metric.unit, value=value)


def measure_failure(error: Mapping[str, Any], *, of: str = "AccountVendingFailed") -> None:
    """Count a request that ended FAILED for this error of its record, and log why.

    `of` is the metric of such failures.
    """
    code, reason = str(error.get("code")), error.get("reason")
    owner = explain(code, reason).owner
    logger.warning("failed", extra={"code": code, "reason": reason, "owner": owner})
    measure(of, owner=owner, reason=bounded_reason(code, reason))


def bounded_reason(code: str, reason: str | None) -> str:
    """`code/reason` or `code` as the error catalogue has them, else OTHER: a few hundred values."""
    known = codes()
    code = explain(code, reason).code
    if code not in known:
        return OTHER
    return f"{code}/{reason}" if reason in known[code] else code


def write_measured() -> None:
    """Write what was measured, with the request's id beside it for whoever searches the logs."""
    request_id = logger.get_current_keys().get("request_id")
    if metrics.metric_set:
        _write(request_id)
    while _waiting:
        name, value, dimensions = _waiting.pop(0)
        metric = METRICS[name]
        metrics.add_metric(name=name, unit=metric.unit, value=value)
        if metric.in_all:
            metrics.add_dimensions(**dimensions)
        else:
            for dimension, of in dimensions.items():
                metrics.add_dimension(name=dimension, value=of)
        _write(request_id)


def _write(request_id: str | None) -> None:
    if request_id is not None:
        metrics.add_metadata("request_id", request_id)
    metrics.flush_metrics()
