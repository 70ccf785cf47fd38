"""EnableAllFeatures: sees the organization from consolidated billing to all features.

AWS asks every account that was invited into the organization, for up to 90 days; this operation
starts that, adopts what others started, and says at each call how far it has come. The last
word is the management account's: AcceptHandshake, once the state is OPEN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from vending.aws import clients
from vending.aws.clock import Clock, now, timestamp
from vending.errors.aws_errors import reason_of
from vending.errors.catalogue import explain
from vending.errors.exceptions import ConcurrentModification, OperationRefused
from vending.handler.operation import Json, Payload, operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.exceptions import ClientError
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.literals import ActionTypeType
    from mypy_boto3_organizations.type_defs import HandshakeTypeDef

    from vending.organization.report import Report

CALLS = {
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:EnableAllFeatures",
    "organizations:ListHandshakesForOrganization",
}

State = Literal["ENABLED", "REQUESTED", "OPEN", "ACCEPTED"]

_ACTIONS: tuple[ActionTypeType, ...] = ("ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES")
"""AWS's pages disagree on which of the two the management account accepts in the end."""
_UNANSWERED = ("REQUESTED", "OPEN")
_FAILED = ("CANCELED", "DECLINED", "EXPIRED")
_SHOWN_FOR = 30 * 86_400
"""Seconds for which AWS shows a handshake after its end."""


class EnableAllFeatures(Payload):
    """`handshakeId`: the handshake an earlier call named; null at the first call."""

    handshake_id: str | None = None


def run(
    payload: EnableAllFeatures, *, organizations: OrganizationsClient, clock: Clock = now
) -> Json:
    """{state, handshakeId, started, waitingFor: [account ids], expiresAt}.

    ENABLED: all features are on. REQUESTED: accounts in `waitingFor` have not answered. OPEN: all
    have agreed, and the handshake waits for AcceptHandshake by the management account. ACCEPTED:
    that was done and does not show yet. OperationRefused (AllFeaturesNotApproved): the handshake
    ended otherwise, or a member declined, be it so long ago that AWS shows no answer any more.

    Implements EnableAllFeatures of the AWS Organizations API reference.
    """
    organization = organizations.describe_organization()["Organization"]
    if organization.get("FeatureSet") == "ALL":
        return _answer("ENABLED", payload.handshake_id)
    management_id = organization["MasterAccountId"]
    shown = _shown(organizations)
    finals = [one for one in shown if _asked(one, management_id) is None]
    final = _current(finals, payload.handshake_id)
    started = final is None
    if final is None:
        try:
            final = organizations.enable_all_features()["Handshake"]
        except organizations.exceptions.HandshakeConstraintViolationException as refused:
            return _refused_start(refused)
        shown = _shown(organizations)
    _refuse_ended(final)
    answers = _answers(shown, final, management_id)
    _refuse_declined(organizations, answers, final, clock)
    waiting = sorted(member for member, state in answers.items() if state in _UNANSWERED)
    state: State = "REQUESTED"
    if final["State"] == "ACCEPTED":
        state = "ACCEPTED"
    elif final["State"] == "OPEN" and not waiting:
        state = "OPEN"
    return _answer(state, final["Id"], started=started, waiting=waiting, final=final)


def is_pending(organizations: OrganizationsClient) -> bool:
    """Whether all features were asked for and are not on yet, while AWS lets nobody be invited."""
    organization = organizations.describe_organization()["Organization"]
    if organization.get("FeatureSet") == "ALL":
        return False
    management_id = organization["MasterAccountId"]
    return any(
        one["State"] in _UNANSWERED and _asked(one, management_id) is None
        for one in _shown(organizations)
    )


def _shown(organizations: OrganizationsClient) -> list[HandshakeTypeDef]:
    """Every handshake about all features, of the last 30 days or unanswered."""
    pages = organizations.get_paginator("list_handshakes_for_organization")
    return [
        handshake
        for action in _ACTIONS
        for page in pages.paginate(Filter={"ActionType": action})
        for handshake in page.get("Handshakes", [])
    ]


def _asked(handshake: HandshakeTypeDef, management_id: str) -> str | None:
    """The member that a handshake asks; None when it is the management account's own."""
    for party in handshake.get("Parties", []):
        if party["Type"] != "ORGANIZATION" and party["Id"] != management_id:
            return party["Id"]
    return None


def _current(
    finals: Sequence[HandshakeTypeDef], handshake_id: str | None
) -> HandshakeTypeDef | None:
    """What is to be accepted in the end; else what waits for that; else how the known one ended."""
    by_state: dict[str, HandshakeTypeDef] = {one["State"]: one for one in finals}
    for state in ("OPEN", "REQUESTED"):
        if state in by_state:
            return by_state[state]
    known = [one for one in finals if one["Id"] == handshake_id]
    if handshake_id is not None and not known:
        raise _not_approved("EXPIRED", f"The handshake {handshake_id} is no longer shown.")
    return known[0] if known else None


