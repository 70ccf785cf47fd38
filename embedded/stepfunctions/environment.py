"""What an execution runs in: moto's environment, interruptible, on the embedded clock.

moto's waits, retries and tasks end by themselves or not at all. Here everything that blocks does
so on the environment, and whatever ends the execution (StopExecution, a time-out, a failed sibling
branch) wakes it. What an abandoned task still does leaves no trace in the history, as on AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.eval import environment as moto_environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramRunning

from embedded.core.context import current
from embedded.core.timers import Signal

if TYPE_CHECKING:
    import datetime


_EVALUATION_FAILED = "evaluationFailedEventDetails"


class History(EventManager):
    """The execution's history in virtual time, deaf to what was abandoned."""

    def __init__(self) -> None:
        super().__init__()
        self._closed = False
        self._evaluation_failures: list[Any] = []

    def add_event(
        self, context: Any, event_type: Any, event_details: Any = None, **how: Any
    ) -> int:
        """Record an event, unless its part of the execution was abandoned."""
        if self._closed or getattr(context, "abandoned", False):
            return int(context.last_published_event_id)
        if event_details is not None and _EVALUATION_FAILED in event_details:
            self._evaluation_failures.append(event_details[_EVALUATION_FAILED])
        return int(super().add_event(context, event_type, event_details, **how))

    def has_recorded(self, event_details: Any) -> bool:
        """Whether this very failure of an expression is in the history."""
        failure = event_details[_EVALUATION_FAILED]
        return any(recorded is failure for recorded in self._evaluation_failures)

    def close(self) -> None:
        """Take no event any more: the execution is over."""
        self._closed = True

    @staticmethod
    def _get_current_timestamp() -> datetime.datetime:
        return current().clock.datetime()


class Environment(moto_environment.Environment):
    """One execution's, branch's, iteration's or task's environment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event_manager = History()
        self.interrupted = Signal()
        """Set for good once this environment does not run any more."""
        self.assignments: dict[str, Any] = {}
        """What the current state assigns; its variables change when it exits."""
        self.entered: tuple[str, int] = ("", 0)
        """Name of the current state and id of the event that says that it was entered."""
        self._program_state: Any

    @classmethod
    def as_frame_of(cls, env: Any, event_history_frame_cache: Any = None) -> Any:
        """A frame with the variables of `env`; moto's returns its own class here."""
        return cls.as_inner_frame_of(
            env=env,
            variable_store=env.variable_store,
            event_history_frame_cache=event_history_frame_cache,
        )

    @classmethod
    def as_inner_frame_of(cls, env: Any, *args: Any, **kwargs: Any) -> Any:
        """A frame with variables of its own, ended from the start where `env` has ended."""
        frame = super().as_inner_frame_of(env, *args, **kwargs)
        frame.entered = env.entered
        if env.interrupted.is_set():
            frame._interrupt()
        return frame

    def wait(self, virtual_seconds: float) -> None:
        """Block for `virtual_seconds`, or until this environment is interrupted."""
        if virtual_seconds > 0:
            current().clock.wait(self.interrupted, virtual_seconds)

    def abandon(self) -> None:
        """Let whatever still runs here go on unheard."""
        with self._state_mutex:
            self.event_history_context.abandoned = True
            for frame in self._frames:
                frame.abandon()
            self.set_stop(stop_date=None, cause=None, error=None)

    def set_ended(self) -> None:
        """End in success."""
        with self._state_mutex:
            super().set_ended()
            self._interrupt_when_over()

    def set_error(self, error: Any) -> None:
        """End in failure, unless already ended."""
        with self._state_mutex:
            if self.is_running():
                super().set_error(error)
            self._interrupt_when_over()

    def set_timed_out(self) -> None:
        """End because the machine's time is up, unless already ended."""
        with self._state_mutex:
            if self.is_running():
                for frame in self._frames:
                    frame.abandon()
                super().set_timed_out()
            self._interrupt_when_over()

    def set_stop(self, stop_date: Any, cause: str | None, error: str | None) -> None:
        """End on request, unless already ended."""
        with self._state_mutex:
            if self._program_state is None:
                # Stopped before its thread came to its first state.
                self._program_state = ProgramRunning()
            if self.is_running():
                for frame in self._frames:
                    frame.abandon()
                super().set_stop(stop_date=stop_date, cause=cause, error=error)
            self._interrupt_when_over()

    def _interrupt_when_over(self) -> None:
        if not self.is_running():
            self._interrupt()

    def _interrupt(self) -> None:
        self.interrupted.set()
