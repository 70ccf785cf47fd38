"""What one organization consists of, and how its parts are looked up.

It is kept in moto's lists (`accounts`, `ou`, `policies`), where other parts of moto look for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import moto.organizations.urls
from moto.organizations.models import (
    FakeAccount,
    FakeOrganization,
    FakeRoot,
    OrganizationsBackend,
)
from moto.organizations.models import organizations_backends as backends

from embedded.core.context import current
from embedded.core.frozen import frozen
from embedded.core.partitions import REGIONS
from embedded.core.principal import caller
from embedded.eventbridge import cloudtrail
from embedded.organizations import directory
from embedded.organizations.creation import Creation
from embedded.organizations.directory import AwsAccount
from embedded.organizations.errors import OrganizationsError
from embedded.organizations.handshake import Handshake
from embedded.organizations.policy import Policy, default_policies
from embedded.organizations.settings import OrganizationSettings
from embedded.organizations.throttling import Throttle

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

LOCK = threading.RLock()
"""Guards every organization's state: requests and timers come from many threads."""

_SIGN_UP = (
    "ACCOUNT_CANNOT_LEAVE_WITHOUT_EULA",
    "ACCOUNT_CANNOT_LEAVE_WITHOUT_PHONE_VERIFICATION",
    "MEMBER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED",
)
"""What an account that was created in an organization lacks to stand alone: by the Reasons of the
refusals to let it go."""


class Account(FakeAccount):
    """A member or the management account.

    moto's constructor is not called: it dates the account by the wall clock and makes a role in it
    without policies.
    """

    def __init__(
        self,
        organization: FakeOrganization,
        *,
        account_id: str,
        name: str,
        email: str,
        joined_at: datetime.datetime,
        joined_method: str,
        tags: Mapping[str, str],
    ) -> None:
        self.type = "ACCOUNT"
        self.region = organization.region
        self.organization_id = organization.id
        self.master_account_id = organization.master_account_id
        self.id = account_id
        self.name = name
        self.email = email
        self.create_time = joined_at
        self.state = "ACTIVE"
        self.joined_method = joined_method
        self.parent_id = organization.root_id
        self.attached_policies: list[Any] = []
        self.tags = dict(tags)
        self.lacks = list(_SIGN_UP) if joined_method == "CREATED" else []

    @property
    def status(self) -> str:
        """The older of the two fields: it knows no CLOSED."""
        return "SUSPENDED" if self.state == "CLOSED" else str(self.state)

    def describe(self) -> dict[str, Any]:
        """The Account shape, without Paths."""
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Email": self.email,
            "Name": self.name,
            "Status": self.status,
            "State": self.state,
            "JoinedMethod": self.joined_method,
            "JoinedTimestamp": self.create_time,
        }


