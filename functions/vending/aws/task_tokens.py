"""Ending a step of the workflow that waits for an answer from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import TaskTokenRefused
from vending.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_stepfunctions import SFNClient

    from vending.errors.exceptions import VendingError

_ENDED = ("InvalidToken", "TaskDoesNotExist", "TaskTimedOut")
"""What Step Functions says of a token whose step has ended: somebody else was faster.

Perhaps it says so too while the step's own function is still at work: nothing documents it.
"""


FUNCTION_RETURNS_IN = 1.0
"""Seconds after which a step's function that has looked has definitely returned."""


def token_refused(output: Mapping[str, Any]) -> TaskTokenRefused:
    """To be raised by the function of the very step that was to end with `output`."""
    words = explain("TaskTokenRefused")
    return TaskTokenRefused(words.what, output=output, remedy=words.remedy)


def end_wait(
    find_token: Callable[[], str | None],
    states: SFNClient,
    error: VendingError,
    sleep: Callable[[float], None],
) -> Literal["IGNORED", "ANSWERED", "LATE"]:
    """Have the step fail that waits under the token which `find_token` finds.

    IGNORED: none waits. LATE: it went on already, or looks by itself.
    """
    token = find_token()
    if token is None:
        return "IGNORED"
    if WaitingStep(client=states, token=token).fail(error):
        return "ANSWERED"
    # Perhaps the function that keeps the token has looked already and is about to return, and Step
    # Functions takes no answer before that.
    sleep(FUNCTION_RETURNS_IN)
    token = find_token()
    went_on = token is not None and WaitingStep(client=states, token=token).fail(error)
    return "ANSWERED" if went_on else "LATE"


@frozen
class WaitingStep:
    """The step that waits under a token."""

    client: SFNClient
    token: str

    def succeed(self, output: Mapping[str, Any]) -> bool:
        """Let the workflow go on with `output`; False when the step does not wait any more."""
        return self._ended(
            lambda: self.client.send_task_success(taskToken=self.token, output=json.dumps(output))
        )

    def fail(self, error: VendingError) -> bool:
        """Let the step fail as if its function had; False when it does not wait any more."""
        return self._ended(
            lambda: self.client.send_task_failure(
                taskToken=self.token, error=type(error).__name__, cause=str(error)
            )
        )

    def _ended(self, send: Callable[[], object]) -> bool:
        with translate_aws_errors():
            try:
                send()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _ENDED:
                    return False
                raise
        return True
