"""What the sample events say, and what they may say without being understood wrongly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.samples import ACCOUNT_ID, MANAGEMENT_ACCOUNT_ID, sample
from vending.errors.exceptions import OperationRefused
from vending.reconciliation.account_events import account_event

CREATION_ID = "car-3fbd74c0f2fa11ed8b6e0a41b5dcf48f"


def test_every_sample_is_in_one_table() -> None:
    files = [
        path.relative_to(samples.EVENTS).with_suffix("").as_posix()
        for path in samples.EVENTS.rglob("*.json")
    ]

    tables = (
        samples.TELL_OF_AN_ACCOUNT,
        samples.TELL_OF_NONE,
        samples.TELL_OF_AN_ANSWER,
        samples.TELL_OF_AN_END,
        samples.TELL_OF_NO_BAD_END,
        samples.NOT_WANTED,
        samples.SAY_TOO_LITTLE,
        samples.REQUESTS,
        samples.OF_OTHERS,
    )

    assert sorted(files) == sorted(name for table in tables for name in table)


@pytest.mark.parametrize("name", samples.TELL_OF_AN_ACCOUNT)
def test_account_event_names_the_account_whoever_acted_and_however_it_is_spelled(name: str) -> None:
    found = account_event(sample(name)["detail"], MANAGEMENT_ACCOUNT_ID)

    assert found is not None
    assert found.account_id == ACCOUNT_ID
    assert found.creation_id == (CREATION_ID if "create_account_result" in name else None)


@pytest.mark.parametrize(
    "name", [*samples.TELL_OF_NONE, *samples.TELL_OF_AN_ANSWER, *samples.NOT_WANTED]
)
def test_event_that_brought_no_account_is_no_account_event(name: str) -> None:
    assert account_event(sample(name)["detail"], MANAGEMENT_ACCOUNT_ID) is None


@pytest.mark.parametrize(
    "detail",
    [
        sample(samples.SAY_TOO_LITTLE[0])["detail"],
        {"eventName": "CreateAccountResult"},
        {"eventName": "CreateAccountResult", "serviceEventDetails": None},
        {"eventName": "CreateAccountResult", "serviceEventDetails": {"createAccountStatus": []}},
        {
            "eventName": "CreateAccountResult",
            "serviceEventDetails": {
                "createAccountStatus": {"state": "SUCCEEDED", "accountId": "****"}
            },
        },
        {
            "eventName": "AccountJoinedOrganization",
            "userIdentity": {"accountId": ACCOUNT_ID},
            "recipientAccountId": ACCOUNT_ID,
        },
    ],
    ids=["no id", "no details", "null", "no object", "masked", "only who acted"],
)
def test_event_that_does_not_say_which_account_is_refused_not_dropped(
    detail: dict[str, Any],
) -> None:
    with pytest.raises(OperationRefused, match="does not say which account") as refused:
        account_event(detail, MANAGEMENT_ACCOUNT_ID)

    assert "CloudTrail" in refused.value.remedy


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(ACCOUNT_ID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["accountId", "AccountID", "createAccountStatus", "state", "id", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    name=st.sampled_from(
        ["CreateAccountResult", "UpdateManagedAccount", "AccountJoinedOrganization"]
    ),
    details=JSON,
    parameters=JSON,
)
def test_no_shape_of_an_event_breaks_the_reading(name: str, details: Any, parameters: Any) -> None:
    detail = {"eventName": name, "serviceEventDetails": details, "requestParameters": parameters}

    try:
        found = account_event(detail, MANAGEMENT_ACCOUNT_ID)
    except OperationRefused:
        return

    assert found is None or found.account_id == ACCOUNT_ID
