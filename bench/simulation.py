"""The embedded organization on a simulated clock: hours of AWS's time in seconds.

The same quotas and creations as everywhere else; only nobody waits. Who acts is a generator that
yields the seconds until it acts again.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from embedded import ACCOUNT_ID
from embedded.core.clock import Clock
from embedded.core.context import Call, Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults

Process = Iterator[float]
"""An actor: it yields how many seconds it waits."""

THROTTLED = "TooManyRequestsException"


class Refused(Exception):
    """AWS refused a call; `code` is the error's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SimulatedClock(Clock):
    """Time that jumps to the next thing that happens."""

    def __init__(self) -> None:
        super().__init__()
        self._now = super().now()
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []

    def now(self) -> float:
        """Epoch seconds."""
        return self._now

    def sleep(self, virtual_seconds: float) -> None:
        """Refused: nobody may block a simulation."""
        raise RuntimeError(f"a simulation cannot sleep for {virtual_seconds} s")

    def timer(self, virtual_seconds: float, call: Any, *args: object) -> Any:
        """Have `call(*args)` happen in `virtual_seconds`, after what is due then already."""
        due = self._now + virtual_seconds
        heapq.heappush(self._agenda, (due, next(self._order), lambda: call(*args)))

    def run(self, until: Callable[[], bool]) -> None:
        """Let things happen until `until()` or until nothing is left."""
        while self._agenda and not until():
            self._now, _, happen = heapq.heappop(self._agenda)
            happen()


class Simulation:
    """An organization with the real quotas on a simulated clock, and its API.

    It takes the place of any embedded AWS of this process.
    """

    def __init__(self, *, creation_seconds: float, accounts: int) -> None:
        from embedded import organizations  # noqa: PLC0415 - moto is slow to import

        self.creation_seconds = creation_seconds
        self.clock = SimulatedClock()
        self.calls: list[Call] = []
        activate(Context(clock=self.clock, faults=Faults.none(), credentials=Credentials()))
        organizations.install()
        organizations.reset_organization(
            organizations.OrganizationSettings(
                creation_seconds=creation_seconds,
                account_limit=accounts + 1,
                event_seconds=1e12,  # nobody listens here
            )
        )
        organization = organizations.organization_of(ACCOUNT_ID)
        if organization is None:
            raise RuntimeError("no organization was founded")
        self._organization = organization
        self._began = self.clock.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.clock.now() - self._began

    def start(self, process: Process) -> None:
        """Let an actor act from now on."""

        def step() -> None:
            for seconds in process:
                self.clock.timer(seconds, step)
                return

        self.clock.timer(0.0, step)

    def run(self) -> None:
        """Let time pass until everybody is done; creations that run on are not waited for."""
        self.clock.run(lambda: False)

    def create_account(self, name: str, email: str) -> str:
        """The creation's id, or Refused."""
        answer = self._call("CreateAccount", AccountName=name, Email=email)
        return str(answer["CreateAccountStatus"]["Id"])

    def creation_state(self, creation_id: str) -> str:
        """IN_PROGRESS, SUCCEEDED or FAILED, or Refused."""
        answer = self._call("DescribeCreateAccountStatus", CreateAccountRequestId=creation_id)
        return str(answer["CreateAccountStatus"]["State"])

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Throttled and answered as by the API, by its own parts, without HTTP in between."""
        from embedded.organizations.creations import Creations  # noqa: PLC0415
        from embedded.organizations.errors import OrganizationsError  # noqa: PLC0415

        organization, now = self._organization, self.clock.now()
        answer: dict[str, Any] = {}
        error = None
        if organization.throttle.admits(operation, ACCOUNT_ID, now):
            creations = Creations(organization)
            answers = {
                "CreateAccount": creations.create_account,
                "DescribeCreateAccountStatus": creations.describe_create_account_status,
            }
            try:
                answer = answers[operation](**request)
            except OrganizationsError as refusal:
                error = refusal.code
        else:
            error = THROTTLED
        self.calls.append(
            Call(service="organizations", operation=operation, caller="bench", at=now, error=error)
        )
        if error is not None:
            raise Refused(error)
        return answer
