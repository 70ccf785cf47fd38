"""Journeys: a request fails, somebody does what the remedy says, and it ends VENDED.

By kind of remedy: the cause is settled and the same request submitted again; the request is
corrected under its own id, after its account was made or before; or it becomes another request.
Remedies that no request meets are named in tests/unit/functions/test_remedies.py; those of
invitations that end are followed in test_invited_account.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.core.service_models import error_names
from tests.builders import a_request
from tests.unit.functions.test_remedies import AGAIN, REMEDIES
from tests.workflow.invitations import INVITED, ROLE, an_invitation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.workflow.command import Command
    from tests.workflow.vending import Ended, Vending

pytestmark = pytest.mark.usefixtures("role_accepts")

SCP = "SERVICE_CONTROL_POLICY"
MANAGEMENT = "111111111111"


def a_policy(name: str = "NoLeaving", action: str = "organizations:LeaveOrganization") -> Any:
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    content = {"Version": "2012-10-17", "Statement": [statement]}
    return {"name": name, "type": SCP, "content": json.dumps(content)}


def fault(operation: str, code: str, reason: str | None) -> dict[str, Any]:
    """What makes every call of the operation fail."""
    if code == "AccountCreationFailed":
        return {"createAccount": {"calls": "all", "seconds": 3, "failureReason": reason}}
    rule = {"service": "organizations", "operation": operation, "calls": "all", "error": code}
    return rule | ({"reason": reason} if reason else {})


def failed(
    vending: Vending, request: dict[str, Any], operation: str, code: str, reason: str | None
) -> Ended:
    """The request's end with the fault, which is settled afterwards."""
    vending.aws.faults.replace([fault(operation, code, reason)])
    ended = vending.run(request)
    vending.aws.faults.replace([])
    assert ended.status == "FAILED", ended
    assert (ended.cause["code"], ended.cause["reason"]) == (code, reason), ended
    return ended


CALLS = (
    "AttachPolicy",
    "CreatePolicy",
    "EnableAWSServiceAccess",
    "MoveAccount",
    "CreateAccount",
    "InviteAccountToOrganization",
)
"""Where a request fails, the hardest first: its account is made by then."""


def settled() -> Iterator[tuple[str, str, str | None]]:
    """(operation, code, reason), one for every remedy of an error that a call can be refused by."""
    seen = set()
    for code, reason in AGAIN:
        remedy = REMEDIES[code, reason]
        if code == "AccountCreationFailed" and reason is not None:
            operation: str | None = "CreateAccount"
        else:
            modelled = [one for one in CALLS if code in error_names("organizations", one)]
            operation = next(iter(modelled), None)
        if operation and remedy not in seen and (code, reason) not in CORRECTED:
            seen.add(remedy)
            yield operation, code, reason


OTHER_NAME = {"account": {"name": "Sandpit", "email": "aws+corrected@example.com"}}
OTHER_EMAIL = {"account": {"name": "Sandbox", "email": "aws+corrected@example.com"}}
OTHER_TAGS = {"tags": {"CostCentre": "4712"}}
OTHER_POLICY = {"policies": [a_policy("NoUsers", "iam:CreateUser")]}
ANOTHER = {"source": "invited", "account": {"accountId": INVITED, "roleName": ROLE}}
CORRECTED: dict[tuple[str, str | None], list[tuple[str, dict[str, Any]]]] = {
    ("InvalidInputException", None): [
        ("CreateAccount", OTHER_NAME),
        ("CreatePolicy", OTHER_POLICY),
    ],
    ("InvalidInputException", "INVALID_PARTY_TYPE_TARGET"): [
        ("InviteAccountToOrganization", ANOTHER)
    ],
    ("InvalidInputException", "INVALID_ENUM"): [("CreateAccount", OTHER_NAME)],
    ("InvalidInputException", "INVALID_ENUM_POLICY_TYPE"): [("CreatePolicy", {"policies": []})],
    ("InvalidInputException", "INVALID_LIST_MEMBER"): [("CreateAccount", OTHER_TAGS)],
    ("InvalidInputException", "MAX_LENGTH_EXCEEDED"): [
        ("CreateAccount", OTHER_NAME),
        ("CreatePolicy", OTHER_POLICY),
        ("CreateOrganizationalUnit", {"organizationalUnit": "/Short"}),
    ],
    ("InvalidInputException", "MIN_LENGTH_EXCEEDED"): [("CreateAccount", OTHER_NAME)],
    ("InvalidInputException", "IMMUTABLE_POLICY"): [("AttachPolicy", OTHER_POLICY)],
    ("InvalidInputException", "INVALID_PATTERN"): [
        ("CreateAccount", OTHER_NAME),
        ("CreatePolicy", OTHER_POLICY),
    ],
    ("InvalidInputException", "INPUT_REQUIRED"): [("CreateAccount", OTHER_NAME)],
    ("InvalidInputException", "INVALID_FULL_NAME_TARGET"): [("CreateAccount", OTHER_NAME)],
    ("InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL"): [
        ("EnableAWSServiceAccess", {"serviceAccess": []})
    ],
    ("InvalidInputException", "INVALID_ROLE_NAME"): [
        ("CreateAccount", {"account": OTHER_EMAIL["account"] | {"roleName": "Admin"}})
    ],
    ("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER"): [("CreateAccount", OTHER_TAGS)],
    ("InvalidInputException", "DUPLICATE_TAG_KEY"): [("CreateAccount", OTHER_TAGS)],
    ("InvalidInputException", "INVALID_EMAIL_ADDRESS_TARGET"): [("CreateAccount", OTHER_EMAIL)],
    ("InvalidInputException", "INVALID_PRINCIPAL"): [("CreatePolicy", OTHER_POLICY)],
    ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED"): [
        ("CreateOrganizationalUnit", {"organizationalUnit": "/Short"})
    ],
    ("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED"): [
        ("CreatePolicy", OTHER_POLICY)
    ],
    ("ConstraintViolationException", "TAG_POLICY_VIOLATION"): [("CreateAccount", OTHER_TAGS)],
    ("MalformedPolicyDocumentException", None): [("CreatePolicy", OTHER_POLICY)],
    ("HandshakeConstraintViolationException", "ORGANIZATION_FROM_DIFFERENT_SELLER_OF_RECORD"): [
        ("InviteAccountToOrganization", {"source": "new", **OTHER_NAME})
    ],
    ("MasterCannotLeaveOrganizationException", None): [
        ("AcceptHandshake", {"requestId": "another", "source": "new", **OTHER_NAME})
    ],
    ("AccountCreationFailed", "EMAIL_ALREADY_EXISTS"): [("CreateAccount", OTHER_EMAIL)],
    ("AccountCreationFailed", "INVALID_EMAIL"): [("CreateAccount", OTHER_EMAIL)],
    ("AccountCreationFailed", "GOVCLOUD_ACCOUNT_ALREADY_EXISTS"): [
        ("CreateGovCloudAccount", OTHER_EMAIL)
    ],
}
"""Where a request is refused for its content, and what is corrected then."""


