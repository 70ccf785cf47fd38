"""The results of a setup's steps as sentences: what was changed, and what was there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from vending.request.ou_paths import quote

Results = Mapping[str, Any]


@dataclass(kw_only=True)
class Report:
    """Sentences in the order of the steps; a second run of the same setup changes nothing."""

    changed: list[str] = field(default_factory=list)
    already_there: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, results: Results) -> Self:
        """The report of {allFeatures, serviceAccess, policyTypes, rootCredentials, rootSessions,
        units: [...], policies: [...], attachments: [...]}, each the result of its operation.

        Steps that were not run are absent.
        """
        report = cls()
        report._all_features(results.get("allFeatures"))
        report._enabled("service access for", results.get("serviceAccess"))
        report._enabled("policy type", results.get("policyTypes"))
        report._root_access([results.get("rootCredentials"), results.get("rootSessions")])
        for unit in results.get("units") or []:
            report._unit(unit)
        for policy in results.get("policies") or []:
            report._policy(policy)
        return report

    def _all_features(self, result: Results | None) -> None:
        if result is None or result["state"] != "ENABLED":
            return
        # A handshake is named only where the organization did not have all features before.
        self._say("all features", changed=result["handshakeId"] is not None)

    def _enabled(self, what: str, result: Results | None) -> None:
        for name in (result or {}).get("enabled", []):
            self._say(f"{what} {name}", changed=True)
        for name in (result or {}).get("alreadyEnabled", []):
            self._say(f"{what} {name}", changed=False)
        self.warnings += (result or {}).get("warnings", [])

    def _root_access(self, results: list[Results | None]) -> None:
        said = set()
        for result in filter(None, results):
            for feature in [*result["enabled"], *result["enabledFeatures"]]:
                if feature not in said:
                    said.add(feature)
                    self._say(f"root access {feature}", changed=feature in result["enabled"])

    def _unit(self, result: Results) -> None:
        for path in result["created"]:
            self._say(f"organizational unit {quote(path)}", changed=True)
        unit = f"organizational unit {quote(result['path'])}"
        if result["path"] != "/" and unit not in self.changed:
            self._say(unit, changed=False)

    def _policy(self, result: Results) -> None:
        name = f"policy {result['name']}"
        outcome = result["outcome"]
        if outcome == "UPDATED":
            self._say(f"content of {name}", changed=True)
        else:
            self._say(name, changed=outcome == "CREATED")
        self.warnings += result["warnings"]
        for attachment in result.get("attachments") or []:
            self._say(f"{name} on {quote(attachment['target'])}", changed=attachment["attached"])

    def _say(self, what: str, *, changed: bool) -> None:
        (self.changed if changed else self.already_there).append(what)
