"""Ways in which a request goes, so that every call site of its source is met by one of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.core.faults import CallFault
from embedded.organizations import owner_credentials
from embedded.organizations.settings import STANDALONE
from tests import interruptions
from tests.builders import a_contact, a_request
from tests.matrix.definition import CREATIONS, Site, sites_of, sources
from tests.matrix.invariants import Submission
from tests.matrix.site_faults import AfterTheCall, SiteFault
from tests.workflow import approvals, email_codes
from tests.workflow.vending import eventually
from vending.ledger.locks import keys

if TYPE_CHECKING:
    from tests.matrix.lab import Lab
    from tests.workflow.vending import Ended, Vending

POLICIES = [
    {
        "name": "NoUsers",
        "type": "SERVICE_CONTROL_POLICY",
        "content": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}],
            }
        ),
    },
    {
        "name": "Teams",
        "type": "TAG_POLICY",
        "content": json.dumps({"tags": {"team": {"tag_key": {"@@assign": "Team"}}}}),
    },
]

CONTACTS = {"billing": a_contact("Billing"), "security": a_contact("Security")}

_HELD = 5.0
"""Real seconds that an execution is held in its state at most."""

SLOW_SECONDS = 600.0
"""Of AWS's time that a creation takes where it is to be waited for."""

_GOV_CLOUD_UNREPORTED = {"event": "CreateGovCloudAccount", "lost": True}

DENIED = CallFault(error="AccessDeniedException")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`run` submits the submission and returns how its executions ended."""

    name: str
    run: Callable[[Lab, Submission], list[Ended]]
    fails: bool = False
    """Whether it ends in a failure that is none of the cell's."""
    without: tuple[str, ...] = ()
    """What the request does not ask for."""
    unit: str | None = None
    """Where the account is to go, if not where it goes elsewhere."""
    trusted: tuple[str, ...] = ()
    """Services that enabled themselves before, which the request asks for as well."""
    meets: tuple[str, ...] = ()
    """Functions, operations and states to look for here before elsewhere; it only saves time."""


def a_submission(source: str, scenario: Scenario, vending: Vending) -> Submission:
    """A request for everything that a request may ask for, of the source."""
    request = a_request(source=source)
    request["policies"] = POLICIES
    request["contacts"] = CONTACTS
    request = {key: value for key, value in request.items() if key not in scenario.without}
    if scenario.unit is not None:
        request["organizationalUnit"] = scenario.unit
    for service in scenario.trusted:
        vending.organizations.enable_aws_service_access(ServicePrincipal=service)
        request["serviceAccess"] = [*request["serviceAccess"], service]
    if source == "existing":
        email = request["account"]["email"]
        account_id = an_account_made_by_hand(vending, email)
        member = {"accountId": account_id, "name": "By hand", "email": email}
        return Submission(request=request | {"account": member}, account_id=account_id)
    if source == "new-govcloud":
        account = request["account"]
        return Submission(
            request=request | {"account": account | {"name": account["name"].replace(" ", "-")}}
        )
    if source == "invited":
        account = {"accountId": STANDALONE.id, "roleName": STANDALONE.accepting_role_name}
        account["name"] = STANDALONE.name
        account = {key: value for key, value in account.items() if key not in scenario.without}
        if "accountId" not in account:
            account = {"email": STANDALONE.email, "name": STANDALONE.name}
        return Submission(request=request | {"account": account}, account_id=STANDALONE.id)
    return Submission(request=request)


def an_account_made_by_hand(vending: Vending, email: str) -> str:
    """A member that somebody created without this system."""
    status = vending.organizations.create_account(Email=email, AccountName="By hand")
    creation_id = status["CreateAccountStatus"]["Id"]

    def made() -> str | None:
        described = vending.organizations.describe_create_account_status(
            CreateAccountRequestId=creation_id
        )["CreateAccountStatus"]
        return str(described["AccountId"]) if "AccountId" in described else None

    return str(eventually(made))


def _by_event(lab: Lab, submission: Submission) -> list[Ended]:
    """As most requests come and go."""
    return lab.send(submission)


def _resumed(lab: Lab, submission: Submission) -> list[Ended]:
    """A second execution takes over from one that was stopped after it had the claim."""
    claimed = sources()[str(submission.request["source"])]
    with interruptions.when_entered(claimed, interruptions.stop):
        stopped = lab.run(submission)
    return [*stopped, *lab.run(submission)]


