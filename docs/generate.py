"""The pages of this folder that are made from the code: `make docs` writes them.

A test compares them with what this makes, so that they stay true.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import botocore.session

from cli.output.terminal import in_words
from statemachines import definitions
from vending.errors import catalogue

ROOT = Path(__file__).resolve().parent.parent
SERVICES = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "iam": "IAM",
    "organizations": "AWS Organizations",
    "s3": "S3",
    "states": "Step Functions",
    "sts": "AWS STS",
}
BOTOCORE_NAMES = {"states": "stepfunctions"}
# Where moto answers, and a folder holds what it lacks.
FOLDERS = {
    "dynamodb": "moto_patches",
    "events": "eventbridge",
    "s3": "moto_patches",
    "states": "stepfunctions",
}
OWNERS = {
    "retry": "none (it passes)",
    "requester": "the requester",
    "administrator": "the administrator",
    "aws-support": "AWS Support",
}


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    docs = ROOT / "docs"
    return {docs / "errors.md": errors_page(), docs / "operations.md": operations_page()}


def errors_page() -> str:
    """The error catalogue as a page."""
    lines = [
        "# Errors",
        "",
        "What each error code and reason means, who must act, and what to do. `vend explain",
        "CODE/REASON` prints the same; records, events and executions carry it. A code or reason",
        "that AWS adds later is explained by its code.",
        "",
        "<!-- Made by `make docs` from functions/vending/errors/error_catalogue.json. -->",
    ]
    for code, reasons in catalogue.codes().items():
        lines += ["", f"## {code}", "", *_explained(catalogue.explain(code))]
        for reason in reasons:
            lines += ["", f"### {code}/{reason}", "", *_explained(catalogue.explain(code, reason))]
    return "\n".join(lines) + "\n"


def _explained(words: catalogue.Explanation) -> list[str]:
    wait = f" Wait about {in_words(words.wait)}." if words.wait else ""
    return [
        words.what,
        "",
        f"- Action by: {OWNERS[words.owner]}",
        f"- What to do: {words.remedy}{wait}",
    ]


def operations_page() -> str:
    """Every operation of AWS that the functions call: where it is, and what is proven of it."""
    lines = [
        "# Operations",
        "",
        "Every call to AWS that the functions make. An error counts as",
        "covered when the catalogue says what happens: retried, adopted, or failed with a remedy.",
        "Calls to the table, the bus and the state machine of this system have no example of their",
        "own: every run makes some of them.",
        "",
        "<!-- Made by `make docs` from the functions, the definitions and botocore's models. -->",
        "",
        "| operation | functions | workflows | embedded AWS | errors covered | example |",
        "|---|---|---|---|---|---|",
    ]
    for call, functions in sorted(calls().items()):
        lines.append(_row(call, sorted(functions)))
    return "\n".join(lines) + "\n"


def calls() -> dict[str, set[str]]:
    """Which functions make which calls, by `service:Operation`."""
    found: dict[str, set[str]] = {}
    for folder in ("operations", "events"):
        for path in sorted((ROOT / "functions" / folder).glob("[a-z]*.py")):
            module = importlib.import_module(f"{folder}.{path.stem}")
            for call in getattr(module, "CALLS", ()):
                found.setdefault(call, set()).add(f"{folder}/{path.name}")
    return found


def _row(call: str, functions: list[str]) -> str:
    service, _, operation = call.partition(":")
    code = [f"[{name.split('/')[1][:-3]}](../functions/{name})" for name in functions]
    cells = [
        f"{SERVICES[service]} {operation}",
        ", ".join(code),
        ", ".join(_workflows(functions)),
        _embedded(service, operation),
        _coverage(service, operation),
        _example(call),
    ]
    return "| " + " | ".join(cells) + " |"


def _workflows(functions: list[str]) -> list[str]:
    names = []
    for machine in definitions.names():
        text = definitions.text(machine).lower()
        if any(f"{_flat(name)}functionarn" in text for name in functions):
            names.append(f"[{machine}](../statemachines/{machine}.asl.json)")
    if any(name.startswith("events/") for name in functions):
        names.append("rule on the bus")
    return names


def _flat(function: str) -> str:
    return Path(function).stem.replace("_", "")


def _embedded(service: str, operation: str) -> str:
    """The file of the embedded AWS that answers the operation; moto's own where there is none."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()
    embedded = ROOT / "embedded"
    folder = embedded / FOLDERS.get(service, "organizations")
    files = [*sorted(folder.glob("*.py")), *sorted(embedded.glob("*.py"))]
    signs = [rf"^\s+def {snake}\(", rf"^def _?{snake}\("]
    if service not in FOLDERS:
        signs += [rf"\b{operation}\b", rf"\b{snake}\b"]
    for sign in signs:
        for path in files:
            if re.search(sign, path.read_text(encoding="utf-8"), re.MULTILINE):
                return f"[{path.stem}](../{path.relative_to(ROOT)})"
    return "moto"


def _coverage(service: str, operation: str) -> str:
    model: Any = botocore.session.get_session().get_service_model(
        BOTOCORE_NAMES.get(service, service)
    )
    shapes = model.operation_model(operation).error_shapes
    covered = sum(catalogue.explain(shape.name).known for shape in shapes)
    return f"{covered}/{len(shapes)}"


def _example(call: str) -> str:
    """The first example whose run makes the call, as a test measured."""
    measured: dict[str, list[str]] = json.loads(
        (ROOT / "docs" / "example_calls.json").read_text(encoding="utf-8")
    )
    for run, made in measured.items():
        example = run.partition(",")[0]
        if call in made:
            return f"[{Path(example).name}](../examples/{example})"
    return "-"


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
