"""What may be asked about the end of an account: retire it, or put it back while there is time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from vending.errors.exceptions import RequestInvalid
from vending.model import Model
from vending.request import bounds
from vending.request.fields import AccountId, RequestedBy
from vending.request.validation_messages import problems_in

Action = Literal["retire", "restore"]


class RetirementRequest(Model):
    """One account, and what is to become of it."""

    account_id: AccountId = Field(description="Twelve digits.")
    action: Action = Field("retire", description="restore puts back what retire has suspended.")
    reason: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(
        None, description="Why the account is retired: for whoever finds it suspended."
    )
    deregister_delegated_administrator: bool = Field(
        False,
        description="Whether the account may stop administering services for the organization; "
        "it does just before it is closed.",
    )
    requested_by: RequestedBy | None = Field(None, description="Free text, beside the sender.")


def parse(raw: object) -> RetirementRequest:
    """What decoded JSON asks for; RequestInvalid with every problem at once."""
    if not isinstance(raw, dict):
        raise RequestInvalid(["the request must be a JSON object with the key accountId"])
    if beyond := bounds.problems(raw):
        raise RequestInvalid(beyond)
    problems = []
    if raw.get("action", "retire") == "retire" and "reason" not in raw:
        problems.append("reason: is required")
    try:
        request = RetirementRequest.model_validate(raw)
    except ValidationError as error:
        raise RequestInvalid([*problems_in(error, RetirementRequest), *problems]) from None
    if problems:
        raise RequestInvalid(problems)
    return request


def account_id_in(raw: object) -> str | None:
    """The account that a request names, however wrong the rest of it is; None where none is."""
    given = raw.get("accountId") if isinstance(raw, dict) else None
    is_id = isinstance(given, str) and len(given) == 12 and given.isascii() and given.isdigit()  # noqa: PLR2004
    return given if is_id else None
