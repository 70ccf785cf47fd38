"""The embedded AWS Organizations in this process, for a test to arrange and to disturb.

The operations call it through boto3 and moto as they call AWS; what a test does here it does to the
organization's state, past the API. Creations are decided when the test says so.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from botocore.exceptions import ReadTimeoutError
from moto.organizations.models import FakeOrganizationalUnit
from moto.organizations.utils import DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID

from embedded import ACCOUNT_ID, control_planes, organizations
from embedded.core import context
from embedded.core.clock import Clock
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.core.principal import Principal, caller
from embedded.organizations import OrganizationSettings, directory
from embedded.organizations.directory import AwsAccount
from embedded.organizations.govcloud import GovCloudCreations
from embedded.organizations.handshake import Handshake
from embedded.organizations.handshakes import Handshakes
from embedded.organizations.invitations import Invitations
from embedded.organizations.paging import page
from embedded.organizations.policy import Policy
from embedded.organizations.state import Account, OrganizationState
from tests.unit.functions import shown
from tests.unit.functions.executions import Executions, Refusal
from tests.unit.functions.shown import Dated, Listed, Thing

__all__ = ["MANAGEMENT_ACCOUNT_ID", "PAGE", "ROOT_ID", "Organization", "Refusal"]

MANAGEMENT_ACCOUNT_ID = ACCOUNT_ID
ROOT_ID = "r-abcd"
PAGE = 2
_MANY = 10_000
_ORGANIZATION_ID = "o-exampleorgid"
_DEFAULT_POLICIES = {DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID}
_DAYS = datetime.timedelta(days=90)
_ACTIONS = {"ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"}


class _TestsClock(Clock):
    """The test's time. What AWS would do later by itself, the test has it do."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now

    def now(self) -> float:
        """Epoch seconds."""
        return self._now()

    def timer(self, virtual_seconds: float, call: object, *args: object) -> Any:
        """Never."""


