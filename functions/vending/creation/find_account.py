"""Finding the account that a lost answer left behind.

Email is unique in all of AWS, and every account this system creates carries its request's id as a
tag from the first moment. ListCreateAccountStatus shows no email: a creation of the right name and
time says where to look, and the tag decides, as an account's email may be changed. Where no
creation shows, the owner of the email is looked for among all accounts.

A large organization takes many pages, more than one run of a function has time for: a search that
is not over says where it goes on. It keeps a pace that leaves AWS's rate to others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from vending.aws.clock import Clock, epoch, now, pause, timestamp
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import ServiceUnavailable
from vending.frozen import frozen
from vending.request.validators import REQUEST_ID_TAG

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef, CreateAccountStatusTypeDef

    from vending.ledger.item_types import SearchPosition

SETTLING_TIME = 60
"""Seconds after which Organizations shows what was made: it is eventually consistent."""

CLOCKS_DIFFER_BY = 60
"""Seconds that AWS's clock and ours may be apart, generously."""

SECONDS_PER_PAGE = 0.25
"""Four calls a second: half of ListAccounts' rate, and less than ListCreateAccountStatus'."""

LOOK_SECONDS = 20.0
"""How long one run searches at most; its function may run for more than twice as long."""

LOOK_ENDS_AFTER = 3600.0
"""Seconds after which a search that was left is begun anew: what it saw is no longer so."""

_LOST_PAGES = ("INVALID_NEXT_TOKEN", "INVALID_PAGINATION_TOKEN")

Listed = Literal["creations", "accounts"]


@frozen
class Finding:
    """What was found: this request's account, another's, a creation to wait for, or nothing.

    "unfinished": the search goes on where `look` says.
    """

    kind: Literal["ours", "another's", "in progress", "nothing", "unfinished"]
    account_id: str | None = None
    creation_id: str | None = None
    gov_cloud_account_id: str | None = None
    look: SearchPosition | None = None


@frozen
class FindAccount:
    """Looks for one request's account. `rest` blocks for seconds."""

    client: OrganizationsClient
    request_id: str
    email: str
    account_name: str
    clock: Clock = now
    rest: Callable[[float], None] = pause

    def look(
        self, *, since: float, left: SearchPosition | None = None, first: Listed = "creations"
    ) -> Finding:
        """Look at the creations requested after `since` (epoch seconds), then at all accounts.

        `left` is where an earlier run ended. `first` "accounts": no creation can be ours.
        """
        with translate_aws_errors():
            since -= CLOCKS_DIFFER_BY
            if any(self._is_named(status, since) for status in self._in_progress()):
                return Finding(kind="in progress")
            return self._search(since, self._begun(left, first))

    def _begun(self, left: SearchPosition | None, first: Listed) -> SearchPosition:
        if left and self.clock() - epoch(left["startedAt"]) < LOOK_ENDS_AFTER:
            return left
        return {"startedAt": timestamp(self.clock()), "listed": first}

    def _search(self, since: float, look: SearchPosition) -> Finding:
        until = self.clock() + LOOK_SECONDS
        if look["listed"] == "creations":
            finding = self._through(
                self._creations(look.get("nextToken")), partial(self._made, since), look, until
            )
            if finding is not None:
                return finding
            look = {"startedAt": look["startedAt"], "listed": "accounts"}
        finding = self._through(self._accounts(look.get("nextToken")), self._owned, look, until)
        return finding or Finding(kind="nothing")

    def _through(
        self,
        pages: Iterator[tuple[list[Any], str | None]],
        match: Callable[[Any], Finding | None],
        look: SearchPosition,
        until: float,
    ) -> Finding | None:
        """The finding of the first entry that gives one."""
        for entries, next_token in pages:
            for entry in entries:
                finding = match(entry)
                if finding is not None:
                    return finding
            if next_token and self.clock() >= until:
                left: SearchPosition = {**look, "nextToken": next_token}
                return Finding(kind="unfinished", look=left)
        return None

    def _owned(self, account: AccountTypeDef) -> Finding | None:
        if not self._has_email(account.get("Email")):
            return None
        ours = self._carries_tag(account["Id"])
        return Finding(kind="ours" if ours else "another's", account_id=account["Id"])

    def _made(self, since: float, status: CreateAccountStatusTypeDef) -> Finding | None:
        """What a successful creation shows; None: it is another's."""
        if not self._is_named(status, since):
            return None
        account_id = status.get("AccountId")
        if account_id and self._shows_tag(account_id):
            return Finding(
                kind="ours",
                account_id=account_id,
                creation_id=status.get("Id"),
                gov_cloud_account_id=status.get("GovCloudAccountId"),
            )
        completed: Any = status.get("CompletedTimestamp")
        if completed is not None and self.clock() - completed.timestamp() < SETTLING_TIME:
            return Finding(kind="in progress")  # the account or its tag may not show yet
        return None

    def _is_named(self, status: CreateAccountStatusTypeDef, since: float) -> bool:
        requested: Any = status.get("RequestedTimestamp")
        named = status.get("AccountName") == self.account_name
        return named and requested is not None and requested.timestamp() >= since

    def _in_progress(self) -> Iterator[CreateAccountStatusTypeDef]:
        pages = self.client.get_paginator("list_create_account_status").paginate(
            States=["IN_PROGRESS"]
        )
        for page in pages:
            yield from page.get("CreateAccountStatuses", [])

    def _creations(self, token: str | None) -> Iterator[tuple[list[Any], str | None]]:
        page = partial(self.client.list_create_account_status, States=["SUCCEEDED"])
        return self._pages(page, "CreateAccountStatuses", token)

    def _accounts(self, token: str | None) -> Iterator[tuple[list[Any], str | None]]:
        return self._pages(self.client.list_accounts, "Accounts", token)

    def _pages(
        self, page: Callable[..., Any], key: str, token: str | None
    ) -> Iterator[tuple[list[Any], str | None]]:
        """Each page's entries, and the token of the next; from the start where AWS lost it."""
        while True:
            try:
                with translate_aws_errors():
                    answer = page(**{"NextToken": token} if token else {})
            except ServiceUnavailable as error:
                if error.reason not in _LOST_PAGES or not token:
                    raise
                token = None
                continue
            token = answer.get("NextToken")
            yield answer.get(key, []), token
            if not token:
                return
            self.rest(SECONDS_PER_PAGE)

    def _shows_tag(self, account_id: str) -> bool:
        try:
            return self._carries_tag(account_id)
        except self.client.exceptions.TargetNotFoundException:
            return False  # created and gone again, or not shown yet

    def _carries_tag(self, account_id: str) -> bool:
        pages = self.client.get_paginator("list_tags_for_resource").paginate(ResourceId=account_id)
        return any(
            tag["Key"] == REQUEST_ID_TAG and tag["Value"] == self.request_id
            for page in pages
            for tag in page.get("Tags", [])
        )

    def _has_email(self, email: str | None) -> bool:
        return email is not None and email.lower() == self.email.lower()
