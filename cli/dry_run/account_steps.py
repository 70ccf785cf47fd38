"""The steps up to the account, as a plan answers them: by reading, without the ledger's writes.

These operations claim, queue, ask AWS for an account and wait for it, each by what the ledger has
for the request. A plan does not run them, and answers as they would once all of that has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from cli.aws.ledger_reader import LedgerRow
from cli.dry_run.dry_run_client import NEW_ACCOUNT_ID, DryRunClient
from cli.dry_run.planned import Planned
from cli.dry_run.walk import Task, WalkEnded
from operations import enable_all_features
from vending.acceptance.approvals_asked import ApprovalsAsked
from vending.acceptance.named_email import ensure_email_possible
from vending.authorization.approvals_needed import NOTHING_COUNTED, Counted
from vending.authorization.authorization import Authorization
from vending.aws import clock
from vending.errors.catalogue import explain
from vending.errors.exceptions import RequestConflict
from vending.ledger.account_records import changes_of
from vending.ledger.approval_records import asked_words, is_pending, missing
from vending.ledger.decisions import Asked, decide
from vending.ledger.item_types import AccountRecord, Row
from vending.organization import eligibility
from vending.organization.invitations import UNANSWERED, Invitations, expires_at
from vending.request.account import Account
from vending.request.account_request import AccountRequest
from vending.request.validators import REQUEST_ID_TAG

Answer = Callable[[Task], Any]

_THE_ACCOUNT = "the account"


class AccountSteps:
    """The answers for one request. Any of them may end the walk: without the account nothing comes.

    Args:
        planned: what is found goes in here.
        organizations: a client that only reads.
        request: the request.
        row: what the ledger knows of its id.
        account: what it knows of its account.
        goes_on: whether an execution is at work on that.
        authorization: of who would send it; None where nobody knows.
        look_ahead: takes out of the request what AWS would refuse, which it notes, of an account
            that is vended already.
    """

    def __init__(
        self,
        *,
        planned: Planned,
        organizations: DryRunClient,
        request: AccountRequest,
        row: LedgerRow | None,
        account: AccountRecord | None,
        goes_on: bool,
        authorization: Authorization | None,
        look_ahead: Callable[[AccountRequest, str | None], AccountRequest],
    ) -> None:
        self._planned = planned
        self._organizations: Any = organizations
        self._request = request
        self._row = row
        self._account = account
        self._goes_on = goes_on
        self._authorization = authorization
        self._look_ahead = look_ahead

    def answers(self) -> Mapping[str, Answer]:
        """What answers instead of each operation that is not run."""
        return {
            "AcceptRequest": self._accepted,
            "InviteAccountToOrganization": self._invited,
            "AcceptHandshake": self._joined,
            "DescribeHandshake": self._joined,
            "ReserveCreation": self._reserved,
            "CreateAccount": self._created,
            "CreateGovCloudAccount": self._created,
            "DescribeAccount": self._described,
            "StartPrimaryEmailUpdate": self._email_changed,
            "RecordVended": self._recorded,
        }

    @property
    def _record(self) -> Mapping[str, Any]:
        return self._row.record if self._row else {}

    def _accepted(self, _task: Task) -> dict[str, Any]:
        if self._authorization is not None:
            with self._planned.refusals():
                self._authorization.ensure_allowed(self._request, self._organizations)
            if self._planned.problems:
                raise WalkEnded
        asked, attributes = Asked.of(self._request), self._row.attributes if self._row else None
        try:
            decision = decide(attributes, asked, goes_on=self._goes_on, account=self._account)
        except RequestConflict as conflict:
            self._planned.problems.append(conflict.as_dict())
            raise WalkEnded from None
        if decision == "finished":
            self._already_vended()
            raise WalkEnded
        if decision == "superseded":
            self._planned.warnings.append(
                f"The account is at revision {(self._account or {}).get('revision')}, so that "
                "nothing would be changed for the revision that ifRevision says"
            )
            raise WalkEnded
        self._say_approvals(attributes if decision == "resumed" else None)
        request = self._look_ahead(self._request, self._record.get("accountId"))
        changes = changes_of(
            request.normalised(),
            attributes,
            self._account,
            protected_tags=(
                self._authorization.policy.protected.tags if self._authorization else ()
            ),
        )
        with self._planned.refusals():
            ensure_email_possible(request, changes, self._authorization, self._organizations)
        return {
            "outcome": "ACCEPTED",
            "request": request.normalised(),
            "changes": changes,
            "record": {"accountId": self._record.get("accountId")},
            "creationBegun": False,
            # A plan continues as if all approvals had been given.
            "approvalExpiresAt": None,
        }

    def _say_approvals(self, resumed: Row | None) -> None:
        """Who has to approve the request, and who may have to by how many there are that day."""
        if self._authorization is None:
            return
        account_id = self._record.get("accountId") or self._request.account.account_id
        asking = ApprovalsAsked(
            request=self._request,
            authorization=self._authorization,
            organizations=self._organizations,
            clock=clock.now,
        )
        with self._planned.refusals():
            approval = asking.asked(
                NOTHING_COUNTED,
                account_id=account_id,
                earlier=resumed.get("approval") if resumed else None,
            )
            if approval is not None and is_pending(approval):
                self._planned.warnings.append(f"The request {asked_words(missing(approval))}")
            known = approval["rules"] if approval else []
            rules = self._authorization.policy.approvals.rules
            counting = [name for name, rule in rules.items() if rule.counts and name not in known]
            more = asking.asked(Counted(earlier=counting), account_id=account_id)
            for need in missing(more) if more else []:
                if need["rule"] in counting:
                    self._planned.warnings.append(
                        f"By how many requests there are, it may be that the request "
                        f"{asked_words([need])}"
                    )

    def _already_vended(self) -> None:
        account_id, unit_id = self._record["accountId"], self._record.get("organizationalUnitId")
        self._require_active(account_id, "already vended")
        with self._planned.refusals():
            moved = eligibility.moved_since(account_id, unit_id, self._organizations)
            self._planned.warnings += [moved] if moved else []

    def _require_active(self, account_id: str, since: str) -> None:
        """The account that this request got earlier is an active member still, or all ends."""
        with self._planned.refusals():
            refused = eligibility.vended_refusal(account_id, self._organizations)
            if refused is not None:
                raise refused
            self._planned.say(f"account {account_id}, {since}", changed=False)
            return
        raise WalkEnded

    def _reserved(self, _task: Task) -> dict[str, Any]:
        return {"startAt": "1970-01-01T00:00:00.000Z", "waitSeconds": 0}

    def _created(self, _task: Task) -> dict[str, Any]:
        account_id = self._named(self._own() or self._to_be_created())
        return {"createAccountRequestId": None, "state": "SUCCEEDED", "accountId": account_id}

    def _own(self) -> str | None:
        """The account that AWS has made for this request already."""
        account_id = self._record.get("accountId")
        if account_id is None:
            owner = self._owner_of(self._request.account.email or "")
            if owner is None:
                return None
            if self._tags(owner).get(REQUEST_ID_TAG) != self._request.request_id:
                self._refuse(
                    "AccountCreationFailed",
                    "EMAIL_ALREADY_EXISTS",
                    f"The email belongs to the account {owner} of this organization.",
                )
            account_id = owner
        self._require_active(account_id, "made for this request")
        if self._authorization is not None:
            with self._planned.refusals():
                self._authorization.ensure_place_allowed(
                    account_id, self._organizations, is_own=True
                )
                return str(account_id)
            raise WalkEnded
        return str(account_id)

    def _to_be_created(self) -> str:
        pair = " and its pair in GovCloud" if self._request.source == "new-govcloud" else ""
        self._planned.say(f"account {self._request.account.name}{pair}", changed=True)
        return NEW_ACCOUNT_ID

    def _invited(self, _task: Task) -> dict[str, Any]:
        with self._planned.refusals():
            return self._invitation(self._request.account)
        raise WalkEnded

    def _invitation(self, account: Account) -> dict[str, Any]:
        invitations = Invitations(client=self._organizations, account=account)
        answer = {"state": "OPEN", "handshakeId": None, "expiresAt": None, "accountId": None}
        member_id = invitations.member()
        if member_id is not None:
            return {**answer, "state": "MEMBER", "accountId": member_id}
        called = account.account_id or account.email
        handshake = invitations.newest()
        if handshake is not None and handshake["State"] in UNANSWERED:
            until = expires_at(handshake)
            sentence = f"invitation of {called}, {handshake['Id']}, open until {until}"
            self._planned.say(sentence, changed=False)
            self._planned.warnings += lost_by_moving(self._request)
            return {**answer, "handshakeId": handshake["Id"], "expiresAt": until}
        if enable_all_features.is_pending(self._organizations):
            code = "HandshakeConstraintViolationException"
            reason = "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
            self._refuse(code, reason, explain(code, reason).what)
        self._planned.say(f"invitation of {called}", changed=True)
        self._planned.warnings += lost_by_moving(self._request)
        return answer

    def _joined(self, _task: Task) -> dict[str, Any]:
        """As if the invitation was accepted: nothing is known of an account outside."""
        return {"accountId": NEW_ACCOUNT_ID}

    def _described(self, task: Task) -> dict[str, Any]:
        account_id = task.payload()["accountId"]
        if account_id != NEW_ACCOUNT_ID:
            self._require_eligible(account_id)
        return {"accountId": self._named(account_id)}

    def _require_eligible(self, account_id: str) -> None:
        try:
            account = self._organizations.describe_account(AccountId=account_id)["Account"]
        except self._organizations.exceptions.AccountNotFoundException:
            sentence = f"The account {account_id} is not in this organization."
            self._refuse("AccountNotFoundException", None, sentence)
        refused = eligibility.refusal(account)
        if refused is not None:
            self._refuse(refused.code, refused.reason, refused.message)
        self._planned.say(f"account {account_id}", changed=False)

    def _email_changed(self, _task: Task) -> dict[str, Any]:
        """As if it was done: AWS sends a code when it is asked, and to nobody's plan."""
        self._planned.say("email of the root user, with a code that AWS sends there", changed=True)
        return {"changed": True}

    def _recorded(self, _task: Task) -> dict[str, Any]:
        return {}

    def _named(self, account_id: str) -> str:
        self._planned.names[account_id] = _THE_ACCOUNT
        return account_id

    def _refuse(self, code: str, reason: str | None, message: str) -> NoReturn:
        self._planned.refuse(code, reason, message)
        raise WalkEnded

    def _owner_of(self, email: str) -> str | None:
        pages = self._organizations.get_paginator("list_accounts").paginate()
        for page in pages:
            for account in page.get("Accounts", []):
                if str(account.get("Email", "")).lower() == email.lower():
                    return str(account["Id"])
        return None

    def _tags(self, account_id: str) -> dict[str, str]:
        pages = self._organizations.get_paginator("list_tags_for_resource")
        return {
            tag["Key"]: tag["Value"]
            for page in pages.paginate(ResourceId=account_id)
            for tag in page.get("Tags", [])
        }


def lost_by_moving(request: AccountRequest) -> list[str]:
    """What an account loses that moves here from another organization, and what it gets instead.

    Nobody outside of that organization can see what it is. AWS Organizations User Guide, "Managing
    account invitations".
    """
    unit = request.organizational_unit or "the root"
    tags, policies = ", ".join(request.tags), ", ".join(one.name for one in request.policies)
    lost = (
        f"its organizational unit, with what it inherits there; it comes to {unit}",
        f"the policies attached to it; the request attaches {policies or 'none'}",
        f"its tags of AWS Organizations; the request sets {tags or 'none'}",
        "its assignments of IAM Identity Center, which are to be made again here",
        "its delegated administration, and what its organization shares with it",
    )
    return [f"If it moves from another organization, it loses {one}" for one in lost]
