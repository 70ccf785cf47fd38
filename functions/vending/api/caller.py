"""Who calls the API, by what API Gateway says of the request that it has authorized.

API Gateway Developer Guide, "Working with AWS Lambda proxy integrations for HTTP APIs": with IAM
authorization `requestContext.authorizer.iam` has accountId and userArn, which no client can set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vending.authorization import principals
from vending.authorization.authorization import Authorization
from vending.authorization.request_policy import RequestPolicy
from vending.authorization.sender import API_SOURCE, Sender
from vending.errors.exceptions import RequestNotAllowed
from vending.request.request_ids import namespace_of
from vending.request.validators import REQUESTED_BY_MAX


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A principal, under the request policy of this installation, in the account `here`.

    Attributes:
        user_arn: of the principal, with the name of its session.
        account: the principal's.
        policy: what it may ask for.
        here: the account of this installation.
    """

    user_arn: str
    account: str
    policy: RequestPolicy
    here: str

    @classmethod
    def of(cls, event: Mapping[str, Any], policy: RequestPolicy, *, here: str) -> Caller:
        """The caller of an API Gateway event of format 2.0.

        Raises:
            RequestNotAllowed: the request came without IAM's authorization.
        """
        iam = event.get("requestContext", {}).get("authorizer", {}).get("iam") or {}
        user_arn, account = iam.get("userArn"), iam.get("accountId")
        if not user_arn or not account:
            raise RequestNotAllowed(
                ["sender: the request was not authorized by IAM"],
                remedy="Sign the request with Signature Version 4 for the service execute-api.",
            )
        return cls(user_arn=user_arn, account=account, policy=policy, here=here)

    @property
    def principal(self) -> str:
        """By what the request policy knows it."""
        return principals.of_caller(self.user_arn)

    @property
    def name(self) -> str:
        """What records show as `requestedBy`: the principal with the name of its session."""
        return self.user_arn[:REQUESTED_BY_MAX]

    @cached_property
    def authorization(self) -> Authorization:
        """What the request policy says of it.

        Raises:
            RequestNotAllowed: nothing.
        """
        sender = Sender(account=self.account, source=API_SOURCE, principal=self.principal)
        return Authorization.of(sender, self.policy, here=self.here)

    @property
    def sees_everything(self) -> bool:
        """Whether it is an administrator."""
        return self.authorization.requester is None

    def sees(self, request_id: str | None) -> bool:
        """Whether a request is one of its requester's, or it is an administrator."""
        if self.sees_everything:
            return True
        return request_id is not None and namespace_of(request_id) == self.authorization.name
