"""The pages of this folder that are made from the code: `make docs` writes them.

A test compares them with what this makes, so that they stay true.
"""

from __future__ import annotations

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import importlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session

from cli.output.terminal import in_words
from infra.grants import Statement, statements_of
from infra.operation_function import module_name
from infra.organization_setup_workflow import OWN_OPERATIONS, PREFIX
from infra.settings import Settings
from permissions.declared_calls import calls_of
from permissions.reference import sdk_service
from statemachines import definitions
from vending.api import openapi
from vending.api.problems import STATUSES, problem_of
from vending.api.routes import ROUTES
from vending.aws.measurements import METRICS
from vending.errors import catalogue
from vending.errors.exceptions import RequestInvalid, TransientError, VendingError

ROOT = Path(__file__).resolve().parent.parent
# What people call a service, where botocore's model calls it otherwise.
SERVICES = {
    "account": "Account Management",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "iam": "IAM",
    "organizations": "AWS Organizations",
    "servicequotas": "Service Quotas",
    "s3": "S3",
    "states": "Step Functions",
    "sts": "AWS STS",
}
# Where moto answers, and a folder holds what it lacks.
FOLDERS = {
    "dynamodb": "moto_patches",
    "events": "eventbridge",
    "s3": "moto_patches",
    "states": "stepfunctions",
}
_SHOWN = 5
"""How many values of a condition the page lists."""
OWNERS = {
    "retry": "none (it passes)",
    "requester": "the requester",
    "administrator": "the administrator",
    "aws-support": "AWS Support",
}


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    docs = ROOT / "docs"
    return {
        docs / "api-routes.md": routes_page(),
        docs / "errors.md": errors_page(),
        docs / "openapi.json": json.dumps(openapi.document(), indent=1, ensure_ascii=False) + "\n",
        docs / "metrics.md": metrics_page(),
        docs / "operations.md": operations_page(),
        docs / "permissions.md": permissions_page(),
    }


def routes_page() -> str:
    """The API's routes, and how it refuses."""
    problem = problem_of(RequestInvalid(["account.email: is required", "tags: must be an object"]))
    lines = [
        "# The API's routes",
        "",
        "How they are called is in [The API](api.md).",
        "",
        "<!-- Made by `make docs` from functions/vending/api/. -->",
        "",
        "| route | what it does | callers | Idempotency-Key |",
        "|---|---|---|---|",
    ]
    for route in ROUTES:
        callers = "whom IAM lets in" if route.is_public else "principals of the request policy"
        key = "yes" if route.is_idempotent_by_key else "-"
        lines.append(f"| `{route.key}` | {route.summary} | {callers} | {key} |")
    lines += [
        "",
        "## Refusals",
        "The function refuses with `application/problem+json` (RFC 9457), with every mistake at",
        "once:",
        "",
        "```json",
        json.dumps(problem, indent=1),
        "```",
        "",
        "| status | when |",
        "|---|---|",
        *(f"| {int(status)} | {_when(kind)} |" for kind, status in STATUSES),
        "| 500 | anything else: the installation is at fault, `owner` is `administrator` |",
    ]
    return "\n".join(lines) + "\n"


def _when(kind: type[VendingError]) -> str:
    description = (kind.__doc__ or "").partition("\n")[0].rstrip(".")
    if kind is TransientError:
        return (
            f"`{kind.__name__}` and its kinds: {description}; `Retry-After` says when to repeat it"
        )
    return f"`{kind.__name__}`: {description}"


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


def permissions_page() -> str:
    """What the role of each function may do, on what, under which conditions, and why so."""
    settings = Settings()
    lines = [
        "# Permissions",
        "",
        "What the role of each function may do with the default settings, beyond writing to its",
        "own log group and its traces. It follows from the calls that the function declares and",
        "AWS's facts about them; where it is narrower, `infra/grant_exceptions.py` says why.",
        "ServeApi is there with the setting `api` alone.",
        "Functions whose name begins with Setup belong to the setup of the organization alone. A",
        "state machine may invoke the functions that its definition names and write to its log",
        "group, the bus's rule may start `account-vending`. Nothing else has a role.",
        "",
        "`tests/abuse` holds what each role is denied. The embedded AWS denies a call that no",
        "statement allows, so that nothing more is used than is granted; `make test-all` fails",
        "where a role is granted what no call of the tests used (`make grants-used`): an action on",
        "a resource, on rows of a key, or for a detail-type.",
        "",
        "<!-- Made by `make docs` from the functions' CALLS and infra/grant_exceptions.py. -->",
    ]
    for name, module in sorted(_functions().items()):
        lines += ["", f"## {name}", ""]
        statements = statements_of(name, calls_of(module), settings)
        if not statements:
            lines.append("Nothing.")
            continue
        lines += ["| may | on | only where | because |", "|---|---|---|---|"]
        lines += [_statement(one) for one in statements]
    return "\n".join(lines) + "\n"