def asking(operation: str) -> dict[str, Any]:
    """A request that makes the call."""
    if operation in ("InviteAccountToOrganization", "AcceptHandshake"):
        return an_invitation(accountId=INVITED, roleName=ROLE)
    if operation == "CreateGovCloudAccount":
        account = {"name": "Sandbox", "email": "aws+govcloud@example.com"}
        return a_request(source="new-govcloud", account=account)
    return a_request(policies=[a_policy()])


@pytest.mark.slow
@pytest.mark.parametrize(("operation", "code", "reason"), list(settled()))
def test_cause_settled_and_the_same_request_submitted_again_ends_vended(
    vending: Vending, operation: str, code: str, reason: str | None
) -> None:
    request = asking(operation)
    failed(vending, request, operation, code, reason)

    again = vending.run(request)

    assert again.status == "SUCCEEDED", again
    assert again.output["state"] == "VENDED"
    assert len(vending.accounts()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "reason", "operation", "correction"),
    [(*key, *case) for key, cases in CORRECTED.items() for case in cases],
)
def test_request_corrected_under_its_own_id_ends_vended(
    vending: Vending, code: str, reason: str | None, operation: str, correction: dict[str, Any]
) -> None:
    request = asking(operation)
    failed(vending, request, operation, code, reason)

    again = vending.run(request | correction)

    assert again.status == "SUCCEEDED", again
    assert again.output["requestId"] == (request | correction)["requestId"]
    assert len(vending.accounts()) == 1
    account_id = again.output["accountId"]
    assert vending.tags(account_id).items() >= (request | correction)["tags"].items()


