"""ReportOrganizationSetup: what a setup changed, what was there already, and what went wrong."""

from __future__ import annotations

from vending.errors.caught_error import CaughtError, from_catch
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.organization.setup_report import Report

CALLS: set[str] = set()


class ReportOrganizationSetup(Model):
    """The results of the steps that were run, by step, and the error that ended it if one did."""

    results: Json
    error: CaughtError | None = None


def run(payload: ReportOrganizationSetup) -> Json:
    """{state: READY|FAILED, changed, alreadyThere, warnings, error}; texts for a person."""
    report = Report.of(payload.results)
    return {
        "state": "READY" if payload.error is None else "FAILED",
        "changed": report.changed,
        "alreadyThere": report.already_there,
        "warnings": report.warnings,
        "error": from_catch(payload.error) if payload.error else None,
    }


@operation(ReportOrganizationSetup)
def handler(payload: ReportOrganizationSetup) -> Json:
    """The Lambda entrance."""
    return run(payload)
