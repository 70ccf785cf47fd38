"""A plan of a request or of an organization's document, as `vend plan` makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.aws.stack import Stack
from cli.dry_run.planner import Planner
from vending.request import organization_setup
from vending.request.account_request import parse

if TYPE_CHECKING:
    from cli.dry_run.planned import Planned
    from tests.workflow.vending import Ended, Vending


def planned(vending: Vending, document: Any) -> Planned:
    """What would be changed or refused, by the ledger and the organization as they are."""
    stack = Stack.embedded(vending.aws.endpoint_url)
    planner = Planner.of(stack)
    if organization_setup.is_organization(document):
        return planner.organization(organization_setup.parse(document))
    request = parse(document)
    return planner.request(request, stack.ledger.rows([request.request_id]).get(request.request_id))


def done(vending: Vending, document: Any) -> Ended:
    """How the run ends that the plan is of."""
    is_setup = organization_setup.is_organization(document)
    return vending.set_up(document) if is_setup else vending.run(document)


def reported_alike(planned: Planned, ended: Ended) -> bool:
    """Whether the run was refused for what the plan tells, or neither was."""
    if not planned.problems:
        return ended.status == "SUCCEEDED"
    if ended.status != "FAILED":
        return False
    if ended.cause["code"] == "RequestInvalid":
        return all(problem["message"] in ended.cause["message"] for problem in planned.problems)
    refused = (ended.cause["code"], ended.cause["reason"])
    return any((problem["code"], problem["reason"]) == refused for problem in planned.problems)
