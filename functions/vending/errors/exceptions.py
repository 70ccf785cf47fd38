"""Every error the functions raise. A class's name is the error's name in the state machine.

VendingError
 ├ TransientError            passes without action: the workflow retries
 │  ├ Throttled                 AWS's request rate is used up
 │  ├ ConcurrentModification    another caller is changing the same resource
 │  ├ ServiceUnavailable        AWS did not answer, or does not show what was just made yet
 │  ├ CreationRefusedForNow     AWS creates as many accounts as it wants to: wait for a slot again
 │  ├ ClosingRefusedForNow      AWS closes as many accounts as it wants to: wait for a slot again
 │  ├ OrganizationFinalizing    the organization itself is still being set up
 │  ├ TrustedAccessMissing      a service has none yet, which another step may be enabling
 │  └ AccountNotInPlace         AWS does not show the account where this request moved it
 ├ OutcomeUnknown            AWS may or may not have acted: look before acting again
 ├ SlotNeeded                nothing may be created or closed before the queue gives a slot
 ├ CreationInProgress        AWS is still at work, and no event is sure to come: look later
 ├ CreationAnswered          an event reports that AWS has ended the creation: look
 ├ ExecutionEnded            the execution that a step waits for has ended: look how
 ├ TaskTokenRefused          the step's own function may not answer its token: the error carries it
 ├ RequestRefused            the request itself is at fault: nothing was done
 │  ├ RequestInvalid            it breaks the request contract; carries every problem
 │  ├ RequestNotAllowed         its sender may not ask for it; carries every rule it breaks
 │  ├ RequestConflict           another request has its id, or is vending its account
 │  └ RejectedByApprover        whoever was asked to approve it did not
 ├ UnknownResource           by the API: there is no such thing, or the caller may not see it
 ├ StateConflict             by the API: what it is about is in a state that does not allow it
 ├ ExecutionSuperseded       the ledger row belongs to another execution now
 ├ AccountCreationFailed     the asynchronous creation ended FAILED, for AWS's FailureReason
 ├ EmailCodeRefused          AWS did not take the code: another one may be given
 ├ InvitationEnded           the invitation was declined, cancelled or left to expire
 └ OperationRefused          AWS refused for good
    └ AccessDenied              by permission: final, unless it follows a write that AWS shows late
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vending.errors.catalogue import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class VendingError(Exception):
    """What happened (`code`, `reason`, `message`) and what to do next (`remedy`).

    `code` is AWS's error code where AWS refused, else the class's name. `str()` is the JSON of
    `as_dict`, so that Step Functions' Cause carries it to the step that records the failure.
    """

    def __init__(
        self, message: str, *, code: str | None = None, reason: str | None = None, remedy: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).__name__
        self.reason = reason
        self.message = message
        self.remedy = remedy

    def as_dict(self) -> dict[str, Any]:
        """The error as the record shows it: texts, and `wait` in seconds.

        `owner` and `wait` are the catalogue's: who must act, and how long to wait before.
        """
        words = explain(self.code, self.reason)
        return {
            "code": self.code,
            "reason": self.reason,
            "message": self.message,
            "remedy": self.remedy,
            "owner": words.owner,
            "wait": words.wait,
        }

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), separators=(",", ":"), ensure_ascii=False)


class TransientError(VendingError):
    """Passes without action; safe to retry the same operation."""


class Throttled(TransientError):
    """AWS refused because too many requests came in too short a time."""


class ConcurrentModification(TransientError):
    """AWS refused because another request is changing the same thing."""


class ServiceUnavailable(TransientError):
    """AWS gave no usable answer, or does not show yet what was made a moment ago."""


class CreationRefusedForNow(TransientError):
    """AWS refused to create one more account now: too many in too short a time, or at once."""


class ClosingRefusedForNow(TransientError):
    """AWS refused to close one more account now: too many at once, or in 30 days."""


class OrganizationFinalizing(TransientError):
    """AWS is still setting up the organization, which takes up to an hour."""


class TrustedAccessMissing(TransientError):
    """AWS wants trusted access for a service first, which another step may be enabling."""


class AccountNotInPlace(TransientError):
    """AWS shows the account elsewhere than where it was moved: not yet there, or moved away."""


class OutcomeUnknown(VendingError):
    """AWS may or may not have acted. Look for what it made before acting again."""


class SlotNeeded(VendingError):
    """AWS is to create or close an account, and the queue gave no slot for it yet."""


class CreationInProgress(VendingError):
    """AWS is still creating the account, and no event is sure to report its end in time."""


class CreationAnswered(VendingError):
    """An event reports that AWS has ended the creation: it is time to look how."""


class ExecutionEnded(VendingError):
    """The execution that this step waits for has ended: it is time to look how."""


class TaskTokenRefused(VendingError):
    """Step Functions does not accept a task token while the task's function is still running.

    Whether it does is documented nowhere. Where it does not, the function fails, which ends the
    task too, and `output` goes to the workflow in the error's text.
    """

    def __init__(
        self,
        message: str,
        *,
        output: Mapping[str, Any] | None = None,
        code: str | None = None,
        reason: str | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, code=code, reason=reason, remedy=remedy)
        self.output = dict(output or {})

    def as_dict(self) -> dict[str, Any]:
        """The error with `output`, what the task was to end with."""
        return {**super().as_dict(), "output": self.output}


class RequestRefused(VendingError):
    """The request is at fault and nothing was done."""


class RequestInvalid(RequestRefused):
    """The request breaks its contract; `problems` has every way in which it does."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "\n".join(problems),
            remedy="Correct the listed problems and submit the request again; "
            "nothing has been changed.",
        )
        self.problems = list(problems)


class RequestNotAllowed(RequestRefused):
    """The request policy does not grant it to its sender; `problems` has every rule it breaks."""

    def __init__(self, problems: Sequence[str], *, remedy: str) -> None:
        super().__init__("\n".join(problems), remedy=remedy)
        self.problems = list(problems)


class RequestConflict(RequestRefused):
    """The request's id, or its account's id or email, belongs to another request."""


class RejectedByApprover(RequestRefused):
    """One of those whose approval the request policy asks for has rejected the request."""


REJECTIONS = tuple(kind.__name__ for kind in RequestRefused.__subclasses__())
"""The errors with which a request ends REJECTED; any other makes it FAILED."""


class UnknownResource(VendingError):
    """There is no such thing, or the caller may not see it: which of both is not said."""


class StateConflict(VendingError):
    """What is asked for is not possible in the state of what it is about."""


class ExecutionSuperseded(VendingError):
    """Another execution has taken the request over, so this one must stop touching it."""


class AccountCreationFailed(VendingError):
    """AWS accepted the creation and later reported FAILED."""


class EmailCodeRefused(VendingError):
    """AWS did not take the code for a root user's new address: wrong, used or expired."""


class InvitationEnded(VendingError):
    """The invitation ended without being accepted; `reason` is its handshake's state."""


class OperationRefused(VendingError):
    """AWS refused, and the same call would be refused again."""


class AccessDenied(OperationRefused):
    """AWS denied the call. Right after a write it may do so because it does not see it yet.

    Steps that work on what an earlier one wrote are therefore run again a few times.
    """
