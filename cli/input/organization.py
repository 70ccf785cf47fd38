"""An organization's document in a file: one, checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from cli.input.documents import Document
from cli.input.positions import located
from cli.output.failure import InputError
from cli.output.terminal import safe

_OF_REQUESTS = re.compile(
    r"(?:resume the request with `vend resume` and its id, or )?"
    r"submit (?:the request again|it again)",
    re.IGNORECASE,
)

INPUT_BYTES = 255 * 1024
"""Step Functions takes up to 256 KiB as an execution's input."""


def is_organization(documents: Sequence[Document]) -> bool:
    """Whether the file holds an organization's document rather than account requests.

    Beside a request, a document that could be either is a request with something missing.
    """
    from vending.request import organization_setup  # noqa: PLC0415 -- pydantic is slow to import

    values = [one.value for one in documents if one.value is not None or not one.problems]
    return bool(values) and all(map(organization_setup.is_organization, values))


def document_of(documents: Sequence[Document]) -> Any:
    """The file's one document, every problem in it reported at once.

    Raises:
        InputError: there are several, or it has mistakes.
    """
    from vending.errors.exceptions import RequestInvalid  # noqa: PLC0415
    from vending.request.organization_setup import parse  # noqa: PLC0415

    problems = [problem for one in documents for problem in one.problems]
    read = [one for one in documents if one.value is not None or not one.problems]
    values = [one.value for one in read]
    if len(values) > 1:
        raise InputError(f"the file holds {len(values)} documents; an organization is one")
    for one in read:
        value = one.value
        try:
            parse(value)
        except RequestInvalid as invalid:
            problems += located(invalid.problems, one.places())
        if len(json.dumps(value, ensure_ascii=False).encode(errors="replace")) > INPUT_BYTES:
            problems.append("is larger than a state machine accepts (256 KB)")
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}; nothing was sent"
        listing = "\n".join(f"  {safe(problem)}" for problem in problems)
        raise InputError(
            f"{count}\n\n{safe(documents[0].label)}\n{listing}",
            remedy="examples/organization.yaml shows what it may contain",
        )
    return values[0]


def of_setup(remedy: str) -> str:
    """What to do, in the words of a setup: errors are explained in those of requests."""

    def replaced(found: re.Match[str]) -> str:
        return ("Run" if found[0][0].isupper() else "run") + " the setup again"

    return _OF_REQUESTS.sub(replaced, remedy)