@pytest.mark.slow
def test_malformed_policy_is_corrected_after_the_account_was_made(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    request = a_request(tags={"team": "a"}, policies=[a_policy()])
    failed(vending, request, "CreatePolicy", "MalformedPolicyDocumentException", None)
    (account,) = vending.accounts()
    file = tmp_path / "request.json"
    corrected = request | OTHER_POLICY | {"tags": {"owner": "b"}, "organizationalUnit": "/Else"}
    file.write_text(json.dumps(corrected))

    plan = vend("plan", str(file), "--json")
    submitted = vend("submit", str(file), "--json")

    assert plan.status == 0, plan
    assert "policy NoUsers on the account" in plan.json["changes"]
    assert "tag team removed" in plan.json["changes"]
    assert submitted.status == 0, submitted
    assert submitted.json["accountId"] == account["Id"]
    assert vending.policies(account["Id"]) == {"FullAWSAccess", "NoUsers"}
    tags = vending.tags(account["Id"])
    assert (tags.get("team"), tags["owner"]) == (None, "b")
    assert vending.path(account["Id"]) == "/Else"
    assert vending.calls("organizations", "CreateAccount") == 1


@pytest.mark.slow
def test_role_of_an_account_that_was_made_is_refused_and_the_way_that_is_named_works(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    request = a_request(policies=[a_policy()])
    failed(vending, request, "CreatePolicy", "MalformedPolicyDocumentException", None)
    file = tmp_path / "request.json"
    wrong = request | {"account": request["account"] | {"roleName": "Other"}}
    file.write_text(json.dumps(wrong))

    refused = vending.run(wrong)
    plan = vend("plan", str(file), "--json")
    submitted = vend("submit", str(file), "--json")
    again = vending.run(request | {"policies": []})
    another = vending.run(
        request | {"requestId": "another", "account": {"name": "Another", "email": "b@example.com"}}
    )

    assert refused.error == "RequestConflict"
    assert "account.roleName is " in refused.cause["message"]
    assert "and 'Other'" in refused.cause["message"]
    assert plan.json["problems"][0]["message"] == refused.cause["message"]
    assert submitted.json["error"]["message"] == refused.cause["message"]
    assert (plan.status, submitted.status) == (1, 1)
    assert again.status == "SUCCEEDED", again
    assert another.status == "SUCCEEDED", another
    assert len(vending.accounts()) == 2


def test_email_of_another_account_is_corrected_or_the_account_itself_taken_in(
    vending: Vending,
) -> None:
    first = a_request()
    vended = vending.run(first)
    account_id = vended.output["accountId"]
    second = a_request(account=first["account"] | {"name": "Other"})
    refused = [vending.run(second), vending.run(second | {"requestId": "third"})]
    assert {one.cause["reason"] for one in refused} == {"EMAIL_ALREADY_EXISTS"}

    corrected = vending.run(second | OTHER_EMAIL)
    meant = {"requestId": "third", "source": "existing", "account": {"accountId": account_id}}
    taken_in = vending.run(second | meant)

    assert corrected.status == taken_in.status == "SUCCEEDED", (corrected, taken_in)
    assert taken_in.output["accountId"] == account_id
    assert len(vending.accounts()) == 2


def test_policy_that_is_missing_is_given_its_content(vending: Vending) -> None:
    request = a_request(policies=[{"name": "NoLeaving", "type": SCP}])
    refused = vending.run(request)
    assert (refused.error, vending.accounts()) == ("RequestInvalid", [])
    assert "Add the policy's content" in refused.cause["message"]

    again = vending.run(request | {"policies": [a_policy()]})

    assert again.status == "SUCCEEDED", again
    assert "NoLeaving" in vending.policies(again.output["accountId"])


def test_unit_that_reads_like_another_is_written_as_the_remedy_says(vending: Vending) -> None:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    vending.organizations.create_organizational_unit(ParentId=root, Name="CI/CD")
    request = a_request(organizationalUnit="/CI/CD")
    refused = vending.run(request)
    assert (refused.error, vending.accounts()) == ("RequestInvalid", [])
    _, _, remedy = refused.cause["message"].partition("write ")

    again = vending.run(request | {"organizationalUnit": remedy.split(" and ")[0].strip("'\"")})

    assert again.status == "SUCCEEDED", again
    units = vending.organizations.list_organizational_units_for_parent(ParentId=root)
    assert [one["Name"] for one in units["OrganizationalUnits"]] == ["CI/CD"]


def test_role_that_cannot_accept_is_corrected(vending: Vending) -> None:
    request = an_invitation(accountId=INVITED, roleName="Unheard-of")
    refused = vending.run(request)
    assert refused.status == "FAILED", refused

    again = vending.run(request | {"account": {"accountId": INVITED, "roleName": ROLE}})

    assert again.status == "SUCCEEDED", again


@pytest.mark.slow
def test_management_account_is_corrected_to_a_member(vending: Vending) -> None:
    account_id = vending.run(a_request()).output["accountId"]
    request = a_request(source="existing", account={"accountId": MANAGEMENT})
    refused = vending.run(request)
    assert refused.error == "ManagementAccountNotVended"

    again = vending.run(request | {"account": {"accountId": account_id}})

    assert again.status == "SUCCEEDED", again


def test_account_outside_the_organization_is_invited_as_the_remedy_says(vending: Vending) -> None:
    request = {"source": "existing", "account": {"accountId": INVITED}}
    refused = vending.run(request)
    assert "source invited" in refused.cause["remedy"]

    invited = {"source": "invited", "account": {"accountId": INVITED, "roleName": ROLE}}
    again = vending.run(request | invited)

    assert again.status == "SUCCEEDED", again


def test_invalid_request_is_corrected_under_its_id(vending: Vending) -> None:
    request = a_request(tags={"aws:bad": "x"})
    refused = vending.run(request)
    assert refused.error == "RequestInvalid"

    again = vending.run(request | {"tags": {}})

    assert again.status == "SUCCEEDED", again


@pytest.mark.slow
def test_four_accounts_of_one_name_in_one_file_are_vended(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    file = tmp_path / "requests.json"
    one = {"name": "Sandbox"}
    file.write_text(
        json.dumps([{"account": one | {"email": f"{n}@example.com"}} for n in range(4)])
    )

    plan = vend("plan", str(file), "--json")
    submitted = vend("submit", str(file), "--json")

    assert [each["problems"] for each in plan.json] == [[]] * 4
    assert (plan.status, submitted.status) == (0, 0), submitted
    assert {record["state"] for record in submitted.json} == {"VENDED"}
    assert {account["Email"] for account in vending.accounts()} == {
        f"{n}@example.com" for n in range(4)
    }
