"""The page of recorded cases: what a run came to, and what an earlier page says was right."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

RESULTS = {
    "right": "passed: what the case asserts, and its comparison with what was recorded",
    "different": "failed, on an answer or before it",
    "not offered": "failed because the embedded AWS refuses the call or option",
    "harness": "needs what the harness does not give, failed in a fixture, or took too long",
    "not compared": "skipped by the suite, or without an answer recorded on AWS",
}
"""Each result and what it says about a case."""
_COMMAND = "make recorded-cases SUITES=/path/to/localstack"
_EXEMPTIONS = (
    "Where the suite itself exempts some paths of an answer, the rest is compared; a case that is",
    "exempt as a whole is not compared.",
)
_LISTED = ("right", "different", "not offered")
_NOT_OFFERED = ("NotImplemented", "not been implemented", "refuses what it would have to ignore")
_HARNESS = "harness: "
_TIMEOUT = re.compile(r"Timeout [(>]*\d|Read timeout on endpoint|Could not connect to the endpoint")
_NO_RECORDING = re.compile(r"No state for \S+ recorded")
_LINE = re.compile(r"^- `(?P<test>[^`]+)`(?:: (?P<parameters>.+))?$")
_FILE = re.compile(r"^(?P<file>\S+\.py):$")


class IncompleteRunError(Exception):
    """The run says nothing about the suites: nothing ran, or a file could not be collected."""


def results_of(report: Path) -> dict[str, str]:
    """Each case of a JUnit report by `file::Class::test[parameters]`, with one of RESULTS.

    Raises IncompleteRunError for a report with no case or with a file that was not collected.
    """
    results: dict[str, str] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        parts = (case.get("classname") or "").split(".")
        if not parts[0]:
            raise IncompleteRunError(f"{case.get('name')} could not be collected")
        classes = [part for part in parts if part.startswith("Test")]
        file = "/".join(part for part in parts if part not in classes) + ".py"
        name = "::".join([file, *classes, case.get("name") or ""])
        result = _result(case)
        # A case whose teardown failed too is reported twice; its call is what was compared.
        if result != "harness" or results.get(name) in (None, "right"):
            results[name] = result
    if not results:
        raise IncompleteRunError("no case was run")
    return results


def _result(case: ElementTree.Element) -> str:
    failure, skipped = case.find("failure"), case.find("skipped")
    if failure is not None:
        text = (failure.get("message") or "") + (failure.text or "")
        if _TIMEOUT.search(text):
            return "harness"
        if _NO_RECORDING.search(text):
            return "not compared"
        return "not offered" if any(word in text for word in _NOT_OFFERED) else "different"
    if skipped is not None:
        ours = _HARNESS in (skipped.get("message") or "")
        return "harness" if ours else "not compared"
    return "harness" if case.find("error") is not None else "right"


def page(results: Mapping[str, str], *, commit: str, not_run: Mapping[str, str]) -> str:
    """The page's Markdown for these results of the suites at `commit`."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for case, result in results.items():
        counts[case.split("::")[0]][result] += 1
    lines = [
        "# Recorded cases",
        "",
        "Cases of LocalStack's test suites, whose answers were recorded on AWS, run against the",
        f"embedded AWS. The suites stand at commit `{commit}`.",
        f"`{_COMMAND}` writes this page; with `CHECK=--check` it",
        "fails instead if a case listed here as right no longer is.",
        "",
        *(f"- *{result}*: {meaning}" for result, meaning in RESULTS.items()),
        "",
        *_EXEMPTIONS,
        "",
        f"| suite | {' | '.join(RESULTS)} |",
        f"|---|{'---|' * len(RESULTS)}",
    ]
    for label, count in [*sorted(counts.items()), ("all", Counter(results.values()))]:
        lines.append(f"| {label} | {' | '.join(str(count[result]) for result in RESULTS)} |")
    lines += ["", "Not run:", "", *(f"- `{path}`: {reason}" for path, reason in not_run.items())]
    for result in _LISTED:
        lines += ["", f"## {result.capitalize()}"]
        lines += _names([case for case, found in results.items() if found == result])
    return "\n".join(lines) + "\n"


def _names(cases: list[str]) -> list[str]:
    """The cases by file and test, each test's parameters on its line."""
    files: dict[str, dict[str, list[str]]] = {}
    for case in sorted(cases):
        file, _, name = case.partition("::")
        test, bracket, parameters = name.partition("[")
        listed = files.setdefault(file, {}).setdefault(test, [])
        if bracket:
            listed.append(parameters.removesuffix("]"))
    lines: list[str] = []
    for file, tests in files.items():
        lines += ["", f"{file}:", ""]
        for test, found in tests.items():
            folded = ", ".join(f"`{parameters}`" for parameters in found)
            lines.append(f"- `{test}`: {folded}" if found else f"- `{test}`")
    return lines


def right_cases(text: str) -> set[str]:
    """The names that a page lists as right."""
    section = text.partition("\n## Right\n")[2].partition("\n## ")[0]
    cases: set[str] = set()
    file = ""
    for line in section.splitlines():
        if heading := _FILE.match(line):
            file = heading["file"]
        elif listed := _LINE.match(line):
            name = f"{file}::{listed['test']}"
            found = re.findall("`([^`]*)`", listed["parameters"] or "")
            cases |= {f"{name}[{parameters}]" for parameters in found} or {name}
    return cases


def no_longer_right(text: str, results: Mapping[str, str]) -> list[str]:
    """The cases that the page lists as right and that these results do not."""
    return sorted(case for case in right_cases(text) if results.get(case) != "right")
