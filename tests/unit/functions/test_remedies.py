"""What the catalogue asks people to do after a failure can be done, whatever it was.

Each code and reason that asks something of anybody either promises that the request can be
submitted again, or is named below with the reason why no request meets it. The journeys themselves
are in tests/workflow/test_remedies.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.functions import payloads
from tests.unit.functions.payloads import REQUEST_ID, a_request, accepted
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World

CATALOGUE = json.loads(
    (
        Path(__file__).parents[3] / "functions" / "vending" / "errors" / "error_catalogue.json"
    ).read_text()
)
SUBMIT_AGAIN = re.compile(r"submit (the request|it|this one) again|resume the request", re.I)
UNMET = {
    "of an account that may not leave the organization it is in": {
        "ACCOUNT_CANNOT_LEAVE_ORGANIZATION",
        "ACCOUNT_CANNOT_LEAVE_WITHOUT_EULA",
        "ACCOUNT_CANNOT_LEAVE_WITHOUT_PHONE_VERIFICATION",
        "WAIT_PERIOD_ACTIVE",
    },
    "no request detaches a policy, and nothing here deletes or switches one off": {
        "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
        "NON_DETACHABLE_POLICY",
        "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE",
    },
    "of a call of the API, whose refusals are in tests/unit/functions/test_api_requests.py": {
        "ApiFailed",
        "IdempotencyKeyReused",
        "InvalidExecutionInput",
        "InvalidName",
        "RequestNotCancellable",
        "RequestNotResumable",
        "StateConflict",
        "UnknownAccount",
        "UnknownRequest",
        "UnknownResource",
        "UnknownRoute",
    },
    "of a retirement, whose journeys are in tests/workflow/test_retirement.py": {
        "AccountIsDelegatedAdministrator",
        "AccountProtected",
        "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
        "ManagementAccountNotRetired",
        "NotRetired",
        "RestoreTooLate",
    },
    "this system registers no delegated administrators": {
        "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
    },
    "of a setup, whose journeys are in tests/workflow/test_all_features.py": {
        "ALL_FEATURES_MIGRATION_ORGANIZATION_SIZE_LIMIT_EXCEEDED",
        "AllFeaturesNotApproved",
        "CANCELED",
        "DECLINED",
        "EXPIRED",
        "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
        "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION",
    },
    "a fault of this system itself, which is to be reported": {
        "InvalidParameterException",
        "InvalidParameterValueException",
        "ItemCollectionSizeLimitExceededException",
        "MAX_FILTER_LIMIT_EXCEEDED",
        "MAX_LIMIT_EXCEEDED_FILTER",
        "MAX_VALUE_EXCEEDED",
        "MIN_VALUE_EXCEEDED",
        "ParamValidationError",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    },
    "of the audit trail and of the quota's watch, which no request waits for": {
        "EncryptionTypeMismatch",
        "IllegalArgumentException",
        "InvalidPaginationTokenException",
        "InvalidRequest",
        "InvalidWriteOffset",
        "NoSuchResourceException",
        "TooManyParts",
    },
    "of notifications, which no request waits for": {
        "AuthorizationErrorException",
        "EndpointDisabledException",
        "InvalidSecurityException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "NotFoundException",
        "PlatformApplicationDisabledException",
    },
    "ends no request: another code is awaited, in tests/workflow/test_root_email.py": {
        "EmailCodeRefused",
    },
    "answers of a custom resource, whose stack is deployed again": {
        "AccountStillInProgress",
        "ResponseRefused",
        "ResponseUrlRefused",
    },
    "of a decision, which ends no request": {
        "ApprovalDecided",
    },
    "of functions that no request waits for, or of a run that another one replaced": {
        "ExecutionSuperseded",
        "InvalidOutput",
        "StateMachineDoesNotExist",
        "StateMachineTypeNotSupported",
    },
}


def remedies() -> dict[tuple[str, str | None], str]:
    """Of every code and reason that asks something of the requester, an administrator or AWS."""
    every = [
        ((code, reason), words)
        for code, of_code in CATALOGUE.items()
        for reason, words in [(None, of_code), *of_code.get("reasons", {}).items()]
    ]
    return {key: words["remedy"] for key, words in every if words["owner"] != "retry"}


REMEDIES = remedies()
AGAIN = [key for key, remedy in REMEDIES.items() if SUBMIT_AGAIN.search(remedy)]
EVERY = {True: 12, False: 30}
"""Of the failures with and without an account, which differ by nothing but the code, one in so many
is not slow."""


def test_every_remedy_leads_to_a_request_submitted_again_or_is_met_by_none() -> None:
    others = {reason or code for code, reason in REMEDIES if (code, reason) not in AGAIN}

    assert others == set().union(*UNMET.values())


def test_no_remedy_asks_for_a_new_request_id_where_the_account_may_be_there() -> None:
    asking = {code for (code, _), remedy in REMEDIES.items() if "new requestId" in remedy}

    assert asking == {
        "AccountNotActive",  # for another account than the one that is not there any more
        "MasterCannotLeaveOrganizationException",
    }


@pytest.mark.parametrize(
    ("code", "reason", "made"),
    [
        pytest.param(
            code,
            reason,
            made,
            id="-".join(filter(None, (code, reason, "account made" if made else "no account"))),
            marks=() if number % EVERY[made] == 0 else pytest.mark.slow,
        )
        for number, (code, reason) in enumerate(AGAIN)
        for made in (True, False)
    ],
)
def test_failed_request_submitted_again_goes_on_and_can_be_corrected(
    world: World, code: str, reason: str | None, made: bool
) -> None:
    accepted(world)
    if made:
        world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=payloads.made(world))
    cause: dict[str, Any] = {"code": code, "reason": reason, "message": "said", "remedy": "do"}
    error = {"Error": code, "Cause": json.dumps({"errorMessage": json.dumps(cause)})}
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)
    third = EXECUTION.replace("first", "third")

    again = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)
    world.call("RecordFailure", request=a_request(), executionArn=OTHER_EXECUTION, error=error)
    corrected = world.call("AcceptRequest", request=a_request(tags={}), executionArn=third)

    assert again["outcome"] == corrected["outcome"] == "ACCEPTED"
    assert corrected["record"]["accountId"] == (payloads.ACCOUNT_ID if made else None)
    assert corrected["request"]["tags"] == {}
