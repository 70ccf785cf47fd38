"""The organization as it is: every account with its place, tags, policies and contacts.

What lists give is read from lists: a page has twenty accounts, or twenty targets of a policy. Only
tags and contacts take a call or more for each account. All of it at AWS's published rates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.aws.environment import is_denied
from cli.aws.pace import Pace
from vending.request import ou_paths
from vending.request.contacts import Contacts

WORKERS = 8
"""Calls at once: AWS answers one in a tenth of a second or so, and takes ten a second."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An account and where it is.

    Attributes:
        account: as ListAccountsForParent has it.
        parent_id: the root or the unit that it is in.
        path: that unit's, as requests write it.
    """

    account: Mapping[str, Any]
    parent_id: str
    path: str

    @property
    def id(self) -> str:
        """Twelve digits."""
        return str(self.account["Id"])


class OrganizationReader:
    """Reads one organization.

    Args:
        organizations, account: boto3 clients.
        pace: holds up calls.
    """

    def __init__(self, organizations: Any, account: Any, *, pace: Pace) -> None:
        self._organizations, self._account, self._pace = organizations, account, pace
        self.are_contacts_known = True
        """Whether contacts may be read: trusted access for Account Management is a setting."""

    def accounts(self) -> list[Placed]:
        """Every account with its place, in the order of their ids."""
        found: list[Placed] = []
        with ThreadPoolExecutor(WORKERS) as pool:
            pending = {pool.submit(self._in, str(self._root()["Id"]), ())}
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for each in done:
                    placed, below = each.result()
                    found += placed
                    pending |= {pool.submit(self._in, *one) for one in below}
        return sorted(found, key=lambda each: each.id)

    def _in(
        self, parent_id: str, names: tuple[str, ...]
    ) -> tuple[list[Placed], list[tuple[str, tuple[str, ...]]]]:
        """The accounts directly in a unit, and the units directly below it."""
        path = ou_paths.join(names)
        accounts = [
            Placed(account=one, parent_id=parent_id, path=path)
            for one in self._listed("ListAccountsForParent", "Accounts", ParentId=parent_id)
        ]
        units = self._listed(
            "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent_id
        )
        return accounts, [(str(one["Id"]), (*names, str(one["Name"]))) for one in units]

    def policies(self, allowed: Collection[str] | None) -> dict[str, list[dict[str, str]]]:
        """{type, name} of the policies that are attached to accounts directly, by account.

        Not those that AWS attaches itself.

        Args:
            allowed: types that are looked at; None for all that are on.
        """
        found: dict[str, list[dict[str, str]]] = {}
        for each in self._root().get("PolicyTypes", []):
            kind = str(each["Type"])
            if each["Status"] != "ENABLED" or (allowed is not None and kind not in allowed):
                continue
            for policy in self._listed("ListPolicies", "Policies", Filter=kind):
                if policy.get("AwsManaged"):
                    continue
                named = {"name": str(policy["Name"]), "type": kind}
                for target in self._listed(
                    "ListTargetsForPolicy", "Targets", PolicyId=policy["Id"]
                ):
                    if target["Type"] == "ACCOUNT":
                        found.setdefault(str(target["TargetId"]), []).append(named)
        order = ("type", "name")
        return {
            key: sorted(each, key=lambda one: [one[name] for name in order])
            for key, each in found.items()
        }

    def tags(self, account_id: str) -> dict[str, str]:
        """An account's tags, AWS's own among them."""
        tags = self._listed("ListTagsForResource", "Tags", ResourceId=account_id)
        return {str(one["Key"]): str(one["Value"]) for one in tags}

    def contacts(self, account_id: str) -> dict[str, dict[str, str]] | None:
        """An account's alternate contacts, as requests write them; None where nobody may know."""
        found = {}
        for kind in Contacts.model_fields:
            if not self.are_contacts_known:
                return None
            self._pace.wait("GetAlternateContact")
            try:
                answer = self._account.get_alternate_contact(
                    AccountId=account_id, AlternateContactType=kind.upper()
                )["AlternateContact"]
            except self._account.exceptions.ResourceNotFoundException:
                continue
            except ClientError as error:
                if not is_denied(error):
                    raise
                self.are_contacts_known = False
                return None
            found[kind] = {
                "name": str(answer["Name"]),
                "title": str(answer["Title"]),
                "email": str(answer["EmailAddress"]),
                "phone": str(answer["PhoneNumber"]),
            }
        return found

    def _root(self) -> Mapping[str, Any]:
        """The one root."""
        (root,) = self._listed("ListRoots", "Roots")
        return root

    def _listed(self, operation: str, key: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """All pages of a list, each at its time."""
        call = getattr(self._organizations, _snake(operation))
        token: dict[str, str] = {}
        while True:
            self._pace.wait(operation)
            page = call(**parameters, **token)
            yield from page.get(key, [])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


def _snake(operation: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in operation).lstrip("_")
