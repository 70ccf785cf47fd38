"""Accounts as AWS has them, read at a pace that leaves most of AWS's rates to others.

For an account these are one ListParents, one ListTagsForResource where its document has tags, one
ListPoliciesForTarget for each type of its policies, and one GetAlternateContact for each of its
contacts; for each organizational unit that accounts are in one DescribeOrganizationalUnit and one
ListParents, once in a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from vending.errors.aws_errors import translate_aws_errors
from vending.frozen import frozen
from vending.organization.alternate_contacts import TYPES, present
from vending.organization.eligibility import parent_id
from vending.organization.ou_search import is_root
from vending.organization.policies import attached_to
from vending.organization.tags import tags_of
from vending.reconciliation.audit import SECONDS_PER_CALL
from vending.reconciliation.drift import Live, is_authoritative

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef


@frozen
class LiveAccounts:
    """The organization's accounts; `rest` blocks for seconds.

    `policy_types` are those that an authoritative document is about.
    """

    organizations: OrganizationsClient
    account: AccountClient
    policy_types: Sequence[str]
    rest: Callable[[float], None]
    _units: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def page(self, token: str | None) -> tuple[list[AccountTypeDef], str | None]:
        """Some of them, and the token of the next page; VendingError."""
        self.rest(SECONDS_PER_CALL)
        with translate_aws_errors():
            if token is None:
                found = self.organizations.list_accounts()
            else:
                found = self.organizations.list_accounts(NextToken=token)
        return found.get("Accounts", []), found.get("NextToken")

    def look(self, account: AccountTypeDef, document: Mapping[str, Any]) -> Live:
        """What the account has of what its document is about; VendingError."""
        account_id, everything = account["Id"], is_authoritative(document)
        kinds = {one["type"] for one in document.get("policies", ())}
        contacts = TYPES if everything else document.get("contacts", {})
        with translate_aws_errors():
            return Live(
                name=account.get("Name"),
                email=account.get("Email"),
                unit=self._unit_of(account_id) if document.get("organizationalUnit") else None,
                tags=self._tags(account_id) if everything or document.get("tags") else {},
                policies={
                    kind: self._attached(account_id, kind)
                    for kind in sorted(kinds | set(self.policy_types if everything else ()))
                },
                contacts={name: self._contact(account_id, name) for name in sorted(contacts)},
            )

    def _unit_of(self, child_id: str) -> tuple[str, ...]:
        self.rest(SECONDS_PER_CALL)
        parent = parent_id(child_id, self.organizations)
        if is_root(parent):
            return ()
        if parent not in self._units:
            self.rest(SECONDS_PER_CALL)
            unit = self.organizations.describe_organizational_unit(OrganizationalUnitId=parent)
            name = unit["OrganizationalUnit"]["Name"]
            self._units[parent] = (*self._unit_of(parent), name)
        return self._units[parent]

    def _tags(self, account_id: str) -> dict[str, str]:
        self.rest(SECONDS_PER_CALL)
        return tags_of(account_id, self.organizations)

    def _attached(self, account_id: str, kind: str) -> set[str]:
        self.rest(SECONDS_PER_CALL)
        return attached_to(self.organizations, account_id, kind)

    def _contact(self, account_id: str, name: str) -> tuple[str, ...] | None:
        self.rest(SECONDS_PER_CALL)
        return present(self.account, account_id, name)