def _repeated_at_work(lab: Lab, submission: Submission) -> list[Ended]:
    """The same again while the first is at work."""
    asked_again = threading.Event()
    with interruptions.when_entered("Baseline", lambda _: asked_again.wait(_HELD)):
        first = lab.vending.start(submission.request)
        with suppress(AssertionError):  # what is broken may leave no row
            eventually(lambda: lab.vending.row(submission.request_id), patience=_HELD)
        second = lab.run(submission)
        asked_again.set()
        return [*second, lab.finish(first)]


def _repeated_afterwards(lab: Lab, submission: Submission) -> list[Ended]:
    """The same again once it is vended."""
    return [*lab.run(submission), *lab.run(submission)]


def _refused_late(lab: Lab, submission: Submission) -> list[Ended]:
    """A failure that the ledger is to remember."""
    lab.faults.arm(
        SiteFault(
            site=Site("MoveAccount", "organizations", "MoveAccount"), fault=DENIED, lasts=True
        )
    )
    return lab.send(submission)


def _refused_early(lab: Lab, submission: Submission) -> list[Ended]:
    """A failure before there is a row."""
    lab.faults.arm(
        SiteFault(
            site=Site("AcceptRequest", "dynamodb", "TransactWriteItems"), fault=DENIED, lasts=True
        )
    )
    return lab.send(submission)


def _creation_unanswered(lab: Lab, submission: Submission) -> list[Ended]:
    """AWS acts, nobody hears of it: the account must be looked for, and is found."""
    _arm_creations(lab, submission, CallFault(lost=True))
    return lab.send(submission)


def _creation_uncertain(lab: Lab, submission: Submission) -> list[Ended]:
    """AWS does not act, nobody can be sure: the account must be looked for, and is not found."""
    _arm_creations(lab, submission, CallFault(error="ServiceException"))
    return lab.send(submission)


def _creation_fails_later(lab: Lab, submission: Submission) -> list[Ended]:
    """AWS says that the account is there already, and it is not."""
    lab.faults.replace([{"createAccount": {"calls": [1], "failureReason": "EMAIL_ALREADY_EXISTS"}}])
    return lab.send(submission)


def _created_slowly(lab: Lab, submission: Submission) -> list[Ended]:
    """AWS takes its time, and reports the end of it."""
    lab.faults.replace([{"createAccount": {"calls": "all", "seconds": SLOW_SECONDS}}])
    return lab.send(submission)


def _created_unreported(lab: Lab, submission: Submission) -> list[Ended]:
    """AWS takes its time, and no event tells of it."""
    slow = {"createAccount": {"calls": "all", "seconds": SLOW_SECONDS}}
    lab.faults.replace([slow, {"event": "CreateAccount", "lost": True}, _GOV_CLOUD_UNREPORTED])
    return lab.send(submission)


def _arm_creations(lab: Lab, submission: Submission, fault: CallFault) -> None:
    for site in sites_of(str(submission.request["source"])):
        if site.operation in CREATIONS:
            lab.faults.arm(SiteFault(site=site, fault=fault))


def _dead_in_line(lab: Lab, submission: Submission) -> list[Ended]:
    """Somebody who died waiting is in the line whenever this request makes room."""
    dead = _dead(lab)
    _put_in_line(lab, dead)
    with interruptions.when_entered("WaitForAccount", lambda _: _put_in_line(lab, dead)):
        return lab.send(submission)


def _dead_in_line_unanswered(lab: Lab, submission: Submission) -> list[Ended]:
    """As `dead in line`, and the account has to be looked for."""
    dead = _dead(lab)
    _arm_creations(lab, submission, CallFault(lost=True))
    with interruptions.when_entered("IsCreationStillUnknown", lambda _: _put_in_line(lab, dead)):
        return lab.send(submission)


def _dead_in_line_refused(lab: Lab, submission: Submission) -> list[Ended]:
    """As `dead in line`, and the request ends before it has an account."""
    dead = _dead(lab)
    _arm_creations(lab, submission, DENIED)
    with interruptions.when_entered("RecordFailure", lambda _: _put_in_line(lab, dead)):
        return lab.send(submission)


