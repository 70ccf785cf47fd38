"""`make guards`: run the tools side by side and fail on what is neither mended nor suppressed."""

import sys
from concurrent.futures import ThreadPoolExecutor

from guards import tools
from guards.findings import judge
from guards.suppressions import SUPPRESSIONS


def main() -> int:
    """The exit code: 1 where there is anything to mend, which is printed."""
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(each) for each in (tools.nag, tools.checkov, tools.bandit)]
        findings = [finding for each in asked for finding in each.result()]
    verdict = judge(findings, SUPPRESSIONS)
    for finding in verdict.found:
        sys.stderr.write(f"{finding}\n")
    for suppression, place in verdict.unneeded:
        sys.stderr.write(f"guards/suppressions.py: nothing is left of {suppression.rule} {place}\n")
    if verdict:
        sys.stderr.write(
            "Mend what was found, or say in guards/suppressions.py why it is as it should be\n"
        )
    return int(bool(verdict))


if __name__ == "__main__":
    sys.exit(main())