class Members(list[Account]):
    """Accounts in the order in which they joined, found by id without a look at all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._by_id: dict[str, Account] = {}

    def append(self, account: Account, /) -> None:
        """Add one."""
        super().append(account)
        self._by_id[account.id] = account

    def remove(self, account: Account, /) -> None:
        """Take one out."""
        super().remove(account)
        del self._by_id[account.id]

    def find(self, account_id: str) -> Account | None:
        """The account of that id."""
        return self._by_id.get(account_id)


@frozen
class EmailCode:
    """A code, the address that it was sent to, and until when it is good."""

    email: str
    code: str
    until: datetime.datetime


class OrganizationState(OrganizationsBackend):
    """One account's backend: the organization it manages, if it does."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.accounts: Members = Members()
        self.settings = OrganizationSettings()
        self.throttle = Throttle()
        self.root_features: set[str] = set()
        """IAM's features of central root access: RootCredentialsManagement, RootSessions."""
        self.trusted_services: dict[str, datetime.datetime] = {}
        """Services with access, by when they got it."""
        self.delegations: dict[str, dict[str, datetime.datetime]] = {}
        """By account id: since when it administers which service."""
        self.email_codes: dict[str, EmailCode] = {}
        """By account id: the code that was sent to the email which it is to have."""
        self.handshakes: dict[str, Handshake] = {}
        """What this organization asked of accounts, by id, oldest first."""
        self.creations: dict[str, Creation] = {}
        """Accepted requests for accounts, by id, oldest first."""
        self.closures: list[datetime.datetime] = []
        """When accounts began to close."""
        self.leaving: list[tuple[datetime.datetime, Account]] = []
        """Closed accounts by when they are gone, the earliest first."""
        self._generation = object()

    @property
    def _url_module(self) -> Any:
        # moto derives it from the class's module; `install` has put our responses in this one.
        return moto.organizations.urls

    def create(self, settings: OrganizationSettings, owner: AwsAccount) -> None:
        """Create this account's organization: a root with the management account in it."""
        region = REGIONS[self.partition]
        self.org = FakeOrganization(self.account_id, region, settings.feature_set)
        self.org.available_policy_types = []
        self.org.master_account_email = owner.email
        self.settings = settings
        self.ou.append(FakeRoot(self.org))
        # moto's list is of its own policies, which know only some types.
        self.policies.extend(default_policies(self.org))
        if settings.feature_set == "ALL":
            self.enable_policy_type("SERVICE_CONTROL_POLICY")
        directory.register(owner)
        self.add_account(
            Account(
                self.org,
                account_id=self.account_id,
                name=owner.name,
                email=owner.email,
                joined_at=self.now(),
                joined_method="INVITED",
                tags={},
            )
        )

    def add_account(self, account: Account) -> None:
        """Make `account` part of the organization, in its root, under the default policies."""
        self.accounts.append(account)
        self.attach_default_policies(account)
        if account.id != self.account_id:
            backends.master_accounts[account.id] = (self.account_id, self.partition)

    @property
    def root(self) -> Any:
        """The one root."""
        return self.ou[0]

    def is_policy_type_enabled(self, policy_type: str) -> bool:
        """Whether policies of the type work in the root."""
        return any(one["Type"] == policy_type for one in self.root.policy_types)

    def enable_policy_type(self, policy_type: str) -> None:
        """Let policies of a type work: AWS's default one of that type goes on every entity."""
        summary = {"Type": policy_type, "Status": "ENABLED"}
        self.root.policy_types.append(summary)
        if policy_type == "SERVICE_CONTROL_POLICY":
            self.org.available_policy_types = [dict(summary)]
        for entity in (*self.ou, *self.accounts):
            entity.attached_policies += self._defaults(policy_type)

    def attach_default_policies(self, entity: Any) -> None:
        """Attach AWS's default policies of every type that is on to a new OU or account."""
        for enabled in self.root.policy_types:
            entity.attached_policies += self._defaults(enabled["Type"])

    def _defaults(self, policy_type: str) -> list[Policy]:
        policies: list[Any] = self.policies
        return [one for one in policies if one.aws_managed and one.type == policy_type]

    def administers(self, account_id: str, principal: str | None = None) -> bool:
        """Whether the account is a delegated administrator, of `principal` or of any service."""
        services = self.delegations.get(account_id, {})
        return bool(services) if principal is None else principal in services

    def refuse_while_finalizing(self) -> None:
        """FinalizingOrganizationException while the organization initializes."""
        if current().clock.now() < self.settings.finalizing_until:
            raise OrganizationsError("FinalizingOrganizationException")

    def caller_id(self) -> str:
        """The account that makes the current call."""
        return caller.get().account_id

    def now(self) -> datetime.datetime:
        """Virtual time."""
        return current().clock.datetime()

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        """Run `call` after `seconds` of virtual time, unless the organization is gone by then.

        The call holds the lock.
        """
        generation = self._generation

        def run() -> None:
            with LOCK:
                if self._generation is generation:
                    call()

        current().clock.timer(seconds, run)

    def announce(self, event: cloudtrail.Event) -> None:
        """Have CloudTrail bring `event` to the bus, unless the organization is gone by then.

        The faults say of an event, by its name, that it comes late or never.

        Delivered without the lock: a target may call back.
        """
        generation = self._generation

        def deliver() -> None:
            if self._generation is generation:
                cloudtrail.publish(event)

        fault = current().faults.for_event(event.detail["eventName"])
        if fault.lost:
            return
        seconds = self.settings.event_seconds if fault.seconds is None else fault.seconds
        current().clock.timer(seconds, deliver)

    def find_account(self, account_id: str) -> Account | None:
        """The account of that id, closed ones included."""
        return self.accounts.find(account_id)

    def account(self, account_id: str) -> Account:
        """The account of that id, or AccountNotFoundException."""
        found = self.find_account(account_id)
        if found is None:
            raise OrganizationsError("AccountNotFoundException")
        return found

    def entity(self, entity_id: str) -> Any:
        """The account, root or OU of that id; None where there is none."""
        account = self.find_account(entity_id)
        return account or next((unit for unit in self.ou if unit.id == entity_id), None)

    def container(self, container_id: str, otherwise: str) -> Any:
        """The root or OU of that id, or the error `otherwise`."""
        found = next((unit for unit in self.ou if unit.id == container_id), None)
        if found is None:
            raise OrganizationsError(otherwise)
        return found

    def path(self, entity: Any) -> str:
        """Where an account or OU is: `o-…/r-…/ou-…/<its own id>/`."""
        ids = [entity.id]
        while (parent_id := entity.parent_id) is not None:
            ids.insert(0, parent_id)
            entity = self.container(parent_id, "ParentNotFoundException")
        return "/".join([self.org.id, *ids]) + "/"


def organization_of(account_id: str) -> OrganizationState | None:
    """The organization that `account_id` manages or is a member of; None when in none."""
    place = backends.master_accounts.get(account_id)
    places = [place] if place else [(account_id, partition) for partition in REGIONS]
    for manager, partition in places:
        # Asked for by index, moto would make the backends of every account that is looked up.
        backend = backends.get(manager, {}).get(partition)
        if backend is not None and backend.org:
            organization = cast("OrganizationState", backend)
            return organization if organization.find_account(account_id) else None
    return None
