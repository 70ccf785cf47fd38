"""The deployed stack as the command uses it: outputs, event bus, ledger, executions.

The same code speaks to AWS, to any AWS-compatible endpoint, and to the embedded AWS.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions
from botocore.config import Config

from cli.aws.environment import code_of, session_of_environment
from cli.aws.event_bus import EventBus
from cli.aws.ledger_reader import LedgerReader, LedgerRow
from cli.output.failure import CommandError
from vending.aws.executions import is_over
from vending.states import FINAL

if TYPE_CHECKING:
    from vending.authorization.authorization import Authorization
    from vending.authorization.request_policy import RequestPolicy

STACK_NAME = "AccountVending"
REGION = "us-east-1"
SOURCE = "account-vending.cli"
MERGED_SOURCE = "account-vending.merges"
"""Of a pipeline that carries out reviewed changes: the policy of its role pins it."""
DETAIL_TYPE = "AccountRequested"
OUTPUTS = ("StateMachineArn", "EventBusName", "LedgerTableName", "DeadLetterQueueUrl")
PORTAL_OUTPUTS = ("PortalUrl", "PortalBucketName", "PortalSignIn")
EVENTS_PER_PAGE = 100


class Stack:
    """One deployed account-vending stack.

    Args:
        session: whose credentials and region to use.
        endpoint_url: where to send every call; None follows AWS's own rules and environment.

    Raises:
        CommandError: the stack is not deployed there, or is not this product's.
    """

    def __init__(self, session: boto3.session.Session, *, endpoint_url: str | None = None) -> None:
        region = session.region_name or REGION
        # No proxy stands between this process and an address it was given by hand.
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 5},
            proxies={} if endpoint_url else None,
        )
        place: dict[str, Any] = {
            "region_name": region,
            "endpoint_url": endpoint_url,
            "config": config,
        }
        self._formation = session.client("cloudformation", **place)
        self._states = session.client("stepfunctions", **place)
        self._session, self._place = session, place
        self.region = region
        self.source = SOURCE
        """Of the events that are put: by it the request policy knows who sends them."""
        self.endpoint_url = str(self._states.meta.endpoint_url)
        outputs = self._outputs()
        self.state_machine_arn = outputs["StateMachineArn"]
        self.event_bus_name = outputs["EventBusName"]
        self._bus = EventBus(client=session.client("events", **place), name=self.event_bus_name)
        self.ledger = LedgerReader(
            client=session.client("dynamodb", **place), table_name=outputs["LedgerTableName"]
        )
        self.dead_letter_queue_url = outputs["DeadLetterQueueUrl"]
        self.audit_bucket_name = outputs.get("AuditBucketName")
        """None where the stack keeps no audit trail."""
        self.portal: Mapping[str, str] | None = (
            {name: outputs[name] for name in PORTAL_OUTPUTS} if "PortalUrl" in outputs else None
        )
        """The portal's outputs; None where the stack has none."""
        self.setup_machine_arn = outputs.get("OrganizationSetupStateMachineArn", "")
        """Empty where an earlier version is deployed."""
        self.retirement_machine_arn = outputs.get("AccountRetirementStateMachineArn", "")
        """Empty where an earlier version is deployed."""
        self.service_principals = _listed(outputs, "ServicePrincipals")
        """The services that may be enabled; None where an earlier version is deployed."""
        self.forced_service_principals = _listed(outputs, "ForcedServicePrincipals") or frozenset()
        """Those of them that are enabled even where AWS wants the service itself to do it."""
        self.policy_types = _listed(outputs, "PolicyTypes")
        """The types of policies that may be used; None where an earlier version is deployed."""
        self.invited_account_role_names = _listed(outputs, "InvitedAccountRoleNames") or frozenset()
        """The roles that may accept invitations; by default there are none."""
        self.retirement_protected_tag = outputs.get("RetirementProtectedTag", "")
        """The tag that keeps accounts; empty where none does, or an earlier version is deployed."""

    @classmethod
    def from_environment(cls) -> Stack:
        """The stack that AWS's environment variables and profiles lead to."""
        return cls(session_of_environment())

    @classmethod
    def embedded(cls, endpoint_url: str) -> Stack:
        """The stack on an embedded AWS in this process; no profile or credential is read."""
        from embedded.core.sessions import isolated  # noqa: PLC0415 -- not installed everywhere

        return cls(isolated(), endpoint_url=endpoint_url)

    @property
    def authorization(self) -> Authorization | None:
        """What the deployed request policy says of who sends requests from here; as below."""
        return self.authorization_of(self.source)

    def authorization_of(self, source: str) -> Authorization | None:
        """What the deployed request policy says of who sends events of the source from here.

        None where it cannot be read: an earlier version is deployed, or the caller may not.

        Raises:
            RequestNotAllowed: the policy does not have this sender.
        """
        from vending.authorization.authorization import Authorization  # noqa: PLC0415 -- pydantic is slow to import
        from vending.authorization.sender import Sender  # noqa: PLC0415

        policy = self._request_policy
        if policy is None:
            return None
        sender = Sender(account=self.account_id, source=source)
        return Authorization.of(sender, policy, here=self.account_id)

    @cached_property
    def _request_policy(self) -> RequestPolicy | None:
        """What was deployed; asked once, whether it has this sender or not."""
        from vending.authorization.request_policy import parse_policy  # noqa: PLC0415 -- pydantic is slow to import

        try:
            summary = self._formation.get_template_summary(StackName=STACK_NAME)
        except exceptions.ClientError as error:
            if code_of(error) not in {"AccessDenied", "AccessDeniedException"}:
                raise
            return None
        raw = json.loads(summary.get("Metadata") or "{}").get("RequestPolicy")
        return None if raw is None else parse_policy(raw)

    def owned_id(self, request_id: str) -> str:
        """The id by which the ledger has a request of ours.

        Raises:
            RequestNotAllowed: it is another requester's, or the request policy has nothing for us.
        """
        known = self.authorization
        return request_id if known is None else known.own_id(request_id)

    @property
    def account_id(self) -> str:
        """The management account's id."""
        return self.state_machine_arn.split(":")[4]

    @property
    def is_on_this_machine(self) -> bool:
        """Whether calls go no further than the loopback interface."""
        host = urlsplit(self.endpoint_url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def client(self, service: str) -> Any:
        """A client of another service, in the same place and with the same credentials."""
        return self._session.client(service, **self._place)  # type: ignore[call-overload]

    def definition(self, machine_arn: str | None = None) -> str:
        """The definition of a state machine, of the one that vends by default; JSON text."""
        answer = self._states.describe_state_machine(
            stateMachineArn=machine_arn or self.state_machine_arn
        )
        return str(answer["definition"])

    def start_setup(self, document: Mapping[str, Any]) -> str:
        """Start bringing the organization to what the document says; the execution's ARN."""
        answer = self._states.start_execution(
            stateMachineArn=self.setup_machine_arn,
            input=json.dumps(document, ensure_ascii=False),
        )
        return str(answer["executionArn"])

    def execution(self, execution_arn: str) -> dict[str, Any]:
        """{status, output, error, cause} of an execution; the last three where they are there."""
        answer = self._states.describe_execution(executionArn=execution_arn)
        return {key: answer[key] for key in ("status", "output", "error", "cause") if key in answer}

    def stop(self, execution_arn: str, *, error: str, cause: str) -> None:
        """Stop an execution; nothing where it has ended."""
        self._states.stop_execution(executionArn=execution_arn, error=error, cause=cause)

    @cached_property
    def caller(self) -> str:
        """The ARN of whoever's credentials these are."""
        return str(self.client("sts").get_caller_identity()["Arn"])

    def put_event(
        self, detail_type: str, detail: Mapping[str, Any], *, source: str | None = None
    ) -> str:
        """Put one event on the bus; its id.

        Raises:
            CommandError: EventBridge did not take it.
        """
        return self._bus.put_one(source or self.source, detail_type, detail)

    def publish(self, details: Sequence[Mapping[str, Any]]) -> list[str]:
        """Send one `AccountRequested` event per detail.

        Returns:
            For each detail, in order, why EventBridge did not take it; empty where it did.
        """
        return self._bus.put(self.source, DETAIL_TYPE, details)

    def execution_status(self, execution_arn: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; None when AWS knows it no more."""
        try:
            answer = self._states.describe_execution(executionArn=execution_arn)
        except self._states.exceptions.ExecutionDoesNotExist:
            return None
        return str(answer["status"])

    def history(self, execution_arn: str, *, after: int) -> list[dict[str, Any]]:
        """The execution's history events with an id above `after`, in order."""
        events: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            answer = self._states.get_execution_history(
                executionArn=execution_arn,
                reverseOrder=True,
                maxResults=EVENTS_PER_PAGE,
                **token,  # type: ignore[arg-type]
            )
            events += [dict(event) for event in answer["events"] if event["id"] > after]
            reached = any(event["id"] <= after + 1 for event in answer["events"])
            if reached or not answer.get("nextToken"):
                return sorted(events, key=lambda event: int(event["id"]))
            token = {"nextToken": answer["nextToken"]}

    def _outputs(self) -> dict[str, str]:
        try:
            stacks = self._formation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        except exceptions.ClientError as error:
            if code_of(error) != "ValidationError":
                raise
            elsewhere = (
                f"Set AWS_DEFAULT_REGION={REGION}, where it belongs; or deploy"
                if self.region != REGION
                else "Deploy"
            )
            raise CommandError(
                f"the stack {STACK_NAME} is not deployed in {self.region} of this AWS account",
                remedy=f"{elsewhere} it with `make deploy`, choose another account with "
                "AWS_PROFILE, or try everything on this machine with `--local`",
            ) from None
        outputs = {
            str(output["OutputKey"]): str(output["OutputValue"])
            for output in stacks[0].get("Outputs", [])
        }
        missing = [name for name in OUTPUTS if name not in outputs]
        if missing:
            status = stacks[0]["StackStatus"]
            raise CommandError(
                f"the stack {STACK_NAME} is {status} and lacks the outputs {', '.join(missing)}",
                remedy="Wait until its deployment is complete, or run `make deploy`",
            )
        return outputs


def goes_on(stack: Stack, row: LedgerRow | None) -> bool:
    """Whether an execution is at work on the row's request."""
    record = row.record if row else {}
    arn = record.get("executionArn")
    is_open = bool(arn) and record.get("state") not in FINAL
    return is_open and not is_over(stack.execution_status(str(arn)))


def _listed(outputs: Mapping[str, str], name: str) -> frozenset[str] | None:
    return frozenset(outputs[name].split()) if name in outputs else None