def _dead(lab: Lab) -> str:
    """A request whose execution was stopped after it had been to the creation queue; its id."""
    request = a_request()
    with interruptions.when_entered("WaitForSlot", interruptions.stop):
        lab.run(Submission(request=request))
    request_id = str(request["requestId"])
    eventually(lambda: request_id not in _gate(lab)["places"]["M"])  # its end was reported
    return request_id


def _gate(lab: Lab) -> Any:
    return lab.vending.dynamodb.get_item(
        TableName=lab.aws.outputs["LedgerTableName"], Key={"pk": {"S": "gate#creation"}}
    )["Item"]


def _put_in_line(lab: Lab, request_id: str) -> None:
    """Put a request in front of all that wait at the creation queue."""
    eventually(lambda: _put_in_front(lab, request_id))


def _put_in_front(lab: Lab, request_id: str) -> bool:
    """Whether the queue was still what it was, and has the request in front now."""
    seen = _gate(lab)
    waiting = "\n".join([request_id, *seen["waiting"]["S"].split()])
    try:
        lab.vending.dynamodb.update_item(
            TableName=lab.aws.outputs["LedgerTableName"],
            Key={"pk": {"S": "gate#creation"}},
            UpdateExpression="SET waiting = :waiting, #version = #version + :one",
            ConditionExpression="#version = :seen",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues={
                ":waiting": {"S": waiting},
                ":seen": seen["version"],
                ":one": {"N": "1"},
            },
        )
    except lab.vending.dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _locks_left_behind(lab: Lab, submission: Submission) -> list[Ended]:
    """The email and the name are locked by a request that is no more."""
    for pk in keys(submission.request["account"]):
        held = {"pk": {"S": pk}, "owner": {"S": "nobody"}, "executionArn": {"S": "none"}}
        lab.vending.dynamodb.put_item(TableName=lab.aws.outputs["LedgerTableName"], Item=held)
    return lab.send(submission)


def _unit_made_by_hand(lab: Lab, submission: Submission) -> list[Ended]:
    """The path of organizational units is there, and no request ever asked for it."""
    organizations = lab.vending.organizations
    parent = organizations.list_roots()["Roots"][0]["Id"]
    for name in submission.request["organizationalUnit"].strip("/").split("/"):
        unit = organizations.create_organizational_unit(ParentId=parent, Name=name)
        parent = unit["OrganizationalUnit"]["Id"]
    return lab.send(submission)


def _unit_refused(lab: Lab, submission: Submission) -> list[Ended]:
    """The organization has as many units as it may have."""
    limit = CallFault(error="ConstraintViolationException", reason="OU_NUMBER_LIMIT_EXCEEDED")
    site = Site("CreateOrganizationalUnit", "organizations", "CreateOrganizationalUnit")
    lab.faults.arm(SiteFault(site=site, fault=limit, lasts=True))
    return lab.send(submission)


def _second_of_two(lab: Lab, submission: Submission) -> list[Ended]:
    """What the organization shares is there already: an earlier request made it."""
    lab.run(Submission(request=a_request(policies=POLICIES)))
    return lab.send(submission)


def _invitation_answered(lab: Lab, submission: Submission) -> list[Ended]:
    """The owner of an invited account accepts, some time later."""
    arn = lab.vending.start(submission.request)
    with suppress(AssertionError):  # what is broken may end it before
        eventually(lambda: _awaits(lab, submission) or lab.vending.has_ended(arn), patience=20)
    _accept_as_owner(lab)
    return [lab.finish(arn)]


def _invitation_answered_early(lab: Lab, submission: Submission) -> list[Ended]:
    """The owner accepts before anybody waits for it."""
    with interruptions.when_entered("DescribeHandshake", lambda _: _accept_as_owner(lab)):
        return lab.run(submission)


def _joined_before(lab: Lab, submission: Submission) -> list[Ended]:
    """The invited account is a member by the time it is asked."""
    if submission.request["source"] == "invited":
        lab.vending.organizations.invite_account_to_organization(
            Target={"Type": "ACCOUNT", "Id": STANDALONE.id}
        )
        _accept_as_owner(lab)
    return lab.run(submission)


def _resumed_late(lab: Lab, submission: Submission) -> list[Ended]:
    """A second execution finds everything done."""
    with interruptions.when_entered("RecordVended", interruptions.stop):
        stopped = lab.run(submission)
    return [*stopped, *lab.run(submission)]


