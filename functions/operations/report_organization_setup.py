"""ReportOrganizationSetup: what a setup changed, what was there already, and what went wrong."""

from __future__ import annotations

from operations import (
    attach_policy,
    create_organizational_unit,
    create_policy,
    enable_all_features,
    enable_aws_service_access,
    enable_organizations_root_credentials_management,
    enable_organizations_root_sessions,
    enable_policy_type,
)
from vending.errors.caught_error import CaughtError, from_catch
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.organization.report import Report
from vending.request.ou_paths import quote

CALLS: set[str] = set()


class ReportOrganizationSetup(Model):
    """The results of the steps that were run, by step, and the error that ended it if one did."""

    results: Json
    error: CaughtError | None = None


def run(payload: ReportOrganizationSetup) -> Json:
    """{state: READY|FAILED, changed, alreadyThere, warnings, error}; texts for a person."""
    report = _report(payload.results)
    return {
        "state": "READY" if payload.error is None else "FAILED",
        "changed": report.changes,
        "alreadyThere": report.already_there,
        "warnings": report.warnings,
        "error": from_catch(payload.error) if payload.error else None,
    }


def _report(results: Json) -> Report:
    """What the steps did, in their own words; steps that were not run are absent."""
    report = Report()
    features = results.get("allFeatures")
    if features is not None and features["state"] == "ENABLED":
        enable_all_features.report(features, report)
    for key, step in _STEPS.items():
        if results.get(key) is not None:
            step(results[key], report)
    for unit in results.get("units") or []:
        create_organizational_unit.report(unit, report)
    for policy in results.get("policies") or []:
        create_policy.report(policy, report)
        for attachment in policy.get("attachments") or []:
            path = attachment["target"]
            report.names[path] = quote(path)
            attach_policy.report({**policy, **attachment, "targetId": path}, report)
    return report


_STEPS = {
    "serviceAccess": enable_aws_service_access.report,
    "policyTypes": enable_policy_type.report,
    "rootCredentials": enable_organizations_root_credentials_management.report,
    "rootSessions": enable_organizations_root_sessions.report,
}
"""What the steps say that have one result, by the key it has, in their order."""


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return f"{result['state']}, {len(result['changed'])} changed"


@operation(ReportOrganizationSetup)
def handler(payload: ReportOrganizationSetup) -> Json:
    """The Lambda entrance."""
    return run(payload)
