"""The part of an organization arranged by hand that governs it: policies, and all features."""

from __future__ import annotations

import abc
import datetime
import itertools
from collections.abc import Callable, Iterable
from typing import Any

ROOT_ID = "r-abcd"
MANAGEMENT_ACCOUNT_ID = "111111111111"


class Refusal(Exception):
    """AWS's refusal of one call."""

    def __init__(
        self,
        code: str,
        reason: str | None = None,
        *,
        status: int = 400,
        message: str = "as AWS would say",
    ) -> None:
        super().__init__(code)
        self.code, self.reason, self.status, self.message = code, reason, status, message


class Governance(abc.ABC):
    """Answers the calls about policies and about the handshakes for all features."""

    clock: Callable[[], float]
    accounts: dict[str, dict[str, Any]]

    def __init__(self) -> None:
        self.feature_set = "ALL"
        self.final_action = "ENABLE_ALL_FEATURES"
        self.policy_types: list[str] = ["SERVICE_CONTROL_POLICY"]
        self.policies: dict[str, dict[str, Any]] = {}
        self.attachments: list[tuple[str, str]] = []
        self.handshakes: dict[str, dict[str, Any]] = {}
        self._governed = itertools.count(1)

    def add_policy(self, name: str = "Guard", content: str = "{}", **more: Any) -> str:
        """A policy that is there; its id."""
        policy_id = f"p-{next(self._governed):08}"
        summary = {
            "Id": policy_id,
            "Name": name,
            "Type": "SERVICE_CONTROL_POLICY",
            "Description": "",
            "AwsManaged": False,
            **more,
        }
        self.policies[policy_id] = {"PolicySummary": summary, "Content": content}
        return policy_id

    def add_handshake(
        self, asked: str | None = None, state: str = "OPEN", action: str | None = None
    ) -> str:
        """A handshake about all features, for a member or (None) the last word; its id."""
        handshake_id = f"h-{next(self._governed):08}"
        requested = datetime.datetime.fromtimestamp(self.clock(), datetime.UTC)
        parties = [{"Id": "o-exampleorgid", "Type": "ORGANIZATION"}]
        if asked is not None:
            parties.append({"Id": asked, "Type": "ACCOUNT"})
        of_members = {"ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"} - {self.final_action}
        self.handshakes[handshake_id] = {
            "Id": handshake_id,
            "Action": action or (of_members.pop() if asked else self.final_action),
            "State": state,
            "Parties": parties,
            "RequestedTimestamp": requested,
            "ExpirationTimestamp": requested + datetime.timedelta(days=90),
        }
        return handshake_id

    def ListPolicies(  # noqa: N802
        self,
        Filter: str,  # noqa: N803
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        found = [one["PolicySummary"] for one in self.policies.values()]
        return self._paged("Policies", [one for one in found if one["Type"] == Filter], NextToken)

    def CreatePolicy(  # noqa: N802
        self,
        Name: str,  # noqa: N803
        Type: str,  # noqa: N803
        Description: str,  # noqa: N803
        Content: str,  # noqa: N803
    ) -> dict[str, Any]:
        if any(one["PolicySummary"]["Name"] == Name for one in self.policies.values()):
            raise Refusal("DuplicatePolicyException")
        made = self.add_policy(Name, Content, Type=Type, Description=Description)
        return {"Policy": self.policies[made]}

    def DescribePolicy(self, PolicyId: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"Policy": self.policies[PolicyId]}

    def UpdatePolicy(  # noqa: N802
        self,
        PolicyId: str,  # noqa: N803
        Content: str | None = None,  # noqa: N803
        Description: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        policy = self.policies[PolicyId]
        policy["Content"] = Content or policy["Content"]
        summary = policy["PolicySummary"]
        summary["Description"] = Description or summary["Description"]
        return {"Policy": policy}

    def ListPoliciesForTarget(  # noqa: N802
        self,
        TargetId: str,  # noqa: N803
        Filter: str,  # noqa: N803
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        attached = [
            self.policies[policy]["PolicySummary"]
            for policy, target in self.attachments
            if target == TargetId
        ]
        found = [one for one in attached if one["Type"] == Filter]
        return self._paged("Policies", found, NextToken)

    def AttachPolicy(self, PolicyId: str, TargetId: str) -> dict[str, Any]:  # noqa: N802, N803
        if (PolicyId, TargetId) in self.attachments:
            raise Refusal("DuplicatePolicyAttachmentException")
        self.attachments.append((PolicyId, TargetId))
        return {}

    def EnablePolicyType(self, RootId: str, PolicyType: str) -> dict[str, Any]:  # noqa: N802, N803
        assert RootId == ROOT_ID
        if PolicyType in self.policy_types:
            raise Refusal("PolicyTypeAlreadyEnabledException")
        self.policy_types.append(PolicyType)
        return {"Root": {"Id": ROOT_ID}}

    def DescribeOrganization(self) -> dict[str, Any]:  # noqa: N802
        return {
            "Organization": {
                "Id": "o-exampleorgid",
                "FeatureSet": self.feature_set,
                "MasterAccountId": MANAGEMENT_ACCOUNT_ID,
            }
        }

    def ListHandshakesForOrganization(  # noqa: N802
        self,
        Filter: dict[str, str],  # noqa: N803
        NextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        found = [one for one in self.handshakes.values() if one["Action"] == Filter["ActionType"]]
        return self._paged("Handshakes", found, NextToken)

    def EnableAllFeatures(self) -> dict[str, Any]:  # noqa: N802
        members = [one for one in self.accounts.values() if one.get("JoinedMethod") == "INVITED"]
        final = self.add_handshake(state="REQUESTED" if members else "OPEN")
        for member in members:
            self.add_handshake(member["Id"])
        return {"Handshake": self.handshakes[final]}

    def AcceptHandshake(self, HandshakeId: str) -> dict[str, Any]:  # noqa: N802, N803
        handshake = self.handshakes[HandshakeId]
        if handshake["State"] == "ACCEPTED":
            raise Refusal("HandshakeAlreadyInStateException")
        handshake["State"] = "ACCEPTED"
        if len(handshake["Parties"]) == 1:
            self.feature_set = "ALL"
        return {"Handshake": handshake}

    @abc.abstractmethod
    def _paged(self, key: str, items: Iterable[Any], token: str | None) -> dict[str, Any]:
        """One page of an answer, by the whole organization's page size."""
