"""`vend explain CODE[/REASON]` and `vend schema`: what needs no AWS at all."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import sys
from typing import Any

from cli.input import file_keys
from cli.output.failure import EXIT_VENDED, InputError
from cli.output.records import OWNERS, aligned, table
from cli.output.shell_command import command
from cli.output.terminal import Terminal, in_words, safe
from vending.errors import catalogue

_TREATMENTS = {
    "retry": "retried automatically",
    "adopt": "adopted: the workflow continues with what exists",
    "reconcile": "reconciled: the workflow finds out what AWS did before it continues",
    "fail": "not retried: the request ends FAILED; submitting it again resumes it",
}


def run(arguments: argparse.Namespace) -> int:
    """Print what an error means; InputError with near matches when nothing is known of it."""
    if arguments.error is None:
        return _list(as_json=arguments.json)
    named = _named(arguments.error)
    if not named:
        raise InputError(
            f"no error is called {safe(arguments.error)}", remedy=_near(arguments.error)
        )
    (code, reason), others = named[0], named[1:]
    explanation = catalogue.explain(code, reason)
    if arguments.json:
        print(json.dumps(dataclasses.asdict(explanation), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_text(explanation, others, Terminal.of(sys.stdout))))
    return EXIT_VENDED


def _list(*, as_json: bool) -> int:
    """Print every error of the catalogue."""
    known = catalogue.every()
    if as_json:
        print(json.dumps([*map(dataclasses.asdict, known)], indent=2, ensure_ascii=False))
        return EXIT_VENDED
    rows = [(_name(one), OWNERS.get(one.owner, one.owner)) for one in known]
    print("\n".join(table(("ERROR", "ACTION BY"), rows, Terminal.of(sys.stdout))))
    return EXIT_VENDED


def _name(explanation: catalogue.Explanation) -> str:
    return "/".join(part for part in (explanation.code, explanation.reason) if part)


def schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a request, of an account's file, or of the request policy.

    With --api, the API's OpenAPI document.
    """
    if arguments.api:
        from vending.api import openapi  # noqa: PLC0415 -- pydantic is slow

        print(json.dumps(openapi.document(), indent=2, ensure_ascii=False))
        return EXIT_VENDED
    from vending.authorization import request_policy  # noqa: PLC0415 -- pydantic is slow
    from vending.request import account_request  # noqa: PLC0415

    printed: Any = account_request
    if arguments.request_policy or arguments.account_file:
        printed = request_policy if arguments.request_policy else file_keys
    print(json.dumps(printed.schema(), indent=2, ensure_ascii=False))
    return EXIT_VENDED


def _named(error: str) -> list[tuple[str, str | None]]:
    """The (code, reason) pairs that `error` can mean; the first is the likeliest."""
    known = catalogue.codes()
    code, _, reason = error.strip().partition("/")
    by_lower = {name.lower(): name for name in known}
    lower = code.lower()
    found = by_lower.get(lower) or by_lower.get(f"{lower}exception")
    if found:
        code = found
        matching = [name for name in known[code] if name.lower() == reason.lower()]
        return [(code, matching[0] if matching else reason or None)]
    if reason:
        return []
    return [
        (holder, name)
        for holder, reasons in known.items()
        for name in reasons
        if name.lower() == code.lower()
    ]


def _near(error: str) -> str:
    names = {name.lower(): name for name in catalogue.codes()}
    names |= {name.lower(): name for reasons in catalogue.codes().values() for name in reasons}
    words = [word for word in error.strip().lower().split("/") if word]
    near = [names[match] for word in words for match in difflib.get_close_matches(word, names, 3)]
    if not near:
        return "Specify AWS's error code or its Reason, as `vend status` shows them"
    return "Did you mean " + " or ".join(dict.fromkeys(near)) + "?"


def _text(
    explanation: catalogue.Explanation, others: list[tuple[str, str | None]], terminal: Terminal
) -> list[str]:
    fields = [
        ("what it means", explanation.what),
        ("what to do", explanation.remedy),
        ("action by", OWNERS.get(explanation.owner, explanation.owner)),
        ("handling", _TREATMENTS.get(explanation.treatment, explanation.treatment)),
    ]
    if explanation.wait:
        fields.append(("retry after", in_words(explanation.wait)))
    if explanation.reason and not explanation.known:
        near = difflib.get_close_matches(
            explanation.reason, catalogue.codes().get(explanation.code, []), 1
        )
        meant = f"; did you mean {near[0]}?" if near else "; AWS adds some over time"
        fields.append(("note", f"this version does not know this reason{meant}"))
    columns = min(100, terminal.size()[0])
    lines = [
        terminal.paint(safe(_name(explanation)), "bold"),
        "",
        *aligned(fields, terminal, columns),
    ]
    for code, reason in others:
        lines += ["", f"Also  {command('explain', f'{code}/{reason}')}"]
    return lines
