"""The part of an organization arranged by hand that invites accounts, and who waits for that."""

from __future__ import annotations

import datetime
import itertools
import json
from typing import Any

from tests.unit.functions.governance import Governance, Refusal


class Invitations(Governance):
    """Answers the calls about invitations, roles in invited accounts, and steps that wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: set[str] = set()
        self.ended_steps: list[tuple[str, str, dict[str, Any]]] = []
        self._invited = itertools.count(1)

    def add_account(self, *, email: str, name: str = "Sandbox", **more: Any) -> str:
        raise NotImplementedError

    def add_invitation(self, target: dict[str, str], notes: str = "") -> dict[str, Any]:
        """An open invitation."""
        handshake_id = f"h-{next(self._invited):032}"
        requested = datetime.datetime.fromtimestamp(self.clock(), datetime.UTC)
        self.handshakes[handshake_id] = {
            "Id": handshake_id,
            "Parties": [{"Type": "ORGANIZATION", "Id": "o-exampleorgid"}, target],
            "Resources": [{"Type": "NOTES", "Value": notes}],
            "State": "OPEN",
            "Action": "INVITE",
            "RequestedTimestamp": requested,
            "ExpirationTimestamp": requested + datetime.timedelta(days=15),
        }
        return self.handshakes[handshake_id]

    def end_invitation(self, handshake_id: str, state: str) -> None:
        """Answer an invitation; whoever accepts becomes a member."""
        handshake = self.handshakes[handshake_id]
        handshake["State"] = state
        if state == "ACCEPTED":
            target = handshake["Parties"][1]
            by_id = target["Type"] == "ACCOUNT"
            account_id = self.add_account(email="owner@example.com" if by_id else target["Id"])
            if by_id:
                self.accounts[target["Id"]] = self.accounts.pop(account_id) | {"Id": target["Id"]}

    def InviteAccountToOrganization(  # noqa: N802
        self,
        Target: dict[str, str],  # noqa: N803
        Notes: str,  # noqa: N803
        Tags: list[dict[str, str]],  # noqa: N803
    ) -> dict[str, Any]:
        sent = [one for one in self.handshakes.values() if one["Action"] == "INVITE"]
        if any(one["Parties"][1] == Target and one["State"] == "OPEN" for one in sent):
            raise Refusal("DuplicateHandshakeException")
        if Target["Id"] in self.accounts:
            raise Refusal("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION")
        return {"Handshake": dict(self.add_invitation(Target, Notes))}

    def DescribeHandshake(self, HandshakeId: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"Handshake": dict(self._handshake(HandshakeId))}

    def AcceptHandshake(self, HandshakeId: str) -> dict[str, Any]:  # noqa: N802, N803
        if self._handshake(HandshakeId)["Action"] != "INVITE":
            return super().AcceptHandshake(HandshakeId)
        return self._answer_handshake(HandshakeId, "ACCEPTED")

    def CancelHandshake(self, HandshakeId: str) -> dict[str, Any]:  # noqa: N802, N803
        return self._answer_handshake(HandshakeId, "CANCELED")

    def AssumeRole(self, **role: Any) -> dict[str, Any]:  # noqa: N802
        account_id = role["RoleArn"].split(":")[4]
        expires = datetime.datetime.fromtimestamp(
            self.clock() + role["DurationSeconds"], datetime.UTC
        )
        keys = {"AccessKeyId": f"ASIA{account_id}", "SecretAccessKey": "x", "SessionToken": "x"}
        return {"Credentials": {**keys, "Expiration": expires}}

    def SendTaskSuccess(self, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N802, N803
        return self._end_step(taskToken, "", output)

    def SendTaskFailure(self, taskToken: str, error: str, cause: str) -> dict[str, Any]:  # noqa: N802, N803
        return self._end_step(taskToken, error, cause)

    def _answer_handshake(self, handshake_id: str, state: str) -> dict[str, Any]:
        handshake = self._handshake(handshake_id)
        if handshake["State"] == state:
            raise Refusal("HandshakeAlreadyInStateException")
        if handshake["State"] != "OPEN":
            raise Refusal("InvalidHandshakeTransitionException")
        self.end_invitation(handshake_id, state)
        return {"Handshake": dict(handshake)}

    def _handshake(self, handshake_id: str) -> dict[str, Any]:
        if handshake_id not in self.handshakes:
            raise Refusal("HandshakeNotFoundException")
        return self.handshakes[handshake_id]

    def _end_step(self, token: str, error: str, text: str) -> dict[str, Any]:
        if token not in self.waiting:
            raise Refusal("TaskTimedOut")
        self.waiting.remove(token)
        self.ended_steps.append((token, error, json.loads(text)))
        return {}
