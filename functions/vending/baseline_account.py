"""Which accounts of the organization can be given a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.catalogue import explain
from vending.errors import OperationRefused

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef


def refusal(account: AccountTypeDef) -> OperationRefused | None:
    """Why this account, as DescribeAccount has it, cannot be worked on; None where it can.

    The management account is not vended: policies do not bind it, and moving it serves nobody.
    """
    account_id = account["Id"]
    if account.get("Arn", "").startswith(f"arn:aws:organizations::{account_id}:"):
        words = explain("ManagementAccountNotVended")
        return OperationRefused(
            f"The account {account_id} is the organization's management account.",
            code=words.code,
            remedy=words.remedy,
        )
    state = account.get("State") or account.get("Status")
    if state != "ACTIVE":
        words = explain("AccountNotActive")
        return OperationRefused(
            f"The account {account_id} is {state}, not ACTIVE.",
            code=words.code,
            reason=state,
            remedy=words.remedy,
        )
    return None
