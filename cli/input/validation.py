"""From documents to submissions: reports every problem of every request at once, sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cli.input import file_keys
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
    submissions, problems = checked(documents)
    if any(problems.values()):
        raise refused(problems)
    return submissions


def checked(documents: Sequence[Document]) -> tuple[list[Submission], dict[str, list[str]]]:
    """The submissions that the documents ask for, and what is wrong with each, by its label."""
    from vending.errors.exceptions import RequestInvalid  # noqa: PLC0415
    from vending.request.account_request import parse  # noqa: PLC0415 -- pydantic is slow to import

    submissions: list[Submission] = []
    problems: dict[str, list[str]] = {}
    earlier: dict[tuple[str, str], Submission] = {}
    for document in documents:
        found = problems.setdefault(document.label, [])
        found.extend(document.problems)
        if document.value is None and document.problems:
            continue
        value = document.value
        if isinstance(value, dict):
            found.extend(located(list(file_keys.problems_of_request(value)), document.places()))
            value = file_keys.without(value)
        try:
            request = parse(value)
        except RequestInvalid as invalid:
            found.extend(located(invalid.problems, document.places()))
            continue
        submission = _submission(document, request)
        if twice := _twice(submission, earlier):
            found.extend(located(twice, document.places()))
        submissions.append(submission)
    return submissions, problems


def refused(problems: Mapping[str, Sequence[str]], *, schema: str = "vend schema") -> InputError:
    """What refuses documents: every problem under the label of its document."""
    what = "a file" if "file" in schema else "a request"
    return InputError(_report(problems), remedy=f"`{schema}` prints what {what} may contain")


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


def _twice(submission: Submission, earlier: dict[tuple[str, str], Submission]) -> list[str]:
    """What another request of the list has already, which two requests cannot share.

    `earlier` are the requests so far, by what nobody else may have; this one is added.
    """
    mine = submission.content["account"]
    shared = [("requestId", submission.request_id)]
    shared += [(key, mine[key].lower()) for key in _ONE_AT_A_TIME if key in mine]
    taken = [each for each in shared if each in earlier]
    other = earlier[taken[0]] if taken else submission
    for each in shared:
        earlier.setdefault(each, submission)
    if not taken:
        return []
    key = taken[0][0]
    if key != "requestId":
        return [
            f"account.{key}: '{mine[key]}' is already requested by {other.label}; "
            + _ONE_AT_A_TIME[key]
        ]
    subject = submission.asked.subject
    if other.fingerprint == submission.fingerprint:
        return [f"{subject} is the same request as {other.label}"]
    already = "the id of" if subject.startswith("requestId") else "requested by"
    return [f"{subject} is already {already} {other.label}, with different content"]


def _report(problems: Mapping[str, Sequence[str]]) -> str:
    from vending.request.account_request import listed  # noqa: PLC0415

    count = sum(map(len, problems.values()))
    lines = [f"{count:,} problem{'s' if count > 1 else ''}; nothing was sent"]
    for label, found in problems.items():
        if found:
            lines.append(f"\n{safe(label)}")
            lines += [f"  {safe(problem)}" for problem in listed(list(found))]
    return "\n".join(lines)
