"""An organization that grew by hand: accounts in units, with tags, policies and contacts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from moto.organizations.models import FakeOrganizationalUnit

from embedded import ACCOUNT_ID
from embedded.organizations import directory, organization_of
from embedded.organizations.directory import AwsAccount
from embedded.organizations.state import LOCK, Account
from tests.builders import policy_content

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

SCP = "SERVICE_CONTROL_POLICY"
READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan")


def seed(count: int, *, units: int = 4) -> list[str]:
    """Put `count` accounts in the organization at once, two tags each, spread over units.

    Nobody asked for them by any call: creating 2,000 would take AWS hours.
    """
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    ids = []
    with LOCK:
        places = [_unit(organization, f"Unit {number}") for number in range(units)]
        for number in range(count):
            account_id = f"{200000000000 + number}"
            name, email = f"Account {number}", f"account{number}@example.com"
            directory.register(AwsAccount(id=account_id, email=email, name=name))
            account = Account(
                organization.org,
                account_id=account_id,
                name=name,
                email=email,
                joined_at=organization.now(),
                joined_method="CREATED",
                tags={"team": f"team {number % 7}", "cost-centre": f"{number:04}"},
            )
            organization.add_account(account)
            account.parent_id = places[number % units].id
            ids.append(account_id)
    return ids


def _unit(organization: Any, name: str) -> Any:
    unit = FakeOrganizationalUnit(
        organization.org, Name=name, ParentId=organization.org.root_id, Tags=[]
    )
    organization.ou.append(unit)
    organization.attach_default_policies(unit)
    return unit


def attach_guard(vending: Vending, ids: Sequence[str], name: str = "Guard") -> str:
    """A service control policy on these accounts; its id."""
    policy_id = vending.organizations.create_policy(
        Name=name, Type=SCP, Description="", Content=policy_content(200)
    )["Policy"]["PolicySummary"]["Id"]
    for account_id in ids:
        vending.organizations.attach_policy(PolicyId=policy_id, TargetId=account_id)
    return str(policy_id)


def path_of(account_id: str) -> str:
    """Where an account is, without a call: of its kind AWS takes two a second."""
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    names: list[str] = []
    place = organization.account(account_id).parent_id
    while place != organization.org.root_id:
        unit = organization.container(place, "ParentNotFoundException")
        names.insert(0, unit.name)
        place = unit.parent_id
    return "/" + "/".join(names)


def write(folder: Path, name: str, document: Any) -> Path:
    """A document in a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return path


def edit(path: Path, **changes: Any) -> None:
    """Change keys of a document, as a person does in an editor."""
    document = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(document | changes, sort_keys=False))


_OF_THE_STACK = "assumed-role/AccountVending-"


def writes(vending: Vending) -> list[str]:
    """The calls that may have changed something, since the calls were last forgotten.

    Those of the stack's own roles are left out: executions that go on, and what follows on those
    that have ended, such as their announcements and the audit trail, take their time.
    """
    return [
        f"{call.service}:{call.operation}"
        for call in vending.aws.context.calls
        if not call.operation.startswith(READS) and _OF_THE_STACK not in call.caller
    ]


def reads(vending: Vending, operation: str) -> int:
    """How often an operation was called since the calls were last forgotten."""
    return sum(call.operation == operation for call in vending.aws.context.calls)
