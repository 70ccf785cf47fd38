"""What files of accounts are held against, read from the ledger and the organization together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from cli.aws.inventory import KnownAccount, known_accounts, requests_in
from cli.aws.ledger_reader import LedgerRow
from cli.aws.stack import Stack
from cli.fleet.one_look import OneLook
from cli.input.fleet import Fleet
from vending.errors.exceptions import RequestNotAllowed
from vending.ledger import keys
from vending.ledger.item_types import AccountRecord, Row
from vending.states import IN_FLIGHT, State


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the files are held against.

    Attributes:
        listed: the organization's accounts by id, as ListAccounts has them.
        known: the ledger's accounts, a moment late.
        rows, records: what the ledger has at this moment of the files' requests, by their ids.
        retirements: likewise, by account.
        unfinished: requests that are under way or failed, by account.
        own_ids: the requests' ids as the ledger has them, by those of the files.
        refusals: why a request is not ours to send.
    """

    stack: Stack
    client: Callable[[str], OneLook]
    listed: Mapping[str, Any]
    known: Mapping[str, KnownAccount]
    rows: Mapping[str, LedgerRow]
    records: Mapping[str, AccountRecord]
    retirements: Mapping[str, Mapping[str, Any]]
    unfinished: Mapping[str, Row]
    own_ids: Mapping[str, str]
    refusals: Mapping[str, RequestNotAllowed]

    @classmethod
    def read(cls, stack: Stack, fleet: Fleet) -> Facts:
        """Look at the ledger and at the organization."""

        @cache
        def client(service: str) -> OneLook:
            return OneLook(stack.client(service))

        own_ids, refusals = dict[str, str](), dict[str, RequestNotAllowed]()
        for file in fleet.files:
            request_id = file.submission.request_id
            try:
                own_ids[request_id] = stack.owned_id(request_id)
            except RequestNotAllowed as error:
                refusals[request_id] = error
        rows = stack.ledger.rows(list(own_ids.values()))
        contents = {
            own_ids[file.submission.request_id]: file.submission.content
            for file in fleet.files
            if file.submission.request_id in own_ids
        }
        records = stack.ledger.accounts(rows, contents)
        ids = [
            *(
                str(file.account["accountId"])
                for file in fleet.files
                if "accountId" in file.account
            ),
            *(str(row.record["accountId"]) for row in rows.values() if row.record["accountId"]),
        ]
        retirements = stack.ledger.items([keys.retirement(one) for one in dict.fromkeys(ids)])
        return cls(
            stack=stack,
            client=client,
            listed=_listed(client("organizations")),
            known=known_accounts(stack),
            rows=rows,
            records=records,
            retirements={str(one["accountId"]): one for one in retirements.values()},
            unfinished=requests_in(stack, (*IN_FLIGHT, State.FAILED)),
            own_ids=own_ids,
            refusals=refusals,
        )

    @cached_property
    def by_email(self) -> Mapping[str, str]:
        """The ids of accounts by their emails."""
        return {one["Email"].lower(): key for key, one in self.listed.items() if "Email" in one}


def _listed(organizations: OneLook) -> dict[str, Any]:
    """The organization's accounts; none of them has to be described any more."""
    found = {
        str(account["Id"]): account
        for page in organizations.get_paginator("list_accounts").paginate()
        for account in page["Accounts"]
    }
    for account_id, account in found.items():
        organizations.know("describe_account", {"AccountId": account_id}, {"Account": account})
    return found
