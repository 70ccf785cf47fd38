"""How other account-vending systems pace their creations, as their public sources have it.

Each is given for free all that it does besides: pipelines, builds, baselines, Lambda's own time.
What is left is when it calls CreateAccount, when it looks at the outcome, and the waits that are
fixed in its definition. A schedule is generators for `bench.simulation`; it reports each account
when the system it stands for would go on with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from bench.simulation import THROTTLED, Process, Refused, Simulation

Done = Callable[[str], None]
Waiting = Generator[float, None, None]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A system, what its source says, and the actors that do as it does."""

    name: str
    says: str
    actors: Callable[[Simulation, Sequence[str], Done], list[Process]]


def create(simulation: Simulation, name: str) -> str:
    """Ask for the account; the creation's id, or Refused."""
    return simulation.create_account(name, f"{name.replace(' ', '')}@example.com")


def is_created(simulation: Simulation, creation_id: str) -> bool:
    """Whether the creation succeeded; a throttled look counts as not yet."""
    try:
        state = simulation.creation_state(creation_id)
    except Refused:
        return False
    if state == "FAILED":
        raise RuntimeError(f"the creation {creation_id} failed")
    return state == "SUCCEEDED"


def lza(simulation: Simulation, names: Sequence[str], done: Done) -> list[Process]:
    """Landing Zone Accelerator: strictly one at a time, one thing every 15 s.

    Its custom resource is asked every 15 s whether it is complete, and does one thing each time: it
    starts the next creation, or looks at the running one. At T = 30 s that is 45 s an account, 80
    an hour.
    """

    def act() -> Waiting:
        for name in names:
            creation_id = create(simulation, name)
            yield 15.0
            while not is_created(simulation, creation_id):
                yield 15.0
            done(name)
            yield 15.0

    return [act()]


def asea(simulation: Simulation, names: Sequence[str], done: Done) -> list[Process]:
    """AWS Secure Environment Accelerator: strictly one at a time, a look every 60 s.

    Create, wait 60 s, verify, and so on with the next: 60 an hour at T up to a minute.
    """

    def act() -> Waiting:
        for name in names:
            creation_id = create(simulation, name)
            yield 60.0
            while not is_created(simulation, creation_id):
                yield 60.0
            done(name)

    return [act()]


def aft(simulation: Simulation, names: Sequence[str], done: Done) -> list[Process]:
    """Account Factory for Terraform: one start per 5 minutes, 12 an hour.

    A rule looks at the queue of requests every 5 minutes and starts one. An account is done after
    AWS's creation and the fixed waits of the definition, 65 s and at least 10 s.
    """

    def one(name: str, tick: float) -> Waiting:
        yield tick
        creation_id = create(simulation, name)
        while not is_created(simulation, creation_id):
            yield 10.0
        yield 65.0
        done(name)

    return [one(name, 300.0 * number) for number, name in enumerate(names)]


def adf(simulation: Simulation, names: Sequence[str], done: Done) -> list[Process]:
    """AWS Deployment Framework: all at once, unguarded, retried.

    The SDK tries a throttled call five times with up to 1, 2, 4 and 8 s between; the state then
    retries 30 times, after 3 s at first and 1.5 times as long each time, and gives up. Its polling
    in a tight loop inside the retried function, whose throttles would make it create again, is left
    out: the end of a creation is seen at no cost. Fixed waits: 130 s.
    """
    chance = random.Random(2026)  # noqa: S311 - jitter, and the same one in every run

    def one(name: str) -> Waiting:
        for retry in range(31):
            for attempt in range(5):
                try:
                    create(simulation, name)
                except Refused as refusal:
                    if refusal.code != THROTTLED:
                        break
                    if attempt < 4:  # noqa: PLR2004
                        yield chance.random() * 2**attempt
                else:
                    yield simulation.creation_seconds + 130.0
                    done(name)
                    return
            yield 3.0 * 1.5**retry

    return [one(name) for name in names]


SCHEDULES = (
    Schedule(name="LZA", says="one at a time, a step every 15 s", actors=lza),
    Schedule(name="ASEA", says="one at a time, a look every 60 s", actors=asea),
    Schedule(name="AFT", says="one start per 5 min", actors=aft),
    Schedule(name="ADF", says="all at once, 30 retries", actors=adf),
)
