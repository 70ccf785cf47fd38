"""Who calls the API, by what API Gateway says of the request that it has authorized.

API Gateway Developer Guide, "Working with AWS Lambda proxy integrations for HTTP APIs": with IAM
authorization `requestContext.authorizer.iam` has accountId and userArn, with a token
`requestContext.authorizer.jwt` has its claims. No client can set either.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vending.authorization import principals
from vending.authorization.authorization import Authorization
from vending.authorization.sender import API_SOURCE, Sender
from vending.errors.exceptions import RequestNotAllowed
from vending.frozen import frozen
from vending.request.request_ids import namespace_of
from vending.request.validators import REQUESTED_BY_MAX

if TYPE_CHECKING:
    from vending.authorization.request_policy import RequestPolicy


@frozen
class Caller:
    """Whoever calls, under the request policy of this installation, in the account `here`.

    Attributes:
        identity: the ARN of the principal with its session, or the token's issuer and subject.
        candidates: the principals that it may be to the request policy; with IAM there is one.
        account: the principal's.
        policy: what it may ask for.
        here: the account of this installation.
    """

    identity: str
    candidates: tuple[str, ...]
    account: str
    policy: RequestPolicy
    here: str

    @classmethod
    def of(
        cls, event: Mapping[str, Any], policy: RequestPolicy, *, here: str, claim: str = ""
    ) -> Caller:
        """The caller of an API Gateway event of format 2.0.

        Args:
            event: the event.
            policy: of this installation.
            here: its account.
            claim: the claim of tokens that has principals; empty where IAM authorizes.

        Raises:
            RequestNotAllowed: the request came without the authorization that is wanted.
        """
        authorizer = event.get("requestContext", {}).get("authorizer", {})
        if claim:
            claims = (authorizer.get("jwt") or {}).get("claims") or {}
            issuer, subject = claims.get("iss"), claims.get("sub")
            if not issuer or not subject:
                raise _unauthorized("a token", "Send a token of the issuer as `Bearer`.")
            values = principals.values_of(str(claims.get(claim, "")))
            return cls(
                identity=f"{issuer}#{subject}",
                candidates=tuple(map(principals.of_claim, values)),
                account=here,
                policy=policy,
                here=here,
            )
        iam = authorizer.get("iam") or {}
        user_arn, account = iam.get("userArn"), iam.get("accountId")
        if not user_arn or not account:
            raise _unauthorized(
                "IAM", "Sign the request with Signature Version 4 for the service execute-api."
            )
        return cls(
            identity=user_arn,
            candidates=(principals.of_caller(user_arn),),
            account=account,
            policy=policy,
            here=here,
        )

    @property
    def principal(self) -> str:
        """By what the request policy knows it."""
        return self.authorization.sender.principal or ""

    @property
    def token_subject(self) -> str | None:
        """Who it is of those who share a value of the claim; sessions of a role are one."""
        return None if self.identity.startswith("arn:") else self.identity

    @property
    def name(self) -> str:
        """What records show as `requestedBy`."""
        return self.identity[:REQUESTED_BY_MAX]

    @cached_property
    def authorization(self) -> Authorization:
        """What the request policy says of it.

        Raises:
            RequestNotAllowed: nothing; or it is several requesters at once.
        """
        found: dict[str, Authorization] = {}
        refusal: RequestNotAllowed | None = None
        for principal in self.candidates:
            sender = Sender(account=self.account, source=API_SOURCE, principal=principal)
            try:
                one = Authorization.of(sender, self.policy, here=self.here)
            except RequestNotAllowed as refused:
                refusal = refusal or refused
            else:
                found.setdefault(one.name, one)
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            raise RequestNotAllowed(
                [f"sender: the token is of several requesters: {', '.join(sorted(found))}"],
                remedy="Use a token of one requester of the request policy.",
            )
        raise refusal or RequestNotAllowed(
            ["sender: the token has no value in the claim that the request policy goes by"],
            remedy="Have whoever operates the issuer give you a group of the request policy.",
        )

    @property
    def sees_everything(self) -> bool:
        """Whether it is an operator or an administrator."""
        requester = self.authorization.requester
        return requester is None or requester.sees_everything

    def sees(self, request_id: str | None) -> bool:
        """Whether a request is one of its requester's, or it sees all of them."""
        if self.sees_everything:
            return True
        return request_id is not None and namespace_of(request_id) == self.authorization.name


def _unauthorized(by: str, remedy: str) -> RequestNotAllowed:
    return RequestNotAllowed([f"sender: the request was not authorized by {by}"], remedy=remedy)