def _refused_start(refused: ClientError) -> Json:
    reason = reason_of(refused)
    if reason == "ORGANIZATION_ALREADY_HAS_ALL_FEATURES":
        return _answer("ENABLED", None)
    if reason == "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION":
        words = explain("HandshakeConstraintViolationException", reason)
        raise ConcurrentModification(
            f"EnableAllFeatures: {words.what} Its handshake is not visible yet.",
            code=words.code,
            reason=reason,
            remedy=words.remedy,
        ) from None
    raise refused


def _refuse_ended(final: HandshakeTypeDef) -> None:
    state = final["State"]
    if state in _FAILED:
        raise _not_approved(state, f"The handshake {final['Id']} is {state}.")


def _answers(
    shown: Sequence[HandshakeTypeDef], final: HandshakeTypeDef, management_id: str
) -> dict[str, str]:
    """The states of what the members are asked, by member."""
    answers: dict[str, str] = {}
    for handshake in sorted(shown, key=lambda one: one["RequestedTimestamp"]):
        member = _asked(handshake, management_id)
        if member and handshake["RequestedTimestamp"] >= final["RequestedTimestamp"]:
            answers[member] = handshake["State"]
    return answers


def _refuse_declined(
    organizations: OrganizationsClient,
    answers: Mapping[str, str],
    final: HandshakeTypeDef,
    clock: Clock,
) -> None:
    """OperationRefused when a member has declined, as far as that can be known."""
    declined = [
        member
        for member, state in answers.items()
        if state == "DECLINED" and _is_member(organizations, member)
    ]
    if declined:
        raise _not_approved("DECLINED", f"Declined by {', '.join(sorted(declined))}.", final["Id"])
    age = clock() - final["RequestedTimestamp"].timestamp()
    if final["State"] == "REQUESTED" and not answers and age > _SHOWN_FOR:
        # The last of all to agree would have opened the handshake, and its answer would show.
        message = (
            "AWS no longer shows an answer and waits for none: the answer is over 30 days old."
        )
        raise _not_approved("DECLINED", message, final["Id"])


def _is_member(organizations: OrganizationsClient, account_id: str) -> bool:
    try:
        organizations.describe_account(AccountId=account_id)
    except organizations.exceptions.AccountNotFoundException:
        return False
    return True


def _not_approved(reason: str, message: str, handshake_id: str = "") -> OperationRefused:
    words = explain("AllFeaturesNotApproved", reason)
    return OperationRefused(
        f"EnableAllFeatures: {words.what} {message}",
        code=words.code,
        reason=reason,
        remedy=words.remedy.replace("the open handshake", f"the handshake {handshake_id}".strip()),
    )


def _answer(
    state: State,
    handshake_id: str | None,
    *,
    started: bool = False,
    waiting: Sequence[str] = (),
    final: HandshakeTypeDef | None = None,
) -> Json:
    expires: Any = final.get("ExpirationTimestamp") if final else None
    return {
        "state": state,
        "handshakeId": handshake_id,
        "started": started,
        "waitingFor": list(waiting),
        "expiresAt": timestamp(expires.timestamp()) if expires else None,
    }


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if result["state"] == "ENABLED":
        return "on"
    waiting = result["waitingFor"]
    if waiting:
        return f"waits for {', '.join(waiting)} until {str(result['expiresAt'])[:10]}"
    if result["state"] == "REQUESTED":
        return "waits for AWS: every account has answered, one perhaps declined over 30 days ago"
    return "every invited account has agreed"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    state = result["state"]
    if state == "ENABLED":
        # A handshake is named only where the organization did not have all features before.
        into.say("all features", changed=result["handshakeId"] is not None)
        return
    waiting = ", ".join(result["waitingFor"])
    if result["started"]:
        into.say("all features, once every invited account has agreed within 90 days", changed=True)
    elif state == "OPEN":
        into.say("all features, which every invited account agreed to", changed=True)
    else:
        what = f"all features, already requested; not answered yet: {waiting or 'none'}"
        into.say(what, changed=True)
    if state == "REQUESTED" and not waiting and not result["started"]:
        into.warnings.append(
            f"The handshake {result['handshakeId']} waits for no account and is not open: if this "
            "persists, an account declined over 30 days ago, which AWS no longer shows; "
            "cancel the handshake and run the setup again"
        )


@operation(EnableAllFeatures)
def handler(payload: EnableAllFeatures) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
