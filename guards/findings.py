"""Findings of tools, the suppressions that match them, and the verdict of both."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """What a tool found: `rule` is the tool's own id, `where` a construct, resource or file.

    cdk-nag's `rule` ends with the detail, as in `AwsSolutions-IAM5[Resource::*]`, and its `where`
    is the construct's path without the stack; checkov's is the logical id; bandit's the file.
    """

    rule: str
    where: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.rule} {self.where}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Why a rule's findings are accepted, and where: shell patterns, of which one has to match."""

    rule: str
    where: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the finding's rule and one of its places."""
        return _matches(finding.rule, self.rule) and any(
            _matches(finding.where, each) for each in self.where
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is left: findings that nothing covers, places of suppressions that cover nothing."""

    found: tuple[Finding, ...]
    unneeded: tuple[tuple[Suppression, str], ...]

    def __bool__(self) -> bool:
        """Whether there is anything to mend."""
        return bool(self.found or self.unneeded)


def judge(findings: Iterable[Finding], suppressions: Sequence[Suppression]) -> Verdict:
    """Set findings against suppressions, each place of a suppression by itself."""
    every = sorted(set(findings))
    return Verdict(
        found=tuple(each for each in every if not any(one.covers(each) for one in suppressions)),
        unneeded=tuple(
            (one, place)
            for one in suppressions
            for place in one.where
            if not any(
                _matches(each.rule, one.rule) and _matches(each.where, place) for each in every
            )
        ),
    )


def _matches(text: str, pattern: str) -> bool:
    # Square brackets and stars are part of cdk-nag's ids: only `**` and `?` stand for others.
    escaped = re.sub(r"[][*?]", lambda found: f"[{found[0]}]", pattern.replace("**", "\0"))
    return fnmatchcase(text, escaped.replace("\0", "*"))
