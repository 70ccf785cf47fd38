"""What a request or an organization's document would change, found by reading alone.

The definition says which steps come, and each step's own operation says what it would change: it is
run, on clients that answer its writes themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, cast, get_args

from pydantic import ValidationError

from cli.aws.ledger_reader import LedgerRow
from cli.aws.stack import Stack
from cli.dry_run.account_steps import AccountSteps
from cli.dry_run.cannot_plan import CannotPlan
from cli.dry_run.dry_run_client import DryRunClient
from cli.dry_run.planned import Document, Planned, without
from cli.dry_run.walk import Task, Walk
from cli.watch import definitions
from embedded.jsonata.evaluator import UNDEFINED
from vending.authorization.authorization import Authorization
from vending.aws import clients
from vending.aws.clock import now
from vending.ledger.item_types import AccountRecord
from vending.ledger.organization_cache import OrganizationCache
from vending.ledger.ou_path_cache import OuPathCache
from vending.ledger.table import Put, Table
from vending.organization import preflight
from vending.request.account_request import AccountRequest
from vending.request.fields import PolicyType
from vending.request.organization_setup import OrganizationSetup

Answers = Mapping[str, Callable[[Task], Any]]

NOT_RUN = {
    "AcceptRequest": "claims the request; a plan reads the ledger, and checks ahead",
    "AcceptOrganizationSetup": "only parses the document, which has been done already",
    "InviteAccountToOrganization": "records its intent; a plan looks for the invitation",
    "AcceptHandshake": "a plan continues as if the handshake had been accepted",
    "DescribeHandshake": "waits for an answer; a plan continues as if it had come",
    "ReserveCreation": "waits for a slot; a plan creates nothing",
    "CreateAccount": "records its intent; a plan looks for the account",
    "CreateGovCloudAccount": "records its intent; a plan looks for the account",
    "DescribeAccount": "marks the account in the ledger; a plan describes the account",
    "StartPrimaryEmailUpdate": "has AWS send a code; a plan says that the email changes",
    "RecordVended": "writes the end to the ledger",
    "ReportOrganizationSetup": "only reports; the plan is the report",
}
"""Operations that a plan answers for, and why it does not run them."""

NOT_REACHED = {
    "AcceptPrimaryEmailUpdate": "takes the code; a plan continues as if it had been given",
    "AwaitApproval": "waits for approvals; a plan says which are needed",
    "CancelHandshake": "follows a failure; a plan continues without what is refused",
    "DescribeCreateAccountStatus": "a plan assumes that the account is created",
    "RecordFailure": "follows a failure; a plan continues without what is refused",
}
"""Operations that no plan comes to, and why."""

_SUPPOSED: Mapping[str, Mapping[str, Any]] = {
    # Accounts have up to 90 days to answer, or one has declined: all that follows is planned all
    # the same.
    "EnableAllFeatures": {"state": "ENABLED", "handshakeId": None},
}
"""What is taken as an operation's answer in the end, whatever it answers now."""


class _NoTable:
    """In place of the ledger's table: a plan looks at everything itself, and remembers nothing."""

    clock = staticmethod(now)

    def get(self, _pk: str) -> None:
        """Nothing."""

    def put(self, _put: Put) -> None:
        """Forget it."""


