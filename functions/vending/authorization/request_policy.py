"""The request policy: which senders there are, and what each may ask for. Deny by default.

Data, in one file (`request-policy.yaml`), validated when the stack is synthesized, and carried by
the functions as JSON. `vend schema --request-policy` prints its JSON Schema.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError

from vending.authorization.approval_rules import ApprovalRules
from vending.authorization.policy_problems import problems_of
from vending.authorization.policy_requesters import (
    ADMINISTRATOR,
    UNKNOWN,
    Protected,
    Requester,
)
from vending.authorization.policy_values import RequesterName
from vending.authorization.sender import Sender
from vending.errors.exceptions import RequestNotAllowed
from vending.model import Model
from vending.request import validators
from vending.request.account_request import best_effort_request_id
from vending.request.request_ids import namespace_of, qualified
from vending.request.validation_messages import problems_in
from vending.requesters import OWN_SOURCES

FILE_NAME = "request_policy.json"
"""The policy in the functions' bundle."""

EMBEDDED_ACCOUNT = "111111111111"
"""The management account of the embedded AWS, the only one where a demo policy holds."""


class RequestPolicy(Model):
    """All of it. Without requesters, only executions that are started by hand are accepted."""

    demo: bool = Field(
        default=False,
        description="For the embedded AWS alone: refused everywhere else, and by deploy.",
    )
    requesters: dict[RequesterName, Requester] = Field(default={}, description="By name.")
    approvals: ApprovalRules = ApprovalRules.model_construct()
    protected: Protected = Protected.model_construct()

    def requester_of(self, sender: Sender, *, here: str) -> tuple[str, Requester | None]:
        """The requester's name, and what it may ask for: None where no rule limits it.

        Args:
            sender: of the request.
            here: the account of this installation.

        Raises:
            RequestNotAllowed: the policy does not have the sender, or is a demo's.
        """
        if sender.is_by_hand:
            return ADMINISTRATOR, None
        own = OWN_SOURCES.get(sender.source or "")
        if own is not None and sender.account == here:
            return own, None
        if self.demo and here != EMBEDDED_ACCOUNT:
            raise RequestNotAllowed(
                ["the request policy is the demo's, which holds on the embedded AWS alone"],
                remedy="Whoever operates account vending deploys it with a request policy of its "
                "own (docs/request-policy.md).",
            )
        known = [
            (one, name)
            for name, requester in self.requesters.items()
            for one in requester.senders
            if one.matches(sender)
        ]
        if known:
            # Whom a demo names it means, whoever else may come.
            _, name = min(known, key=lambda each: each[0].is_anybody)
            found = self.requesters[name]
            return name, None if found.is_administrator else found
        if sender.principal is not None:
            raise RequestNotAllowed(
                [f"sender: no requester has the principal {validators.shown(sender.principal)}"],
                remedy="Call with a principal that the request policy has for you; or have whoever "
                "operates account vending add this one to it.",
            )
        source, account = (validators.shown(each or "") for each in (sender.source, sender.account))
        raise RequestNotAllowed(
            [f"sender: no requester of the request policy has the source {source} of {account}"],
            remedy="Send from the account, and with the event source, that the request policy has "
            "for you; or have whoever operates account vending add this sender to it.",
        )

    def remembered(self, raw: object, sender: Sender, *, here: str) -> tuple[str | None, str]:
        """What a request is remembered by, however wrong it is: its id, and its requester.

        The id is None where there is none, or it is another requester's. The requester is UNKNOWN
        for a sender that the policy does not have.
        """
        try:
            name, requester = self.requester_of(sender, here=here)
            is_administrator = requester is None
        except RequestNotAllowed:
            name, is_administrator = UNKNOWN, False
        request_id = best_effort_request_id(raw)
        if request_id is None or is_administrator:
            return request_id, name
        return own_id(request_id, name), name


def own_id(request_id: str, requester: str) -> str | None:
    """The id among those of a requester who is no administrator; None where it is another's."""
    own = qualified(request_id, requester)
    return own if namespace_of(own) == requester else None


class RequestPolicyInvalid(ValueError):
    """The file is no request policy; `problems` are all that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n- ".join(["the request policy cannot be used:", *problems]))
        self.problems = problems


def parse_policy(raw: object) -> RequestPolicy:
    """The policy that decoded YAML or JSON says.

    Raises:
        RequestPolicyInvalid: with every problem.
    """
    if not isinstance(raw, dict):
        raise RequestPolicyInvalid(["it must be an object, with the key requesters"])
    try:
        policy = RequestPolicy.model_validate(raw)
    except ValidationError as error:
        raise RequestPolicyInvalid(problems_in(error, RequestPolicy)) from None
    if problems := list(problems_of(policy.requesters, policy.approvals, is_demo=policy.demo)):
        raise RequestPolicyInvalid(problems)
    return policy


def schema() -> dict[str, Any]:
    """The JSON Schema of a request policy."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RequestPolicy.model_json_schema(by_alias=True),
        "title": "Request policy",
    }
