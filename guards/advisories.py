"""pip-audit on the locks of what is deployed and what builds it, where a source can be reached.

Without an answer this warns and exits with 0, unless it is run with `required`: a machine without
internet access must be able to run `make check`, and a pipeline must not pass unchecked.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("functions/requirements.txt", "requirements/dev.txt")
TIMEOUT_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What pip-audit said: the advisories by package, or that it did not get to know."""

    known: bool
    advisories: tuple[str, ...] = ()


def read(output: str) -> Answer:
    """pip-audit's JSON; it prints none where it could not ask.

    A package that it skipped was not looked up, so nothing is known.
    """
    try:
        dependencies = json.loads(output)["dependencies"]
    except ValueError:
        return Answer(known=False)
    return Answer(
        known=bool(dependencies) and not any("skip_reason" in each for each in dependencies),
        advisories=tuple(
            f"{each['name']} {each['version']}: {found['id']}, mended in "
            f"{', '.join(found['fix_versions']) or 'no version yet'}"
            for each in dependencies
            for found in each.get("vulns", [])
        ),
    )


def ask(lock: str) -> str:
    """What pip-audit prints about a lock."""
    words = [
        *(str(ROOT / "build/guards/bin/pip-audit"), "--requirement", lock, "--require-hashes"),
        *("--disable-pip", "--format", "json", "--progress-spinner", "off"),
        *("--timeout", str(TIMEOUT_SECONDS)),
    ]
    return subprocess.run(  # noqa: S603 - our own words
        words, cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout


def main(required: bool) -> int:
    """Print what was found; 1 where that is anything, or nothing could be asked and it must."""
    unknown = []
    for lock in LOCKS:
        answer = read(ask(lock))
        for each in answer.advisories:
            sys.stderr.write(f"{lock}: {each}\n")
        if answer.advisories:
            return 1
        if not answer.known:
            unknown.append(lock)
            break  # what cannot be reached once is not waited for again
    if unknown:
        sys.stderr.write(
            "WARNING: NO ADVISORIES WERE LOOKED UP: pip-audit reached no source of advisories, so "
            "known vulnerabilities of the locked packages would not be seen here\n"
        )
    return int(required and bool(unknown))


if __name__ == "__main__":
    sys.exit(main("required" in sys.argv[1:]))
