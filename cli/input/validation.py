"""From documents to submissions: reports every problem of every request at once, sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.input.documents import Document
from cli.input.positions import located
from cli.output.failure import InputError
from cli.output.terminal import safe
from cli.watch.submission import Submission

if TYPE_CHECKING:
    from vending.request.account_request import AccountRequest


_ONE_AT_A_TIME = {
    "email": "AWS accepts an email for one account only",
    "accountId": "put everything that the account is to have into one request",
}


def validated(documents: Sequence[Document]) -> list[Submission]:
    """The submissions that the documents ask for.

    Raises:
        InputError: with every problem of every document.
    """
    from vending.errors.exceptions import RequestInvalid  # noqa: PLC0415
    from vending.request.account_request import parse  # noqa: PLC0415 -- pydantic is slow to import

    submissions: list[Submission] = []
    problems: dict[str, list[str]] = {}
    for document in documents:
        found = problems.setdefault(document.label, [])
        found.extend(document.problems)
        if document.value is None and document.problems:
            continue
        try:
            request = parse(document.value)
        except RequestInvalid as invalid:
            found.extend(located(invalid.problems, document.places()))
            continue
        submission = _submission(document, request)
        found.extend(_twice(submission, submissions))
        submissions.append(submission)
    if any(problems.values()):
        raise InputError(
            _report(problems), remedy="`vend schema` prints what a request may contain"
        )
    return submissions


def _submission(document: Document, request: AccountRequest) -> Submission:
    account = request.account
    return Submission(
        label=document.label,
        request_id=request.request_id,
        fingerprint=request.fingerprint(),
        name=account.name or account.account_id or account.email or request.request_id,
        email=account.email,
        detail={**document.value, "requestId": request.request_id},
        content=request.normalised(),
    )


def _twice(submission: Submission, earlier: Sequence[Submission]) -> list[str]:
    """What another request of the list has already, which two requests cannot share."""
    mine = submission.content["account"]
    for other in earlier:
        its = other.content["account"]
        if other.request_id == submission.request_id:
            subject = submission.asked.subject
            if other.fingerprint == submission.fingerprint:
                return [f"{subject} is the same request as {other.label}"]
            already = "the id of" if subject.startswith("requestId") else "requested by"
            return [f"{subject} is already {already} {other.label}, with different content"]
        for key in ("email", "accountId"):
            if key in mine and mine[key].lower() == str(its.get(key)).lower():
                return [
                    f"account.{key}: '{mine[key]}' is already requested by {other.label}; "
                    + _ONE_AT_A_TIME[key]
                ]
    return []


def _report(problems: dict[str, list[str]]) -> str:
    from vending.request.account_request import listed  # noqa: PLC0415

    count = sum(map(len, problems.values()))
    lines = [f"{count:,} problem{'s' if count > 1 else ''}; nothing was sent"]
    for label, found in problems.items():
        if found:
            lines.append(f"\n{safe(label)}")
            lines += [f"  {safe(problem)}" for problem in listed(found)]
    return "\n".join(lines)