def _resumed_at_handshake(lab: Lab, submission: Submission) -> list[Ended]:
    """A second execution finds the invitation that the first one sent."""
    with interruptions.when_entered("AcceptHandshake", interruptions.stop):
        stopped = lab.run(submission)
    return [*stopped, *lab.run(submission)]


def _accept_as_owner(lab: Lab) -> None:
    keys = owner_credentials(STANDALONE.id)
    owner = lab.aws.client(
        "organizations",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )
    for handshake in owner.list_handshakes_for_account()["Handshakes"]:
        if handshake["State"] == "OPEN":
            owner.accept_handshake(HandshakeId=handshake["Id"])


def _awaits(lab: Lab, submission: Submission) -> bool:
    return lab.vending.waits(submission.request_id)


def _acceptance_refused(lab: Lab, submission: Submission) -> list[Ended]:
    """The invitation cannot be accepted for its account, and is taken back."""
    lab.faults.arm(
        SiteFault(
            site=Site("AcceptHandshake", "organizations", "AcceptHandshake"),
            fault=DENIED,
            lasts=True,
        )
    )
    return lab.send(submission)


def _acceptance_unheard_of(lab: Lab, submission: Submission) -> list[Ended]:
    """The function dies once the invitation is accepted; a member's role is out of its reach."""
    site = Site("AcceptHandshake", "organizations", "AcceptHandshake")
    dies = AfterTheCall(lambda: interruptions.kill(site.actor, lab.aws), lost=True)
    lab.faults.arm(SiteFault(site=site, fault=dies))
    return lab.send(submission)


def _changed(lab: Lab, submission: Submission) -> list[Ended]:
    """The account was vended with more than it is to have now, and by another name."""
    before = {
        **submission.request,
        "account": {**submission.request["account"], "name": "Before"},
        "tags": {**submission.request["tags"], "before": "1"},
        "policies": [*POLICIES, POLICIES[0] | {"name": "Before"}],
        "contacts": {**CONTACTS, "operations": a_contact("Operations")},
    }
    return [
        *lab.run(Submission(request=before, account_id=submission.account_id)),
        *lab.run(submission),
    ]


def _email_changed(lab: Lab, submission: Submission) -> list[Ended]:
    """The account was vended with another email, and its owner gives the code of the new one.

    At first a wrong one.
    """
    if "email" not in submission.request["account"]:
        return lab.run(submission)
    return [*_with_another_email(lab, submission), *lab.run(submission)]


def _email_changed_by_hand(lab: Lab, submission: Submission) -> list[Ended]:
    """The account was vended with another email, and has the new one by the time it is changed."""
    account = submission.request["account"]
    if "email" not in account:
        return lab.run(submission)
    first = _with_another_email(lab, submission)
    row = lab.vending.row(submission.request_id)
    if row is not None and "accountId" in row:
        _give_email(lab, row["accountId"], account["email"])
    return [*first, *lab.run(submission)]


def _with_another_email(lab: Lab, submission: Submission) -> list[Ended]:
    """The account is vended with an email that it is not to keep."""
    account = submission.request["account"]
    email = f"b.{account['email']}"
    if submission.request["source"] == "existing":
        lab.vending.organizations.enable_aws_service_access(
            ServicePrincipal="account.amazonaws.com"
        )
        _give_email(lab, account["accountId"], email)
    before = {**submission.request, "account": {**account, "email": email}}
    return lab.run(Submission(request=before, account_id=submission.account_id))


def _give_email(lab: Lab, account_id: str, email: str) -> None:
    """Whoever administers the organization gives an account this email."""
    client, named = lab.aws.client("account"), {"AccountId": account_id, "PrimaryEmail": email}
    client.start_primary_email_update(**named)
    client.accept_primary_email_update(**named, Otp=email_codes.code_of(account_id))


def _left_behind(lab: Lab, submission: Submission) -> list[Ended]:
    """The account is being made for this request already, and this execution cannot know."""
    account = submission.request["account"]
    organizations = lab.vending.organizations
    create = {
        "new": organizations.create_account,
        "new-govcloud": organizations.create_gov_cloud_account,
    }.get(str(submission.request["source"]))
    if create:
        create(
            Email=account["email"],
            AccountName=account["name"],
            Tags=[{"Key": "account-vending:request-id", "Value": submission.request_id}],
        )
    return lab.run(submission)


_OF_EMAILS = ("StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate", "IsCodeGiven")
_OF_CHANGES = ("PutAccountName", "UntagResource", "DetachPolicy", "DeleteAlternateContact")

