"""Three-way merge: what is removed of an account, for every history of documents and hands."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.functions.payloads import a_request
from vending.request.account_request import parse
from vending.request.merge import Given, differences, given_by, same_document, surplus

NAMES = st.sampled_from("abcdefgh")
SOME = st.frozensets(NAMES)
VALUES = st.dictionaries(NAMES, st.sampled_from("12"))


def changed(
    live: Mapping[str, str], wanted: Mapping[str, str], given: Set[str], **how: Any
) -> dict[str, str]:
    """What the account has after a change: first all is put, then the surplus goes."""
    put = {**live, **wanted}
    gone = surplus(put, wanted=wanted, given=given, **how)
    return {name: value for name, value in put.items() if name not in gone}


@given(applied=VALUES, foreign=VALUES, wanted=VALUES)
def test_change_ends_with_what_is_wanted_and_what_is_anothers(
    applied: dict[str, str], foreign: dict[str, str], wanted: dict[str, str]
) -> None:
    others = {name: value for name, value in foreign.items() if name not in applied}

    after = changed({**others, **applied}, wanted, set(applied))

    assert after == {**others, **wanted}


@given(applied=VALUES, foreign=VALUES, wanted=VALUES, reserved=SOME)
def test_authoritative_change_ends_with_what_is_wanted_and_what_is_reserved(
    applied: dict[str, str], foreign: dict[str, str], wanted: dict[str, str], reserved: set[str]
) -> None:
    live = {**foreign, **applied}

    after = changed(live, wanted, set(applied), authoritative=True, reserved=reserved)

    kept = {name: value for name, value in live.items() if name in reserved}
    assert after == {**kept, **wanted}


@given(live=VALUES, wanted=VALUES, applied=SOME, authoritative=st.booleans())
def test_change_made_again_changes_nothing(
    live: dict[str, str], wanted: dict[str, str], applied: set[str], authoritative: bool
) -> None:
    once = changed(live, wanted, applied, authoritative=authoritative)

    assert changed(once, wanted, applied, authoritative=authoritative) == once


@given(documents=st.lists(st.tuples(VALUES, st.booleans(), SOME), min_size=1), foreign=VALUES)
@settings(max_examples=300)
def test_changes_that_stop_halfway_leave_nothing_behind_in_the_end(
    documents: list[tuple[dict[str, str], bool, set[str]]], foreign: dict[str, str]
) -> None:
    """Each change may stop after part of what it puts; the last one comes to its end."""
    others = {f"others-{name}": value for name, value in foreign.items()}
    live, ours = dict(others), Given()
    for wanted, is_stopped, reached in documents:
        ours |= Given(tags=frozenset(wanted))
        if is_stopped:
            live |= {name: value for name, value in wanted.items() if name in reached}
            continue
        live = changed(live, wanted, ours.tags)
        ours = Given(tags=frozenset(wanted))
    last = documents[-1][0]
    ours |= Given(tags=frozenset(last))

    assert changed(live, last, ours.tags) == {**others, **last}


def test_given_is_read_back_as_it_was_kept() -> None:
    given = Given(
        tags=frozenset("ab"),
        policies=frozenset({("SERVICE_CONTROL_POLICY", "NoLeaving")}),
        contacts=frozenset({"billing"}),
    )

    assert Given.from_json(given.as_json()) == given
    assert Given.from_json({}) == Given()


def test_given_by_a_document_names_each_thing_that_it_puts_on_the_account() -> None:
    policies = [{"name": "NoLeaving", "type": "SERVICE_CONTROL_POLICY"}]
    document = parse(a_request(policies=policies)).normalised()

    assert given_by(document) == Given(
        tags=frozenset({"cost-centre"}),
        policies=frozenset({("SERVICE_CONTROL_POLICY", "NoLeaving")}),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"organizationalUnit": "/A"}, "organizational unit /Workloads/Sandbox -> /A"),
        ({"organizationalUnit": None}, "organizational unit /Workloads/Sandbox -> as it is"),
        ({"tags": {"cost-centre": "1"}}, "tag cost-centre changed"),
        ({"tags": {"cost-centre": "4711", "owner": "me"}}, "tag owner added"),
        ({"tags": {}}, "tag cost-centre removed"),
        ({"policies": [{"name": "P", "type": "TAG_POLICY"}]}, "policy P (TAG_POLICY) added"),
        ({"serviceAccess": []}, "service access ram.amazonaws.com no longer asked for"),
        ({"rootAccess": []}, "root access RootSessions no longer asked for"),
        (
            {"account": {"name": "Other", "email": "team@example.com"}},
            "account name Sandbox -> Other",
        ),
    ],
)
def test_difference_of_documents_is_said_by_name(change: dict[str, Any], expected: str) -> None:
    before, after = parse(a_request()).normalised(), parse(a_request(**change)).normalised()

    assert differences(before, after) == [expected]
    assert not same_document(before, after)


def test_document_without_a_name_asks_for_none() -> None:
    account = {"accountId": "000000000042"}
    existing = parse(a_request(source="existing", account=account)).normalised()

    assert same_document(parse(a_request()).normalised(), existing)
