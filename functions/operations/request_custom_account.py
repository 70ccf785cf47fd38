"""RequestCustomAccount: starts what a custom resource of CloudFormation asks for.

A creation or an update is a request as any other, of the account's own sender
`account-vending.cloudformation`, which AcceptRequest decides on again. A deletion changes nothing,
or by the setting begins the retirement, and that only of an account that was vended and whose stack
is not taking a failure back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from vending.authorization.authorization import Authorization
from vending.authorization.sender import CLOUDFORMATION_SOURCE, Sender
from vending.aws import clients
from vending.aws.clock import Clock, now, timestamp
from vending.aws.executions import account_id_of
from vending.aws.observability import log_request_id
from vending.custom_resource.event import EXECUTION_PREFIX, CustomResourceEvent, request_in
from vending.custom_resource.stacks import is_removal_wanted
from vending.entrances.requests import allowed
from vending.entrances.starts import REQUESTED, RETIREMENT_REQUESTED, start
from vending.errors.exceptions import RequestInvalid
from vending.frozen import frozen
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.request import validators
from vending.request.account_request import AccountRequest
from vending.request.request_ids import namespace_of, qualified
from vending.states import FINAL

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.authorization.request_policy import RequestPolicy

_STARTS = {"dynamodb:GetItem", "states:StartExecution"}
CALLS_BY_SETTING = {
    "keep": _STARTS,
    "retire": _STARTS | {"cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks"},
}
CALLS = CALLS_BY_SETTING["keep"] | CALLS_BY_SETTING["retire"]


class RequestCustomAccount(Model):
    """What CloudFormation asks.

    Attributes:
        problems: why its properties were not passed on.
        attempt: from 1, how often this is started; again after another execution of the request.
    """

    execution_arn: str
    event: CustomResourceEvent
    problems: list[str] = Field([])
    attempt: Annotated[int, Field(ge=1)] = 1


@frozen
class Retiring:
    """What a deletion needs where the setting is `retire`."""

    machine_arn: str
    cloudformation: CloudFormationClient


def run(
    payload: RequestCustomAccount,
    *,
    ledger: Ledger,
    stepfunctions: SFNClient,
    machine_arn: str,
    policy: RequestPolicy,
    retiring: Retiring | None,
    clock: Clock = now,
) -> Json:
    """{executionArn, isOfAnother, accountId, physicalResourceId} of what was started.

    executionArn: null where there is nothing to wait for. isOfAnother: nothing was started, as the
    execution has the request, perhaps with other content; it is to be asked again once that has
    ended. accountId: of an account whose retirement was started, else null. RequestInvalid and
    RequestNotAllowed with every problem.
    """
    return _Asked(
        payload=payload,
        ledger=ledger,
        stepfunctions=stepfunctions,
        machine_arn=machine_arn,
        policy=policy,
        retiring=retiring,
        clock=clock,
    ).run()


@frozen
class _Asked:
    payload: RequestCustomAccount
    ledger: Ledger
    stepfunctions: SFNClient
    machine_arn: str
    policy: RequestPolicy
    retiring: Retiring | None
    clock: Clock

    def run(self) -> Json:
        event = self.payload.event
        if event.request_type == "Delete":
            return self._retired()
        if self.payload.problems:
            raise RequestInvalid(self.payload.problems)
        own = self._own()
        raw = request_in(event.resource_properties)
        problems = self._identified(raw, own)
        request = self._allowed(raw, own, problems)
        log_request_id(request.request_id)
        if (other := self._at_work(request.request_id)) is not None:
            return _answer(request.request_id, execution_arn=other, is_of_another=True)
        arn = self._start(self.machine_arn, REQUESTED, raw, own.sender)
        return _answer(request.request_id, execution_arn=arn)

    def _at_work(self, request_id: str) -> str | None:
        """The execution that has the request, as of a deployment that was given up before.

        With the same content it would be a duplicate, with other content refused: a rollback must
        not fail because what it takes back goes on. One that has ended is waited for no more.
        """
        row = self.ledger.get(request_id)
        if row is None or row["state"] in FINAL or self.payload.attempt > 1:
            return None
        holder = row.get("executionArn")
        own = holder is not None and holder.rpartition(":")[2] == self._name
        return None if own else holder

    def _identified(self, raw: dict[str, Any], own: Authorization) -> list[str]:
        """Give an update the id that its resource has; what is wrong with one that it names."""
        known = self.payload.event.physical_resource_id
        if known is None:
            return []
        given = raw.get("requestId")
        raw["requestId"] = known
        namespace = None if own.requester is None else own.name
        if given is None or (isinstance(given, str) and qualified(given, namespace) == known):
            return []
        said = f"is {validators.shown(known)} for this resource, and stays"
        return [f"requestId: {said}; give the resource another logical id, or leave the key out"]

    def _allowed(
        self, raw: dict[str, Any], own: Authorization, problems: list[str]
    ) -> AccountRequest:
        try:
            request = allowed(raw, own, asks="the stack")
        except RequestInvalid as error:
            raise RequestInvalid([*error.problems, *problems]) from None
        if problems:
            raise RequestInvalid(problems)
        return request

    def _retired(self) -> Json:
        """Nothing, unless the account was vended and somebody wants it to go."""
        known, event = self.payload.event.physical_resource_id or "", self.payload.event
        kept = _answer(known)
        if self.retiring is None or validators.request_id(known):
            return kept
        row = self.ledger.get(known)
        account_id = row.get("accountId") if row is not None and row["state"] in FINAL else None
        record = self.ledger.accounts.get(account_id) if account_id else None
        if record is None or not record.get("revision"):
            return kept
        if not is_removal_wanted(event.stack_id, self.retiring.cloudformation):
            return kept
        # Not before: what the request policy refuses must not fail a rollback.
        own = self._own()
        if own.requester is not None and namespace_of(known) != own.name:
            return kept
        detail = {
            "accountId": account_id,
            "action": "retire",
            "reason": f"{event.logical_resource_id} was deleted from the stack "
            f"{event.stack_id.split('/')[1]}",
        }
        arn = self._start(self.retiring.machine_arn, RETIREMENT_REQUESTED, detail, own.sender)
        return _answer(known, execution_arn=arn, account_id=account_id)

    def _own(self) -> Authorization:
        here = account_id_of(self.payload.execution_arn)
        sender = Sender(
            account=here,
            source=CLOUDFORMATION_SOURCE,
            event_id=self._name,
            sent_at=timestamp(self.clock()),
        )
        return Authorization.of(sender, self.policy, here=here)

    def _start(
        self, machine_arn: str, detail_type: str, detail: dict[str, Any], sender: Sender
    ) -> str:
        stack = self.payload.event.stack_id[: validators.REQUESTED_BY_MAX]
        return start(
            self.stepfunctions,
            machine_arn,
            name=self._name,
            detail_type=detail_type,
            detail={**detail, "requestedBy": stack},
            sender=sender,
        ).execution_arn

    @property
    def _name(self) -> str:
        again = "" if self.payload.attempt == 1 else f"-{self.payload.attempt}"
        return f"{EXECUTION_PREFIX}{self.payload.event.delivery_id}{again}"


def _answer(
    physical_resource_id: str,
    *,
    execution_arn: str | None = None,
    is_of_another: bool = False,
    account_id: str | None = None,
) -> Json:
    return {
        "executionArn": execution_arn,
        "isOfAnother": is_of_another,
        "accountId": account_id,
        "physicalResourceId": physical_resource_id,
    }


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "" if result["executionArn"] else "nothing to do"


@operation(RequestCustomAccount)
def handler(payload: RequestCustomAccount) -> Json:
    """The Lambda entrance."""
    settled = settings.read(settings.CustomResourceSettings)
    retiring = None
    if settled.on_delete == "retire":
        retiring = Retiring(
            machine_arn=settled.retirement_state_machine_arn,
            cloudformation=clients.cloudformation(),
        )
    return run(
        payload,
        ledger=wiring.ledger(),
        stepfunctions=clients.stepfunctions(),
        machine_arn=settled.state_machine_arn,
        policy=wiring.request_policy(),
        retiring=retiring,
    )
