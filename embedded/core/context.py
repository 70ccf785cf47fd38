"""What every part of the running embedded AWS shares: clock, faults, credentials, call log.

moto's backends are process-wide, so there is one embedded AWS a process and one active context.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded.core.bounded import Log
from embedded.core.frozen import frozen

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from embedded.core.clock import Clock
    from embedded.core.credentials import Credentials
    from embedded.core.faults import Faults


@frozen
class Call:
    """One API call as the gateway saw it; `error` is the code of a refused call, `caller` the ARN
    of who made it or, where nobody is behind it, the access key.
    """

    service: str
    operation: str
    caller: str
    at: float
    error: str | None = None


class CallLog(Log[Call]):
    """The latest calls; `MOST` of them, unless `most` says how many."""

    MOST = 100_000

    def __init__(self, most: int | None = None) -> None:
        super().__init__()
        self._kept = most

    @property
    def most(self) -> int:
        """Calls that this log keeps at least."""
        return self.MOST if self._kept is None else self._kept


@dataclass(kw_only=True)
class Context:
    """The running embedded AWS."""

    clock: Clock
    faults: Faults
    credentials: Credentials
    endpoint_url: str = ""
    app: WSGIApplication | None = None
    """What answers this process's own clients; where it is None, they take the wire as others."""
    calls: CallLog = field(default_factory=CallLog)
    answers_while_function_runs: bool = True
    """Whether Step Functions takes SendTaskSuccess and SendTaskFailure while the function that was
    given the token has not returned. AWS documents neither, so that it can be played both ways."""
    keys_in_transactions: bool = True
    """Whether each item of a transaction has its key for `dynamodb:LeadingKeys`; else none has. AWS
    documents neither."""


_active: list[Context] = []


def activate(context: Context) -> None:
    """Make `context` the process's embedded AWS, in place of any earlier one."""
    _active[:] = [context]


def current() -> Context:
    """The active context; RuntimeError when no embedded AWS runs in this process."""
    if not _active:
        raise RuntimeError("no embedded AWS is running in this process")
    return _active[0]