class Planner:
    """Follows a definition, and runs the operations of its Tasks on clients that only read.

    Args:
        client: makes a boto3 client of a service.
        allowed: what the stack's settings let its roles use.
        account_vending, organization_setup: the definitions.
    """

    def __init__(
        self,
        client: Callable[[str], Any],
        *,
        allowed: preflight.Allowed = preflight.Allowed(),  # noqa: B008 -- frozen
        account_vending: definitions.Definition | None = None,
        organization_setup: definitions.Definition | None = None,
    ) -> None:
        self._client = client
        self._organizations = DryRunClient(client("organizations"))
        no_table = cast("Table", _NoTable())
        self._surroundings = preflight.Surroundings(
            organizations=cast("Any", self._organizations),
            seen=OrganizationCache(table=no_table),
            units=OuPathCache(table=no_table),
            allowed=allowed,
        )
        self._dependencies: dict[str, Any] = {
            "organizations": self._organizations,
            "units": self._surroundings.units,
            "always_forced": allowed.forced_service_principals,
            "policy_types": [
                one
                for one in get_args(PolicyType)
                if allowed.policy_types is None or one in allowed.policy_types
            ],
        }
        """What operations are run on, by the names of their parameters."""
        self._account_vending = account_vending or definitions.read(definitions.ACCOUNT_VENDING)
        self._setup = organization_setup or definitions.read(definitions.ORGANIZATION_SETUP)
        self._planned = Planned()

    @classmethod
    def of(cls, stack: Stack, client: Callable[[str], Any] | None = None) -> Planner:
        """By what the deployed stack allows; `client` makes clients in place of the stack's."""
        return cls(
            client or stack.client,
            allowed=preflight.Allowed(
                service_principals=stack.service_principals,
                forced_service_principals=stack.forced_service_principals,
                policy_types=stack.policy_types,
                invited_account_role_names=stack.invited_account_role_names,
            ),
        )

    def organization(self, setup: OrganizationSetup) -> Planned:
        """What bringing the organization to its document would change.

        Raises:
            CannotPlan: the definition has a step that no plan knows.
        """
        possible = self._without_the_refused(
            setup,
            preflight.Requirements(
                policies=setup.policies,
                updated_policies=[policy.name for policy in setup.policies if policy.update],
                policy_types=setup.normalised()["policyTypes"],
                service_access=setup.service_access,
                forced_service_access=setup.forced_service_access,
                root_access=setup.root_access,
                all_features=setup.all_features,
            ),
        )
        answers: Answers = {
            "AcceptOrganizationSetup": lambda _: {"setup": possible.normalised()},
            "ReportOrganizationSetup": lambda _: {"state": "READY"},
        }
        self._follow(self._setup, answers, setup)
        return self._planned

    def request(
        self,
        request: AccountRequest,
        row: LedgerRow | None,
        *,
        account: AccountRecord | None = None,
        goes_on: bool = False,
        authorization: Authorization | None = None,
    ) -> Planned:
        """What vending the request would change.

        Args:
            request: the request.
            row: what the ledger knows of its id.
            account: what it knows of its account.
            goes_on: whether an execution is at work on that.
            authorization: of who would send it; None where nobody knows.

        Raises:
            CannotPlan: the definition has a step that no plan knows.
        """
        steps = AccountSteps(
            planned=self._planned,
            organizations=self._organizations,
            request=request,
            row=row,
            account=account,
            goes_on=goes_on,
            authorization=authorization,
            look_ahead=lambda asked, account_id: self._without_the_refused(
                asked, preflight.requirements_of(asked, account_id)
            ),
        )
        self._follow(self._account_vending, steps.answers(), request)
        return self._planned

    def _follow(
        self, definition: definitions.Definition, answers: Answers, document: Document
    ) -> None:
        def answer(task: Task) -> Any:
            instead = answers.get(task.operation)
            return self._run(task) if instead is None else instead(task)

        Walk(definition, answer).of(document.normalised())

    def _run(self, task: Task) -> Any:
        """What the Task's operation answers, UNDEFINED where it is refused; the plan has either."""
        module = definitions.module_of(task.operation)
        if module is None or not hasattr(module, "run") or not hasattr(module, "report"):
            raise CannotPlan(task.state, f"what {task.operation} would change is not known")
        parameters = inspect.signature(module.run).parameters
        dependencies = self._dependencies_of(task, parameters)
        payload = _payload(task, module, next(iter(parameters.values())))
        with self._planned.refusals():
            result = module.run(payload, **dependencies)
            module.report(result, self._planned)
            return {**result, **_SUPPOSED.get(task.operation, {})}
        return _SUPPOSED.get(task.operation, UNDEFINED)

    def _dependencies_of(
        self, task: Task, parameters: Mapping[str, inspect.Parameter]
    ) -> Mapping[str, Any]:
        """What the operation's `run` takes beside the payload: clients by their services' names."""
        names = list(parameters)[1:]
        for name in names:
            if name not in self._dependencies and hasattr(clients, name):
                made = DryRunClient(self._client(name), self._organizations)
                self._dependencies[name] = made
            if (
                name not in self._dependencies
                and parameters[name].default is inspect.Parameter.empty
            ):
                raise CannotPlan(task.state, f"{task.operation} needs {name}, which no plan has")
        return {name: self._dependencies[name] for name in names if name in self._dependencies}

    def _without_the_refused(
        self, asked: Document, requirements: preflight.Requirements
    ) -> Document:
        """What is left once that is noted and taken out which is refused beforehand."""
        refused: dict[str, set[str]] = {}
        with self._planned.refusals():
            for problem in preflight.examine(requirements, self._surroundings).problems:
                self._planned.problems.append(problem.error.as_dict())
                for key, values in problem.refused.items():
                    refused.setdefault(key, set()).update(values)
        return without(asked, refused)


def _payload(task: Task, module: ModuleType, parameter: inspect.Parameter) -> Any:
    """The Task's payload as the operation's handler takes it."""
    model, payload = getattr(module, str(parameter.annotation)), task.payload()
    try:
        return model.model_validate(payload, extra="ignore")
    except ValidationError as error:
        raise CannotPlan(
            task.state, f"its payload is not valid for {task.operation}: {error}"
        ) from error
