"""An organization small enough to arrange by hand: what the operations see of Organizations, IAM
and Step Functions, with the answers a test wants.
"""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.unit.functions.governance import MANAGEMENT_ACCOUNT_ID, ROOT_ID, Refusal
from tests.unit.functions.invitations import Invitations

__all__ = ["MANAGEMENT_ACCOUNT_ID", "ROOT_ID", "Organization", "Refusal"]

PAGE = 2


class Organization(Invitations):
    """Answers the calls of organizations, iam and stepfunctions from its own state."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.clock = clock
        self.accounts: dict[str, dict[str, Any]] = {}
        self.units: dict[str, dict[str, str]] = {}
        self.creations: dict[str, dict[str, Any]] = {}
        self.service_access: set[str] = set()
        self.root_features: list[str] = []
        self.executions: dict[str, str] = {}
        self.endings: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, Any] = {}
        self._planned: dict[str, list[Callable[[], None]]] = {}
        self._lost: list[str] = []
        self._emails: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

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

    def answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The operation's answer; Refusal or an exception of botocore's."""
        plans = self._planned.get(operation)
        if plans:
            plans.pop(0)()
        result: dict[str, Any] = getattr(self, operation)(**parameters)
        if operation in self._lost:
            self._lost.remove(operation)
            raise ReadTimeoutError(endpoint_url="https://organizations.example.com")
        return result

    def add_account(
        self, *, email: str, name: str = "Sandbox", account_id: str = "", **more: Any
    ) -> str:
        """An account that is there, in the root; its id."""
        account_id = account_id or f"{next(self._numbers):012}"
        self.accounts[account_id] = {
            "Id": account_id,
            "Arn": f"arn:aws:organizations::{MANAGEMENT_ACCOUNT_ID}:account/o-1/{account_id}",
            "Email": email,
            "Name": name,
            "State": "ACTIVE",
            "parent": ROOT_ID,
            "tags": {},
            **more,
        }
        return account_id

    def add_unit(self, name: str, parent: str = ROOT_ID) -> str:
        """An organizational unit; its id."""
        unit_id = f"ou-abcd-{next(self._numbers):08}"
        self.units[unit_id] = {"Id": unit_id, "Name": name, "parent": parent}
        return unit_id

    def finish(self, creation_id: str | None = None, failure: str | None = None) -> str | None:
        """End a creation (the last one if none is named); the account's id where there is one."""
        creation_id = creation_id or list(self.creations)[-1]
        status, wish = self.creations[creation_id], self._emails[creation_id]
        status["CompletedTimestamp"] = self._now()
        if failure:
            status |= {"State": "FAILED", "FailureReason": failure}
            return None
        account_id = self.add_account(
            email=wish["Email"],
            name=wish["AccountName"],
            tags={tag["Key"]: tag["Value"] for tag in wish["Tags"]},
        )
        status |= {"State": "SUCCEEDED", "AccountId": account_id}
        if wish["govcloud"]:
            status["GovCloudAccountId"] = f"9{account_id[1:]}"
        return account_id

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.clock(), datetime.UTC)

    def CreateGovCloudAccount(self, **wish: Any) -> dict[str, Any]:  # noqa: N802
        return self.CreateAccount(govcloud=True, **wish)

    def CreateAccount(self, *, govcloud: bool = False, **wish: Any) -> dict[str, Any]:  # noqa: N802
        creation_id = f"car-{next(self._numbers):032}"
        self.creations[creation_id] = {
            "Id": creation_id,
            "AccountName": wish["AccountName"],
            "State": "IN_PROGRESS",
            "RequestedTimestamp": self._now(),
        }
        self._emails[creation_id] = {"govcloud": govcloud, **wish}
        return {"CreateAccountStatus": dict(self.creations[creation_id])}

    def DescribeCreateAccountStatus(self, CreateAccountRequestId: str) -> dict[str, Any]:  # noqa: N802, N803
        if CreateAccountRequestId not in self.creations:
            raise Refusal("CreateAccountStatusNotFoundException")
        return {"CreateAccountStatus": dict(self.creations[CreateAccountRequestId])}

    def ListCreateAccountStatus(  # noqa: N802
        self,
        States: list[str],  # noqa: N803
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        chosen = [dict(each) for each in self.creations.values() if each["State"] in States]
        return self._paged("CreateAccountStatuses", chosen, NextToken)

    def DescribeAccount(self, AccountId: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"Account": _shown(self._account(AccountId, "AccountNotFoundException"))}

    def ListAccounts(self, NextToken: str | None = None) -> dict[str, Any]:  # noqa: N802, N803
        return self._paged("Accounts", map(_shown, self.accounts.values()), NextToken)

    def ListTagsForResource(  # noqa: N802
        self,
        ResourceId: str,  # noqa: N803
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        tags = self._account(ResourceId, "TargetNotFoundException")["tags"]
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        return self._paged("Tags", listed, NextToken)

    def TagResource(self, ResourceId: str, Tags: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N802, N803
        tags = self._account(ResourceId, "TargetNotFoundException")["tags"]
        tags |= {tag["Key"]: tag["Value"] for tag in Tags}
        return {}

    def ListRoots(self, NextToken: str | None = None) -> dict[str, Any]:  # noqa: N802, N803
        types = [{"Type": one, "Status": "ENABLED"} for one in self.policy_types]
        root = {"Id": ROOT_ID, "Name": "Root", "PolicyTypes": types}
        return self._paged("Roots", [root], NextToken)

    def ListOrganizationalUnitsForParent(  # noqa: N802
        self,
        ParentId: str,  # noqa: N803
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        units = [_shown(unit) for unit in self.units.values() if unit["parent"] == ParentId]
        return self._paged("OrganizationalUnits", units, NextToken)

    def DescribeOrganizationalUnit(self, OrganizationalUnitId: str) -> dict[str, Any]:  # noqa: N802, N803
        if OrganizationalUnitId not in self.units:
            raise Refusal("OrganizationalUnitNotFoundException")
        return {"OrganizationalUnit": _shown(self.units[OrganizationalUnitId])}

    def CreateOrganizationalUnit(self, ParentId: str, Name: str) -> dict[str, Any]:  # noqa: N802, N803
        if any(u["parent"] == ParentId and u["Name"] == Name for u in self.units.values()):
            raise Refusal("DuplicateOrganizationalUnitException")
        return {"OrganizationalUnit": _shown(self.units[self.add_unit(Name, ParentId)])}

    def ListParents(self, ChildId: str, NextToken: str | None = None) -> dict[str, Any]:  # noqa: N802, N803
        account = self._account(ChildId, "ChildNotFoundException")
        return self._paged("Parents", [{"Id": account["parent"]}], NextToken)

    def MoveAccount(  # noqa: N802
        self,
        AccountId: str,  # noqa: N803
        SourceParentId: str,  # noqa: N803
        DestinationParentId: str,  # noqa: N803
    ) -> dict[str, Any]:
        account = self._account(AccountId, "AccountNotFoundException")
        if account["parent"] == DestinationParentId:
            raise Refusal("DuplicateAccountException")
        if account["parent"] != SourceParentId:
            raise Refusal("SourceParentNotFoundException")
        account["parent"] = DestinationParentId
        return {}

    def ListAWSServiceAccessForOrganization(  # noqa: N802
        self,
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        services = [{"ServicePrincipal": each} for each in sorted(self.service_access)]
        return self._paged("EnabledServicePrincipals", services, NextToken)

    def EnableAWSServiceAccess(self, ServicePrincipal: str) -> dict[str, Any]:  # noqa: N802, N803
        self.service_access.add(ServicePrincipal)
        return {}

    def ListOrganizationsFeatures(self) -> dict[str, Any]:  # noqa: N802
        if "iam.amazonaws.com" not in self.service_access:
            raise Refusal("ServiceAccessNotEnabledException")
        return {"OrganizationId": "o-exampleorgid", "EnabledFeatures": list(self.root_features)}

    def EnableOrganizationsRootCredentialsManagement(self) -> dict[str, Any]:  # noqa: N802
        return self._enable_feature("RootCredentialsManagement")

    def EnableOrganizationsRootSessions(self) -> dict[str, Any]:  # noqa: N802
        return self._enable_feature("RootSessions")

    def DescribeExecution(self, executionArn: str) -> dict[str, Any]:  # noqa: N802, N803
        if executionArn not in self.executions:
            raise Refusal("ExecutionDoesNotExist")
        return {"status": self.executions[executionArn], **self.endings.get(executionArn, {})}

    def ListExecutions(  # noqa: N802
        self,
        stateMachineArn: str,  # noqa: N803
        statusFilter: str,  # noqa: N803
        nextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        chosen = [
            {"executionArn": arn, "status": status}
            for arn, status in self.executions.items()
            if status == statusFilter
        ]
        page = self._paged("executions", chosen, nextToken)
        return {name[0].lower() + name[1:]: value for name, value in page.items()}

    def wait_for_token(self) -> str:
        """A task token, under which an execution waits from now on."""
        token = f"token-{next(self._numbers)}"
        self.tokens[token] = None
        return token

    def SendTaskSuccess(self, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N802, N803
        if taskToken not in self.tokens:
            return super().SendTaskSuccess(taskToken, output)
        if self.tokens[taskToken] is not None:
            raise Refusal("TaskTimedOut")
        self.tokens[taskToken] = json.loads(output)
        return {}

    def _enable_feature(self, feature: str) -> dict[str, Any]:
        if feature not in self.root_features:
            self.root_features.append(feature)
        return self.ListOrganizationsFeatures()

    def _account(self, account_id: str, not_found: str) -> dict[str, Any]:
        if account_id not in self.accounts:
            raise Refusal(not_found)
        return self.accounts[account_id]

    def _paged(self, key: str, items: Iterable[Any], token: str | None) -> dict[str, Any]:
        """Small pages with an empty one in front, as AWS may answer."""
        listed = list(items)
        if token is None:
            return {key: [], "NextToken": "0"}
        start = int(token)
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(listed) else {}
        return {key: listed[start : start + PAGE], **more}


def _shown(thing: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in thing.items() if key[0].isupper()}
