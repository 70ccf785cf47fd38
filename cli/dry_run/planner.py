"""What a request or an organization's document would change, found by reading alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from cli.aws.stack import LedgerRow
from cli.dry_run.dry_run_client import NEW_ACCOUNT_ID, Rehearsal
from cli.dry_run.planned import Document, Planned, without
from cli.watch.submission import Record
from operations import (
    attach_policy,
    create_organizational_unit,
    create_policy,
    enable_all_features,
    enable_aws_service_access,
    enable_organizations_root_credentials_management,
    enable_organizations_root_sessions,
    enable_policy_type,
    move_account,
    tag_resource,
)
from vending.errors.catalogue import explain
from vending.errors.exceptions import RequestConflict
from vending.ledger.decisions import Asked, decide, left_behind
from vending.ledger.ou_path_cache import OuPathCache, Unit
from vending.organization import eligibility, preflight
from vending.organization.invitations import UNANSWERED, Invitations, expires_at
from vending.organization.setup_report import Report
from vending.request.account_request import Account, AccountRequest
from vending.request.organization_setup import OrganizationSetup
from vending.request.ou_paths import quote
from vending.request.validators import REQUEST_ID_TAG

SETUP_ID = "organization-setup"


class _NothingKnown(OuPathCache):
    """A plan looks at everything itself, and remembers nothing."""

    def __init__(self) -> None:
        super().__init__(table=cast("Any", None))

    def get(self, path: str) -> Unit | None:
        """Nothing."""
        del path
        return None

    def put(self, path: str, unit: Unit) -> None:
        """Forget it."""


class Planner:
    """Runs the operations on clients that only read.

    Args:
        organizations: a boto3 client of Organizations.
        iam: a boto3 client of IAM.
        allowed: what the stack's settings let its roles use.
    """

    def __init__(
        self,
        organizations: Any,
        iam: Any,
        *,
        allowed: preflight.Allowed = preflight.Allowed(),  # noqa: B008 -- frozen
    ) -> None:
        self._organizations: Any = Rehearsal(organizations)
        self._iam: Any = Rehearsal(iam, self._organizations.imagined)
        self._surroundings = preflight.Surroundings(
            organizations=cast("Any", self._organizations), units=_NothingKnown(), allowed=allowed
        )
        self._planned = Planned()
        self._results: dict[str, Any] = {}

    def organization(self, setup: OrganizationSetup) -> Planned:
        """What bringing the organization to its document would change."""
        setup = self._without_the_refused(
            setup,
            preflight.Wishes(
                policies=setup.policies,
                policy_types=setup.normalised()["policyTypes"],
                service_access=setup.service_access,
                forced_service_access=setup.forced_service_access,
                root_access=setup.root_access,
                all_features=setup.all_features,
            ),
        )
        wanted = setup.normalised()
        if setup.all_features:
            self._all_features()
        self._service_access(SETUP_ID, setup.service_access, setup.forced_service_access)
        self._policy_types(wanted["policyTypes"])
        self._root_access(SETUP_ID, setup.root_access)
        units = {path: self._unit(SETUP_ID, path) for path in wanted["organizationalUnits"]}
        for policy in wanted["policies"]:
            targets = {path: units[path] for path in policy["targets"]}
            self._policy(SETUP_ID, policy["policy"], targets, update=policy["update"])
        return self._finished()

    def request(
        self, request: AccountRequest, row: LedgerRow | None, *, goes_on: bool = False
    ) -> Planned:
        """What vending the request would change.

        Args:
            request: the request.
            row: what the ledger knows of its id.
            goes_on: whether an execution is at work on that.
        """
        record, asked = row.record if row else {}, Asked.of(request)
        try:
            decision = decide(row.attributes if row else None, asked, goes_on=goes_on)
        except RequestConflict as conflict:
            self._planned.problems.append(conflict.as_dict())
            return self._finished()
        if decision == "finished":
            self._vended_before(record)
            return self._finished()
        if row and decision == "corrected":
            self._planned.warnings += [
                f"{what} stays on the account {record['accountId']} where it has it already: a "
                "correction takes nothing away"
                for what in left_behind(row.attributes, asked)
            ]
        request = self._without_the_refused(request, preflight.wishes_of(request))
        account_id = self._door(request, record.get("accountId"))
        if account_id is not None:
            self._corridor(request, account_id)
        return self._finished()

    def _vended_before(self, record: Record) -> None:
        account_id, unit_id = record["accountId"], record.get("organizationalUnitId")
        if self._is_there(account_id, "vended before"):
            with self._planned.refusals():
                moved = eligibility.moved_since(account_id, unit_id, self._organizations)
                self._planned.warnings += [moved] if moved else []

    def _is_there(self, account_id: str, since: str) -> bool:
        """Whether the account that this request got earlier is an active member still."""
        with self._planned.refusals():
            refused = eligibility.vended_refusal(account_id, self._organizations)
            if refused is not None:
                raise refused
            self._planned.already_there.append(f"account {account_id}, {since}")
            return True
        return False

    def _door(self, request: AccountRequest, known_id: str | None) -> str | None:
        account = request.account
        if request.source == "existing" and account.account_id:
            return self._existing(account.account_id)
        if request.source == "invited":
            with self._planned.refusals():
                return self._invited(account)
            return None
        return self._created(request, known_id)

    def _created(self, request: AccountRequest, known_id: str | None) -> str | None:
        account = request.account
        if known_id:
            return known_id if self._is_there(known_id, "made for this request") else None
        owner = self._owner_of(account.email or "")
        if owner is None:
            pair = " and its pair in GovCloud" if request.source == "new-govcloud" else ""
            self._planned.changes.append(f"account {account.name}{pair}")
            return NEW_ACCOUNT_ID
        if self._tags(owner).get(REQUEST_ID_TAG) == request.request_id:
            return owner if self._is_there(owner, "made for this request") else None
        self._planned.refuse(
            "AccountCreationFailed",
            "EMAIL_ALREADY_EXISTS",
            f"The email belongs to the account {owner} of this organization.",
        )
        return None

    def _invited(self, account: Account) -> str | None:
        invitations = Invitations(client=self._organizations, account=account)
        member_id = invitations.member()
        if member_id is not None:
            return self._existing(member_id)
        called = account.account_id or account.email
        handshake = invitations.newest()
        if handshake is not None and handshake["State"] in UNANSWERED:
            until = expires_at(handshake)
            said = f"invitation of {called}, {handshake['Id']}, open until {until}"
            self._planned.already_there.append(said)
            return NEW_ACCOUNT_ID
        if enable_all_features.is_pending(self._organizations):
            code = "HandshakeConstraintViolationException"
            reason = "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
            self._planned.refuse(code, reason, explain(code, reason).what)
            return None
        self._planned.changes.append(f"invitation of {called}")
        return NEW_ACCOUNT_ID

    def _existing(self, account_id: str) -> str | None:
        try:
            account = self._organizations.describe_account(AccountId=account_id)["Account"]
        except self._organizations.exceptions.AccountNotFoundException:
            said = f"The account {account_id} is not in this organization."
            self._planned.refuse("AccountNotFoundException", None, said)
            return None
        refused = eligibility.refusal(account)
        if refused is not None:
            self._planned.refuse(refused.code, refused.reason, refused.message)
            return None
        self._planned.already_there.append(f"account {account_id}")
        return account_id

    def _corridor(self, request: AccountRequest, account_id: str) -> None:
        request_id = request.request_id
        placed = None
        if request.organizational_unit is not None:
            placed = self._unit(request_id, request.organizational_unit)
        self._finish_units()
        if placed is not None:
            self._placed(request, account_id, placed)
        self._tagged(request, account_id)
        policies = [
            policy.model_dump(by_alias=True, exclude_none=True) for policy in request.policies
        ]
        self._policy_types([policy["type"] for policy in policies])
        for policy in policies:
            self._policy(request_id, policy, {"the account": account_id})
        self._service_access(request_id, request.service_access, [])
        self._root_access(request_id, request.root_access)

    def _placed(self, request: AccountRequest, account_id: str, unit_id: str) -> None:
        path = request.organizational_unit or "/"
        with self._planned.refusals():
            if account_id == NEW_ACCOUNT_ID:
                moved = path != "/"
            else:
                payload = move_account.MoveAccount.model_validate(
                    {
                        "requestId": request.request_id,
                        "accountId": account_id,
                        "organizationalUnitId": unit_id,
                    }
                )
                moved = move_account.run(payload, organizations=self._organizations)["moved"]
            self._planned.say(f"account in {quote(path)}", changed=bool(moved))

    def _tagged(self, request: AccountRequest, account_id: str) -> None:
        payload = tag_resource.TagResource.model_validate(
            {"requestId": request.request_id, "accountId": account_id, "tags": request.tags}
        )
        with self._planned.refusals():
            tagged = tag_resource.run(payload, organizations=self._organizations)["tagged"]
            for key in sorted({*request.tags, REQUEST_ID_TAG}):
                self._planned.say(f"tag {key}", changed=key in tagged)

    def _all_features(self) -> None:
        payload = enable_all_features.EnableAllFeatures.model_validate({"requestId": SETUP_ID})
        with self._planned.refusals():
            result = enable_all_features.run(payload, organizations=self._organizations)
            self._results["allFeatures"] = result
            if result["started"]:
                self._planned.changes.append(
                    "all features, once every invited account has agreed within 90 days"
                )
            elif result["state"] == "OPEN":
                self._planned.changes.append("all features, which every invited account agreed to")
            elif result["state"] != "ENABLED":
                waiting = ", ".join(result["waitingFor"])
                self._planned.changes.append(
                    f"all features, asked for already; not answered yet: {waiting or 'nobody'}"
                )
                if result["state"] == "REQUESTED" and not waiting:
                    self._planned.warnings.append(
                        f"The handshake {result['handshakeId']} waits for nobody and is not open: "
                        "if that lasts, an account has declined over 30 days ago, which AWS does "
                        "not show any more; cancel the handshake and run the setup again"
                    )

    def _policy_types(self, types: list[str]) -> None:
        payload = {"requestId": SETUP_ID, "policyTypes": types}
        with self._planned.refusals():
            self._results["policyTypes"] = enable_policy_type.run(
                enable_policy_type.EnablePolicyType.model_validate(payload),
                organizations=self._organizations,
            )

    def _service_access(self, request_id: str, principals: list[str], forced: list[str]) -> None:
        payload = {"requestId": request_id, "servicePrincipals": principals, "forced": forced}
        with self._planned.refusals():
            self._results["serviceAccess"] = enable_aws_service_access.run(
                enable_aws_service_access.EnableAWSServiceAccess.model_validate(payload),
                organizations=self._organizations,
                always_forced=self._surroundings.allowed.forced_service_principals,
            )

    def _root_access(self, request_id: str, features: list[Any]) -> None:
        clients = {"iam": self._iam, "organizations": self._organizations}
        with self._planned.refusals():
            if "RootSessions" in features:
                self._results["rootSessions"] = enable_organizations_root_sessions.run(
                    enable_organizations_root_sessions.EnableOrganizationsRootSessions.model_validate(
                        {"requestId": request_id, "features": features}
                    ),
                    **clients,
                )
            elif features:
                operation = enable_organizations_root_credentials_management
                self._results["rootCredentials"] = operation.run(
                    operation.EnableOrganizationsRootCredentialsManagement.model_validate(
                        {"requestId": request_id}
                    ),
                    **clients,
                )

    def _unit(self, request_id: str, path: str) -> str | None:
        payload = {"requestId": request_id, "organizationalUnit": path}
        with self._planned.refusals():
            result = create_organizational_unit.run(
                create_organizational_unit.CreateOrganizationalUnit.model_validate(payload),
                organizations=self._organizations,
                units=_NothingKnown(),
            )
            self._results.setdefault("units", []).append(result)
            return str(result["organizationalUnitId"])
        return None

    def _policy(
        self,
        request_id: str,
        policy: Mapping[str, Any],
        targets: Mapping[str, str | None],
        *,
        update: bool = False,
    ) -> None:
        payload = {"requestId": request_id, "policy": policy, "update": update}
        with self._planned.refusals():
            result = create_policy.run(
                create_policy.CreatePolicy.model_validate(payload),
                organizations=self._organizations,
            )
            self._results.setdefault("policies", []).append(result)
            result["attachments"] = [
                {"target": name, "attached": self._attached(request_id, result, target_id)}
                for name, target_id in targets.items()
                if target_id is not None
            ]

    def _attached(self, request_id: str, policy: Mapping[str, Any], target_id: str) -> bool:
        payload = attach_policy.AttachPolicy.model_validate(
            {
                "requestId": request_id,
                "policyId": policy["policyId"],
                "policyType": policy["type"],
                "targetId": target_id,
            }
        )
        return bool(attach_policy.run(payload, organizations=self._organizations)["attached"])

    def _without_the_refused(self, asked: Document, wishes: preflight.Wishes) -> Document:
        """What is left once that is told of and taken out which is refused beforehand."""
        refused: dict[str, set[str]] = {}
        with self._planned.refusals():
            for problem in preflight.problems(wishes, self._surroundings):
                self._planned.problems.append(problem.error.as_dict())
                for key, values in problem.refused.items():
                    refused.setdefault(key, set()).update(values)
        return without(asked, refused)

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

    def _finish_units(self) -> None:
        """Tell of the units first, because the account is placed in them."""
        self._planned.take(Report.of({"units": self._results.pop("units", [])}))

    def _finished(self) -> Planned:
        self._planned.take(Report.of(self._results))
        return self._planned
