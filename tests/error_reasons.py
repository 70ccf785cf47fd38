"""Which reasons of an error a call can have.

AWS's model gives every call the same list, some of which "might not be applicable to this specific
API or operation". Those that name another operation in AWS's words are not: nothing but that
operation, whose queue knows how long to wait, can meet them.
"""

from __future__ import annotations

_CREATING = {"CreateAccount", "CreateGovCloudAccount"}

ONLY_OF = {
    # "the number of accounts that can be in progress at a time"
    "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED": _CREATING,
    # "exceeded close account quota for the past 30 days"
    "CLOSE_ACCOUNT_QUOTA_EXCEEDED": {"CloseAccount"},
    # "the number of accounts that you can close at a time"
    "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED": {"CloseAccount"},
}
"""The operations that can have a reason, by AWS's description of ConstraintViolationException."""


def can_be_of(operation: str, reason: str) -> bool:
    """Whether AWS can refuse the operation for the reason."""
    return operation in ONLY_OF.get(reason, {operation})
