"""The execution environments of one function: warm ones are used again, a few at once at most."""

from __future__ import annotations

import threading
from collections.abc import Callable

from embedded.lambda_runtime.environment import ExecutionEnvironment, Plan


class PoolClosedError(Exception):
    """The embedded AWS is being stopped."""


class Pool:
    """Lends environments; who finds none waits.

    On AWS a thousand may run at once and the next is throttled; here each is a process of this
    machine.
    """

    def __init__(self, start: Callable[[Plan], ExecutionEnvironment]) -> None:
        self._start = start
        self._idle: list[ExecutionEnvironment] = []
        self._all: set[ExecutionEnvironment] = set()
        self._starting = 0
        self._closed = False
        self._changed = threading.Condition()

    def acquire(self, plan: Plan, *, at_most: int) -> ExecutionEnvironment:
        """A warm environment of this plan, or a new one, or whichever comes free.

        PoolClosedError once it is closed.
        """
        with self._changed:
            while True:
                if self._closed:
                    raise PoolClosedError
                while self._idle:
                    environment = self._idle.pop()
                    if environment.alive and environment.plan == plan:
                        return environment
                    self._discard(environment)
                if len(self._all) + self._starting < at_most:
                    self._starting += 1
                    break
                self._changed.wait()
        started = None
        try:
            started = self._start(plan)
        finally:
            with self._changed:
                self._starting -= 1
                if started is not None:
                    self._all.add(started)
                    if self._closed:
                        self._discard(started)
                self._changed.notify()
        return started

    def release(self, environment: ExecutionEnvironment) -> None:
        """Give it back, usable or not."""
        with self._changed:
            if environment.alive:
                self._idle.append(environment)
            else:
                self._discard(environment)
            self._changed.notify()

    def close(self) -> None:
        """End all environments; invocations that run in them fail, those that wait too."""
        with self._changed:
            self._closed = True
            for environment in list(self._all):
                self._discard(environment)
            self._idle.clear()
            self._changed.notify_all()

    def _discard(self, environment: ExecutionEnvironment) -> None:
        if environment in self._all:
            self._all.remove(environment)
            environment.close()