SCENARIOS = (
    Scenario(name="by event", run=_by_event),
    Scenario(name="resumed", run=_resumed),
    Scenario(
        name="repeated at work",
        run=_repeated_at_work,
        # A stopped execution's end may be in the ledger before anybody asks whether it runs.
        meets=("DuplicateRequest", "DescribeExecution"),
    ),
    Scenario(
        name="repeated afterwards",
        run=_repeated_afterwards,
        meets=("AlreadyVended", "AcceptRequest", "DescribeAccount", "ListParents"),
    ),
    Scenario(
        name="left in its place",
        run=_by_event,
        without=("organizationalUnit",),
        meets=("PlacementKept",),
    ),
    Scenario(name="approved", run=_by_event, unit=approvals.UNIT, meets=("AwaitApproval",)),
    Scenario(name="changed", run=_changed, meets=("IsAccountChanged", *_OF_CHANGES)),
    Scenario(name="email changed", run=_email_changed, meets=_OF_EMAILS),
    Scenario(
        name="email changed by hand",
        run=_email_changed_by_hand,
        meets=("StartPrimaryEmailUpdate", "SendTaskSuccess"),
    ),
    Scenario(name="second of two", run=_second_of_two, meets=("DescribePolicy",)),
    Scenario(
        name="service enabled before",
        run=_by_event,
        trusted=("ipam.amazonaws.com",),
        meets=("ListAWSServiceAccessForOrganization",),
    ),
    Scenario(
        name="invitation answered",
        run=_invitation_answered,
        without=("roleName",),
        meets=("DescribeHandshake",),
    ),
    Scenario(
        name="invitation answered early",
        run=_invitation_answered_early,
        without=("roleName", "accountId"),
        meets=("DescribeHandshake", "SendTaskSuccess"),
    ),
    Scenario(name="joined before", run=_joined_before, meets=("InviteAccountToOrganization",)),
    Scenario(
        name="joined before, by email",
        run=_joined_before,
        without=("roleName", "accountId"),
    ),
    Scenario(
        name="resumed at handshake",
        run=_resumed_at_handshake,
        meets=("InviteAccountToOrganization",),
    ),
    Scenario(name="resumed late", run=_resumed_late),
    Scenario(
        name="acceptance refused",
        run=_acceptance_refused,
        fails=True,
        meets=("CancelHandshake",),
    ),
    Scenario(
        name="acceptance unheard of",
        run=_acceptance_unheard_of,
        meets=("AcceptHandshake",),
    ),
    Scenario(name="refused late", run=_refused_late, fails=True, meets=("RecordFailure",)),
    Scenario(name="refused early", run=_refused_early, fails=True),
    Scenario(
        name="creation unanswered",
        run=_creation_unanswered,
        meets=("WaitForReconciliation", "IsCreationStillUnknown", "ListCreateAccountStatus"),
    ),
    Scenario(name="creation uncertain", run=_creation_uncertain, meets=("ListAccounts",)),
    Scenario(
        name="creation fails later",
        run=_creation_fails_later,
        fails=True,
        meets=("ListCreateAccountStatus", "ListAccounts"),
    ),
    Scenario(
        name="created slowly",
        run=_created_slowly,
        meets=("AnswerCreateAccount",),
    ),
    Scenario(
        name="created unreported",
        run=_created_unreported,
        meets=("SendTaskFailure", "WaitForAccount"),
    ),
    Scenario(
        name="unit made by hand",
        run=_unit_made_by_hand,
        meets=("ListOrganizationalUnitsForParent",),
    ),
    Scenario(name="unit refused", run=_unit_refused, fails=True),
    Scenario(name="locks left behind", run=_locks_left_behind, meets=("DeleteItem",)),
    Scenario(name="dead in line", run=_dead_in_line, meets=("SendTaskSuccess",)),
    Scenario(
        name="dead in line, unanswered",
        run=_dead_in_line_unanswered,
        meets=("SendTaskSuccess",),
    ),
    Scenario(
        name="dead in line, refused",
        run=_dead_in_line_refused,
        fails=True,
        meets=("SendTaskSuccess", "DescribeExecution"),
    ),
    Scenario(
        name="left behind",
        run=_left_behind,
        meets=("TagResource", "DescribeAccount", "ListTagsForResource"),
    ),
)
"""In the order in which they are tried for a call site or a state."""