class Organization(Executions):
    """Calls of Organizations, IAM and STS go to the embedded AWS; those of Step Functions here."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.credentials = Credentials()
        self._before = list(context._active)
        context.activate(
            context.Context(
                clock=_TestsClock(clock), faults=Faults.none(), credentials=self.credentials
            )
        )
        control_planes.install()
        caller.set(Principal())
        organizations.reset_organization(
            OrganizationSettings(
                account_limit=_MANY, creations_in_progress=_MANY, standalone=(), throttled=False
            )
        )
        state = organizations.organization_of(ACCOUNT_ID)
        assert state is not None
        self.state: OrganizationState = state
        management = state.account(ACCOUNT_ID)
        state.org.id = management.organization_id = _ORGANIZATION_ID
        state.org.root_id = state.root.id = management.parent_id = ROOT_ID
        self.answers: dict[str, Callable[..., dict[str, Any]]] = {}
        """By operation: what is answered in the embedded AWS's place."""
        self._planned: dict[str, list[Callable[[], None]]] = {}
        self._lost: list[str] = []
        self._numbers = itertools.count(1)

    def end(self) -> None:
        """Leave the embedded AWS as it was."""
        caller.set(Principal())
        context._active[:] = self._before

    # What happens to calls.

    def refuse(self, operation: str, code: str, reason: str | None = None, **more: Any) -> None:
        """Refuse the operation's next call."""

        def plan() -> None:
            raise Refusal(code, reason, **more)

        self._planned.setdefault(operation, []).append(plan)

    def break_connection(self, operation: str, error: Exception) -> None:
        """Raise `error` in place of the operation's next call."""

        def plan() -> None:
            raise error

        self._planned.setdefault(operation, []).append(plan)

    def lose_answer(self, operation: str) -> None:
        """Act on the operation's next call, and let nobody know."""
        self._lost.append(operation)

    def before(self, operation: str, act: Callable[[], None]) -> None:
        """Let somebody else act just before the operation's next call."""
        self._planned.setdefault(operation, []).append(act)

    def answer(
        self, service: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any] | None:
        """What is answered here, None where the embedded AWS does it; Refusal, or an exception of
        botocore's, as planned.
        """
        plans = self._planned.get(operation)
        if plans:
            plans.pop(0)()
        if operation in self.answers:
            return self.answers[operation](**parameters)
        if service == "stepfunctions":
            answer: dict[str, Any] = getattr(self, operation)(**parameters)
            return answer
        return None

    def act_as(self, access_key_id: str) -> None:
        """Have the next call be made by whom the key belongs to."""
        caller.set(self._principal(access_key_id))

    def account_of(self, access_key_id: str) -> str:
        """The account that calls with this key act in."""
        return self._principal(access_key_id).account_id

    def lose(self, operation: str) -> None:
        """ReadTimeoutError where the answer to this call is to be lost."""
        if operation in self._lost:
            self._lost.remove(operation)
            raise ReadTimeoutError(endpoint_url="https://organizations.example.com")

    def put_an_empty_page_in_front(
        self, model: Any, parameters: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        """As AWS may answer a List operation."""
        members = model.output_shape.members if model.output_shape else {}
        if "NextToken" not in members or "NextToken" in parameters:
            return
        (key,) = (name for name, shape in members.items() if shape.type_name == "list")
        answer[key] = []
        answer["NextToken"] = page(model.name, key, [key], {"MaxResults": 0})["NextToken"]

    # What there is.

    @property
    def accounts(self) -> Listed:
        """The member accounts."""
        return Listed(
            self.state.accounts,
            shown.ACCOUNT,
            shown=lambda one: one.id != MANAGEMENT_ACCOUNT_ID,
            before_set=self._have_parent,
        )

    @property
    def units(self) -> Listed:
        """The organizational units."""
        return Listed(
            self.state.ou,
            shown.UNIT,
            lambda unit: {"Id": unit.id, "Name": unit.name},
            lambda unit: unit.parent_id is not None,
        )

    @property
    def creations(self) -> Listed:
        """The accepted requests for accounts."""
        return Listed(self.state.creations, shown.CREATION)

    @property
    def handshakes(self) -> Listed:
        """Whatever the organization has asked."""
        return Listed(self.state.handshakes, shown.HANDSHAKE)

    @property
    def policies(self) -> Listed:
        """The policies that are not AWS's own."""
        return Listed(
            self.state.policies, shown.POLICY, shown=lambda one: one.id not in _DEFAULT_POLICIES
        )

    @property
    def service_access(self) -> Dated:
        """The services with trusted access."""
        return Dated(self.state.trusted_services, self.state.now)

    @service_access.setter
    def service_access(self, services: Dated) -> None:
        assert set(services) == set(self.state.trusted_services)

    @property
    def root_features(self) -> set[str]:
        """IAM's features of central root access."""
        return self.state.root_features

    @property
    def feature_set(self) -> str:
        """The organization's feature set."""
        return str(self.state.org.feature_set)

    @feature_set.setter
    def feature_set(self, feature_set: str) -> None:
        self.state.org.feature_set = feature_set

    @property
    def final_action(self) -> Any:
        """The Action of the handshake that the management account accepts in the end."""
        return self.state.settings.all_features_action

    @final_action.setter
    def final_action(self, action: Any) -> None:
        self.state.settings = replace(self.state.settings, all_features_action=action)

    # What a test puts there.

    def add_account(
        self, *, email: str, name: str = "Sandbox", account_id: str = "", **more: Any
    ) -> str:
        """An account that is there, in the root; its id."""
        account_id = account_id or f"{next(self._numbers):012}"
        directory.register(AwsAccount(id=account_id, email=email, name=name))
        account = Account(
            self.state.org,
            account_id=account_id,
            name=name,
            email=email,
            joined_at=self.state.now(),
            joined_method="CREATED",
            tags={},
        )
        self.state.add_account(account)
        self.accounts[account_id].update(more)
        return account_id

    def add_unit(self, name: str, parent: str = ROOT_ID, unit_id: str = "") -> str:
        """An organizational unit; its id."""
        unit = FakeOrganizationalUnit(self.state.org, Name=name, ParentId=parent)
        unit.id = unit_id or f"ou-abcd-{next(self._numbers):08}"
        self.state.ou.append(unit)
        self.state.attach_default_policies(unit)
        return str(unit.id)

    def add_policy(
        self,
        name: str = "Guard",
        content: str = "{}",
        *,
        Type: str = "SERVICE_CONTROL_POLICY",  # noqa: N803
        Description: str = "",  # noqa: N803
        AwsManaged: bool = False,  # noqa: N803
    ) -> str:
        """A policy that is there; its id."""
        policy = Policy(
            organization=self.state.org,
            name=name,
            description=Description,
            type=Type,
            content=content,
            tags={},
            aws_managed=AwsManaged,
        )
        policies: list[Any] = self.state.policies
        policies.append(policy)
        return policy.id

    def attach(self, policy_id: str, target_id: str) -> None:
        """Attach a policy."""
        entities: list[Any] = [*self.state.ou, *self.state.accounts]
        (target,) = (one for one in entities if one.id == target_id)
        target.attached_policies.append(self.policies[policy_id].thing)

    def create_account(self, email: str, name: str = "Sandbox", **more: Any) -> str:
        """A creation that somebody else began; its id."""
        with self._as(MANAGEMENT_ACCOUNT_ID):
            answer = GovCloudCreations(self.state).create_account(
                Email=email, AccountName=name, **more
            )
        return str(answer["CreateAccountStatus"]["Id"])

    def finish(self, creation_id: str | None = None, failure: str | None = None) -> str | None:
        """End a creation (the last one if none is named); the account's id where there is one."""
        creation = self.state.creations[creation_id or list(self.state.creations)[-1]]
        with self._as(MANAGEMENT_ACCOUNT_ID):
            GovCloudCreations(self.state).complete(creation, failure)
        return creation.account_id

    def add_handshake(
        self, asked: str | None = None, state: str = "OPEN", action: str | None = None
    ) -> str:
        """A handshake about all features, for a member or (None) the last word; its id."""
        (of_members,) = _ACTIONS - {self.final_action}
        handshake = Handshake(
            action=action or (of_members if asked else self.final_action),
            owner_id=MANAGEMENT_ACCOUNT_ID,
            organization_id=self.state.org.id,
            partition=self.state.partition,
            requested_at=self.state.now(),
            lifetime=_DAYS,
            resources=[],
            recipient={"Type": "ACCOUNT", "Id": asked} if asked else None,
            account_id=asked,
            accepted=lambda _: None,
            state=state,
        )
        Handshakes(self.state).send(handshake)
        return handshake.id

    def add_invitation(self, target: dict[str, str], notes: str = "") -> Thing:
        """An open invitation."""
        with self._as(MANAGEMENT_ACCOUNT_ID):
            answer = Invitations(self.state).invite_account_to_organization(
                Target=target, Notes=notes
            )
        return self.handshakes[answer["Handshake"]["Id"]]

    def end_invitation(self, handshake_id: str, state: str) -> None:
        """Answer an invitation; whoever accepts becomes a member."""
        handshake = self.state.handshakes[handshake_id]
        if state != "ACCEPTED":
            handshake.end(state, self.state.now())
            return
        assert handshake.recipient is not None
        asked = handshake.recipient["Id"]
        if handshake.recipient["Type"] == "ACCOUNT":
            owner = directory.register(
                AwsAccount(id=asked, email="owner@example.com", name="Sandbox")
            )
        else:
            owner = directory.by_email(self.state.partition, asked) or directory.register(
                AwsAccount(id=f"{next(self._numbers):012}", email=asked, name="Sandbox")
            )
        with self._as(owner.id):
            Handshakes(self.state).accept_handshake(HandshakeId=handshake_id)

    def _principal(self, access_key_id: str) -> Principal:
        principal = self.credentials.principal(access_key_id)
        assert principal is not None
        return principal

    def _have_parent(self, name: str, value: Any) -> None:
        """Where an account is put there is a unit."""
        if name == "parent" and value != ROOT_ID and value not in self.units:
            self.add_unit(value, unit_id=value)

    @contextmanager
    def _as(self, account_id: str) -> Iterator[None]:
        token = caller.set(Principal(account_id=account_id))
        try:
            yield
        finally:
            caller.reset(token)
