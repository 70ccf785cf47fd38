"""What passes our checks passes AWS's, and no input breaks them."""

from __future__ import annotations

import json
import string
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.organizations import email
from tests.unit.functions.payloads import a_request
from tests.unit.functions.validation import matches
from vending.errors.exceptions import RequestInvalid
from vending.request import validators
from vending.request.account_request import best_effort_request_id, parse, schema
from vending.request.ou_paths import PATTERN, join, split

ORGANIZATIONS = botocore.session.get_session().get_service_model("organizations")


@pytest.mark.parametrize(
    ("shape", "smallest", "longest"),
    [
        ("Email", *validators.EMAIL_LENGTH),
        ("CreateAccountName", 1, validators.ACCOUNT_NAME_MAX),
        ("RoleName", None, validators.ROLE_NAME_MAX),
        ("TagKey", 1, validators.TAG_KEY_MAX),
        ("TagValue", 0, validators.TAG_VALUE_MAX),
        ("OrganizationalUnitName", 1, validators.OU_NAME_MAX),
        ("ServicePrincipal", 1, validators.PRINCIPAL_MAX),
        ("PolicyName", 1, validators.POLICY_NAME_MAX),
        ("PolicyDescription", None, validators.POLICY_DESCRIPTION_MAX),
    ],
)
def test_limits_are_those_of_botocore(shape: str, smallest: int | None, longest: int) -> None:
    metadata = ORGANIZATIONS.shape_for(shape).metadata

    assert (metadata.get("min"), metadata["max"]) == (smallest, longest)


ACCOUNT = botocore.session.get_session().get_service_model("account")


@pytest.mark.parametrize(
    ("shape", "longest"),
    [
        ("Name", validators.CONTACT_NAME_MAX),
        ("Title", validators.CONTACT_TITLE_MAX),
        ("EmailAddress", validators.CONTACT_EMAIL_MAX),
        ("PhoneNumber", validators.CONTACT_PHONE_MAX),
    ],
)
def test_limits_of_contacts_are_those_of_botocore(shape: str, longest: int) -> None:
    metadata = ACCOUNT.shape_for(shape).metadata

    assert (metadata["min"], metadata["max"]) == (1, longest)


def test_policy_types_are_those_of_botocore() -> None:
    known = set(ORGANIZATIONS.shape_for("PolicyType").metadata["enum"])

    assert set(schema()["$defs"]["Policy"]["properties"]["type"]["enum"]) == known


CORNERS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "@.-_+=,:/ %&\"'\n\t\x00äß٣ 大é\u2028"),
    max_size=140,
)


@settings(max_examples=300)
@given(value=CORNERS)
def test_whatever_passes_a_check_passes_botocores_pattern(value: str) -> None:
    checks = {
        "Email": validators.email,
        "CreateAccountName": validators.account_name,
        "RoleName": validators.role_name,
        "TagKey": validators.tag_key,
        "TagValue": validators.tag_value,
        "ServicePrincipal": validators.service_principal,
        "AccountId": validators.account_id,
    }

    for name, check in checks.items():
        if not check(value):
            metadata = ORGANIZATIONS.shape_for(name).metadata
            assert metadata.get("min", 0) <= len(value) <= metadata["max"], name
            assert matches(metadata["pattern"], value), name


@settings(max_examples=200)
@given(path=st.lists(CORNERS, max_size=7).map("/".join))
def test_whatever_path_passes_leads_to_names_aws_takes(path: str) -> None:
    if not validators.organizational_unit(path):
        names = split(path)
        assert len(names) <= 5
        assert path == join(names)
        assert matches(PATTERN, path)
        assert all(1 <= len(name) <= 128 for name in names)


@settings(max_examples=500)
@given(
    value=st.text(st.sampled_from("ab0 9_@.-+=#|!&()äß٣\t\u2003"), max_size=30)
    | st.from_regex(r"[ \t]?[\w+=.#|!&-]{1,9}@[\w.-]{1,9}\.\w{1,3} ?", fullmatch=True)
)
def test_contact_passes_exactly_where_it_passes_botocores_pattern_and_says_something(
    value: str,
) -> None:
    email, phone = (ACCOUNT.shape_for(name).metadata for name in ("EmailAddress", "PhoneNumber"))
    has_digit = any(character in "0123456789" for character in value)

    takes_phone = len(value) <= phone["max"] and matches(phone["pattern"], value)
    assert (not validators.contact_email(value)) == matches(email["pattern"], value)
    assert (not validators.contact_phone(value)) == (takes_phone and has_digit)


def refusal(raw: Any) -> RequestInvalid | None:
    try:
        parse(raw)
    except RequestInvalid as invalid:
        return invalid
    return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | CORNERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CORNERS, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([*schema()["properties"], "extra"])


@settings(max_examples=300)
@given(
    raw=JSON
    | st.dictionaries(KEYS, JSON)
    | st.dictionaries(KEYS, JSON).map(lambda odd: a_request() | odd)
)
def test_any_json_is_parsed_or_refused_with_problems(raw: Any) -> None:
    message = refusal(raw)
    if message is None:
        assert not validators.request_id(parse(raw).request_id)
    else:
        assert message.problems
        assert json.loads(str(message))["remedy"]
    request_id = best_effort_request_id(raw)
    assert request_id is None or not validators.request_id(request_id)


@settings(max_examples=300)
@given(
    local=st.text(st.sampled_from("ab.-+_%&"), min_size=1, max_size=6),
    domain=st.text(st.sampled_from("ab.-_"), min_size=3, max_size=8),
)
def test_email_that_passes_is_none_that_aws_refuses_after_the_creation(
    local: str, domain: str
) -> None:
    address = f"{local}@{domain}"

    if not validators.email(address):
        assert email.is_valid(address)
