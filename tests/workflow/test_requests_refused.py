"""Bad input: refused before AWS is asked for anything, with every mistake named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_largest_request, a_request
from tests.grids import few
from tests.workflow.announcements import collected
from tests.workflow.invitations import BY_ID, ROLE, an_invitation, handshakes
from tests.workflow.plans import planned

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

LARGEST_INPUT = 262_144
"""Bytes that StartExecution takes."""

MISTAKES: dict[str, Any] = {
    "account": {
        "name": "n" * 51,
        "email": "not-an-email",
        "roleName": "AWSServiceRoleForSomething",
    },
    "organizationalUnit": "/1/2/3/4/5/6",
    "tags": {f"tag-{n}": "" for n in range(50)} | {"aws:reserved": "x"},
    "serviceAccess": ["not a principal"],
    "colour": "blue",
}


def test_request_with_many_mistakes_names_them_all_and_asks_aws_nothing(vending: Vending) -> None:
    request = a_request(**MISTAKES)

    refused = vending.run(request)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid")
    for word in (
        "account.name",
        "account.email",
        "account.roleName",
        "organizationalUnit",
        "tags",
        "aws:",
        "serviceAccess",
        "colour",
    ):
        assert word in refused.cause["message"], word
    assert refused.cause["remedy"]
    assert {
        call.service for call in vending.aws.context.calls if "assumed-role" in call.caller
    } <= {
        "lambda",
        "dynamodb",
        "events",
        "states",
    }


def test_role_that_is_to_accept_is_rejected_by_default_before_anybody_is_invited(
    vending: Vending,
) -> None:
    request = an_invitation(**BY_ID, roleName=ROLE)

    before = planned(vending, request)
    refused = vending.run(request)

    assert [problem["code"] for problem in before.problems] == ["RoleNotAssumable"]
    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid")
    assert "invited_account_role_names" in refused.cause["message"]
    assert handshakes(vending) == []


def test_refused_request_with_an_id_is_rejected_in_the_ledger(vending: Vending) -> None:
    request = a_request(colour="blue")

    vending.run(request)

    row = vending.row(request["requestId"])
    assert row is not None
    assert row["state"] == "REJECTED"
    assert row["error"]["code"] == "RequestInvalid"
    assert "colour" in row["error"]["message"]


def test_rejected_request_can_be_corrected_under_the_same_id(vending: Vending) -> None:
    request = a_request(colour="blue")
    vending.run(request)
    del request["colour"]

    corrected = vending.run(request)

    assert corrected.status == "SUCCEEDED", corrected
    assert corrected.output["error"] is None


@pytest.mark.slow
def test_invalid_repeat_of_a_vended_request_leaves_its_record_alone(vending: Vending) -> None:
    request = a_request()
    vending.run(request)

    refused = vending.run(request | {"colour": "blue"})

    assert refused.error == "RequestInvalid"
    row = vending.row(request["requestId"])
    assert row is not None
    assert row["state"] == "VENDED"


@pytest.mark.parametrize(
    "nonsense", [[], "text", 7, None, {}, {"account": None}, {"requestId": "not an id!"}]
)
def test_nonsense_fails_with_a_named_error_and_no_row(vending: Vending, nonsense: Any) -> None:
    refused = vending.run(nonsense)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid"), refused
    rows = vending.dynamodb.scan(TableName=vending.aws.outputs["LedgerTableName"])["Items"]
    assert rows == []


def test_unknown_source_is_refused(vending: Vending) -> None:
    request = a_request(source="stolen")

    refused = vending.run(request)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid")
    assert "source" in refused.cause["message"]
    assert vending.accounts() == []


@pytest.mark.parametrize(
    "hostile",
    few(
        ['a"b', "a\\b", "a'b", "{% $states.input %}", "$request", "a`b", "$eval(1)"],
        quick=["{% $states.input %}"],
    ),
)
def test_hostile_text_is_plain_data_everywhere(vending: Vending, hostile: str) -> None:
    request = a_request(
        account={"name": hostile, "email": "hostile@example.com"}, requestedBy=hostile + "\n\u2028é"
    )

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    (account,) = vending.accounts()
    assert account["Name"] == hostile


def filled(request: dict[str, Any], text: str) -> dict[str, Any]:
    """The request with `requestedBy` made of `text`, as large as an input may be."""
    bare = len(json.dumps(request | {"requestedBy": ""}, ensure_ascii=False).encode())
    room = (LARGEST_INPUT - bare) // len(json.dumps(text, ensure_ascii=False).encode()[1:-1])
    return request | {"requestedBy": text * room}


@pytest.mark.parametrize(
    "text",
    few(
        ["x", "é", "€", "\U0001f600", '"', "\\", "aé"],
        quick=["x", "\U0001f600"],
        ids=["1", "2", "3", "4", '"', "\\", "1+2"],
    ),
)
def test_largest_invalid_input_is_rejected_in_the_ledger(vending: Vending, text: str) -> None:
    request = filled(a_request(), text)

    refused = vending.run(request)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid"), refused
    assert "the whole must have at most 102,400 bytes" in refused.cause["message"]
    row = vending.row(request["requestId"])
    assert row is not None
    assert (row["state"], row["error"]["code"]) == ("REJECTED", "RequestInvalid")


@pytest.mark.parametrize("source", ["existing", "invited"])
def test_input_too_large_of_a_known_account_is_rejected_under_its_id(
    vending: Vending, source: str
) -> None:
    request = filled({"source": source, "account": {"accountId": "123456789012"}}, "x")

    refused = vending.run(request)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid"), refused
    row = vending.row("a-123456789012")
    assert row is not None
    assert row["state"] == "REJECTED"
    assert "request" not in row


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(["x" * 1000] * 260, id="list"),
        pytest.param("x" * 262_000, id="text"),
        pytest.param({"requestId": "x" * 262_000}, id="id"),
        pytest.param({"requestId": ["x" * 100] * 2_500, "account": ["y"]}, id="other types"),
    ],
)
def test_largest_nonsense_fails_with_a_named_error(vending: Vending, document: Any) -> None:
    refused = vending.run(document)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid"), refused
    assert "the whole must have at most" in refused.cause["message"]


def test_largest_event_is_rejected_in_the_ledger_and_announced(vending: Vending) -> None:
    # The execution's input is the whole event, which has an envelope.
    request = filled(a_request(), "x")
    request["requestedBy"] = request["requestedBy"][:-1_000]
    with collected(vending, "AccountVendingStateChanged") as events:
        vending.send(request)
        (arn,) = vending.await_executions(1)

        refused = vending.finish(arn)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid"), refused
    assert [event["state"] for event in events] == ["REJECTED"]
    row = vending.row(request["requestId"])
    assert row is not None
    assert row["state"] == "REJECTED"


def test_largest_valid_request_is_vended(vending: Vending) -> None:
    request = a_largest_request(a_request()) | {"serviceAccess": ["account.amazonaws.com"]}

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", (ended.error, str(ended.cause)[:1_000])
    row = vending.row(request["requestId"])
    assert row is not None
    assert row["state"] == "VENDED"


def test_organizations_document_too_large_ends_in_a_named_error(vending: Vending) -> None:
    refused = vending.set_up({"organizationalUnits": ["/" + "u" * 100] * 2_400})

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid"), refused
    assert "the whole must have at most" in refused.cause["message"]
