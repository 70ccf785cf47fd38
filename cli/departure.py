"""Accounts that were vended here and have left the organization since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from cli.submission import Record

CODE = "AccountNotFoundException"
REMEDY = (
    "If the account is wanted back, invite it: a request with source invited, its accountId and a "
    "new requestId."
)
_MAY_LEAVE = {"existing", "invited"}
"""Doors of accounts that had an owner of their own before."""


def told(organizations: Callable[[], Any], record: Record) -> str:
    """What to say of a vended account that has left; empty where it is there, or nobody can know.

    Args:
        organizations: gives a boto3 client of Organizations; asked only when it is needed.
        record: of a request that is VENDED.
    """
    account_id = record.get("accountId")
    if record.get("source") not in _MAY_LEAVE or not account_id:
        return ""
    try:
        organizations().describe_account(AccountId=account_id)
    except ClientError as error:
        # Who may not look, or cannot now, gets the ledger's answer.
        if error.response.get("Error", {}).get("Code") == CODE:
            return (
                f"The account {account_id} was vended for this request, and is not in the "
                "organization any more."
            )
    return ""