def _functions() -> dict[str, str]:
    """The module of each function, by the name that its grants know it by."""
    named = {module_name(one): one for one in definitions.invoked()}
    found = {named[path.stem]: f"operations.{path.stem}" for path in _modules("operations")}
    found |= {f"{PREFIX}{one}": found[one] for one in OWN_OPERATIONS}
    for package in ("events", "api"):
        for path in _modules(package):
            found["".join(map(str.capitalize, path.stem.split("_")))] = f"{package}.{path.stem}"
    return found


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / "functions" / folder).glob("[a-z]*.py"))


def _statement(one: Statement) -> str:
    conditions = [
        f"{operator} `{key}`: {_values(values)}"
        for operator, block in (one.conditions or {}).items()
        for key, values in block.items()
    ]
    cells = [
        ", ".join(f"`{action}`" for action in one.actions),
        ", ".join("anything" if each == "*" else f"`{each}`" for each in one.resources),
        "; ".join(conditions),
        one.reason,
    ]
    return "| " + " | ".join(cell.strip() for cell in cells) + " |"


def _values(values: str | Sequence[str]) -> str:
    listed = [values] if isinstance(values, str) else list(values)
    shown = ", ".join(f"`{one}`" for one in listed[:_SHOWN])
    return shown if len(listed) <= _SHOWN else f"{shown} and {len(listed) - _SHOWN} more"


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


def metrics_page() -> str:
    """Every metric of the functions, with its dimensions."""
    lines = [
        "# Metrics",
        "",
        "What the functions measure, in CloudWatch's namespace `AccountVending`; a metric whose",
        "dimensions are not said has one, `service`. They leave as lines of the functions' logs",
        "(embedded metric format), so that no function calls CloudWatch, and each line has the",
        "request's id beside it. No dimension's value comes from a request: `step` and `source`",
        "are names of this code, `owner` and `reason` those of the [error catalogue](errors.md),",
        "and `Other` stands for all that it does not have. What a month of them costs is in",
        "[Deploying](deploy.md#monitoring).",
        "",
        "<!-- Made by `make docs` from vending/aws/measurements.py. -->",
        "",
        "| metric | unit | dimensions | what it measures |",
        "|---|---|---|---|",
    ]
    for name, metric in METRICS.items():
        sets = [["service"]] if metric.in_all else []
        if metric.by:
            sets.append([*(() if metric.in_all else ["service"]), *metric.by])
        dimensions = "; ".join(", ".join(one) for one in sets)
        lines.append(f"| {name} | {metric.unit} | {dimensions} | {metric.what} |")
    return "\n".join(lines) + "\n"


def calls() -> dict[str, set[str]]:
    """Which functions make which calls, by `service:Operation`."""
    found: dict[str, set[str]] = {}
    for folder in ("operations", "events", "api"):
        for path in sorted((ROOT / "functions" / folder).glob("[a-z]*.py")):
            module = importlib.import_module(f"{folder}.{path.stem}")
            for call in getattr(module, "CALLS", ()):
                found.setdefault(call, set()).add(f"{folder}/{path.name}")
    return found


def _row(call: str, functions: list[str]) -> str:
    service, _, operation = call.partition(":")
    code = [f"[{name.split('/')[1][:-3]}](../functions/{name})" for name in functions]
    cells = [
        f"{SERVICES.get(service) or _model(service).metadata['serviceFullName']} {operation}",
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
    if any(name.startswith("api/") for name in functions):
        names.append("[API](api.md)")
    return names


def _flat(function: str) -> str:
    return Path(function).stem.replace("_", "")


def _embedded(service: str, operation: str) -> str:
    """The file of the embedded AWS that answers the operation; moto's own where there is none."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()
    embedded = ROOT / "embedded"
    folder = embedded / FOLDERS.get(service, service)
    if not folder.is_dir():
        folder = embedded / "organizations"
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
    shapes = _model(service).operation_model(operation).error_shapes
    covered = sum(catalogue.explain(shape.name).known for shape in shapes)
    return f"{covered}/{len(shapes)}"


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(sdk_service(service))


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
