"""Directories of accounts' files, and a plan of them in words and in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.fleet import saved, text
from cli.fleet.differences import between
from cli.fleet.fleet_plan import Entry, FleetPlan, Kind
from cli.fleet.one_look import OneLook
from cli.input import fleet
from cli.output.failure import InputError
from tests.builders import a_contact, a_request
from tests.unit.cli.fakes import a_submission, a_terminal
from vending.request.account_request import parse
from vending.request.merge import differences, same_document

ACCOUNT = "123456789012"
EXISTING = {"source": "existing", "account": {"accountId": ACCOUNT}}


def write(folder: Path, name: str, document: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def an_entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "file": "accounts/a.yaml",
        "kind": Kind.CHANGE,
        "account_id": ACCOUNT,
        "name": "Sandbox",
        "revision": 3,
        "submission": a_submission(),
        "document": EXISTING,
        "difference": [{"key": "tags.owner", "before": "me", "after": "you"}],
        "changes": ["tag owner"],
    }
    return Entry(**values | changes)


def test_files_are_found_however_deep_and_hidden_ones_are_not(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", EXISTING)
    write(tmp_path, "teams/b.json", a_request())
    write(tmp_path, ".git/c.yaml", a_request())
    write(tmp_path, "notes.txt", "nothing")

    found = fleet.read([str(tmp_path)])

    assert [Path(one.label).name for one in found.files] == ["a.yaml", "b.json"]
    assert (found.is_whole, found.is_usable) == (True, True)


def test_keys_of_files_are_no_part_of_the_request(tmp_path: Path) -> None:
    account = EXISTING["account"] | {"email": "a@example.com"}  # type: ignore[operator]
    write(tmp_path, "a.json", EXISTING | {"account": account, "lifecycle": "active"})

    (one,) = fleet.read([str(tmp_path)]).files

    assert one.submission.detail["account"] == account
    assert "lifecycle" not in one.submission.detail
    assert one.document.value["account"] == account


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"lifecycle": "gone"}, "lifecycle: must be active or retired"),
        ({"lifecycle": None}, "lifecycle: must be active or retired"),
        ({"reason": "over"}, "reason: says why an account is retired"),
        ({"lifecycle": "retired", "reason": ""}, "reason: must be text of 1 to 512"),
        ({"lifecycle": "retired", "reason": 1}, "reason: must be text of 1 to 512"),
        ({"lifecycle": "retired", "color": 1}, "color: "),
        ({"account": {"accountId": ACCOUNT, "email": 7}}, "account.email: "),
    ],
    ids=str,
)
def test_key_that_means_nothing_is_a_problem(
    changes: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    write(tmp_path, "a.json", EXISTING | changes)

    found = fleet.read([str(tmp_path)])

    (problems,) = found.problems.values()
    assert any(problem in each for each in problems), problems


def test_one_broken_file_among_many_is_named_alone(tmp_path: Path) -> None:
    for number in range(2000):
        account = {"accountId": f"{number:012}"}
        write(tmp_path, f"{number}.json", {"source": "existing", "account": account})
    write(tmp_path, "77.json", '{"source": "existing",')

    found = fleet.read([str(tmp_path)])

    wrong = {Path(label).name for label, problems in found.problems.items() if problems}
    assert wrong == {"77.json"}
    assert len(found.files) == 1999


def test_directory_without_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no file"):
        fleet.read([str(tmp_path)])
    write(tmp_path, "a.json", EXISTING)
    with pytest.raises(InputError, match=r"no file like b\*"):
        fleet.read([str(tmp_path)], only="b*")


def test_organizations_document_in_the_directory_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "organization.json", {"allFeatures": True})

    found = fleet.read([str(tmp_path)])

    assert not found.is_usable


POLICIES: list[dict[str, str]] = [
    {"name": "P", "type": "SERVICE_CONTROL_POLICY"},
    {"name": "Q", "type": "TAG_POLICY"},
]
CONTENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "account": st.fixed_dictionaries(
            {
                "name": st.sampled_from(["Sandbox", "Other"]),
                "email": st.sampled_from(["a@example.com", "A@example.com", "b@example.com"]),
            }
        ),
    },
    optional={
        "organizationalUnit": st.sampled_from(["/", "/A", "/A/B"]),
        "tags": st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")),
        "policies": st.lists(
            st.sampled_from(POLICIES),
            unique_by=lambda each: each["name"],
        ),
        "contacts": st.sampled_from([{}, {"billing": a_contact("Billing")}]),
        "serviceAccess": st.sampled_from([[], ["account.amazonaws.com"]]),
        "manage": st.sampled_from(["merge", "authoritative"]),
    },
)


@given(CONTENTS, CONTENTS)
def test_differences_are_those_that_make_a_revision(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    before, after = parse(one).normalised(), parse(other).normalised()

    found = between(before, after)

    assert bool(found) == (not same_document(before, after))
    assert len(found) == len(differences(before, after))


def test_name_that_is_not_asked_for_is_no_difference() -> None:
    before = {"account": {"name": "A", "email": "a@example.com"}}

    assert between(before, {"account": {}}) == []


def test_plan_is_said_with_values_and_counts() -> None:
    gone = [{"accountId": "222222222222", "name": "Left", "organizationalUnit": "/", "owner": None}]
    retired = an_entry(kind=Kind.RETIREMENT, reason="over", file="b.yaml", difference=[])
    plan = FleetPlan(
        entries=[an_entry(), retired, an_entry(kind=Kind.UNCHANGED)],
        gone=gone * 25,
        not_adopted=["333333333333"],
    )

    page = text.plan_text(plan, a_terminal(), next_words=["accounts/"])

    assert page[0] == f"~ Sandbox {ACCOUNT}  accounts/a.yaml, revision 3"
    assert "    tags.owner: me -> you" in page
    assert "    reason: over" in page
    assert "1 to change, 1 to retire, 1 unchanged" in page
    assert "25 accounts in the ledger without a file; left alone:" in page
    assert "    … and 5 more" in page
    assert page[-1] == "Next  vend apply accounts/"


def test_plan_of_nothing_asks_for_nothing() -> None:
    page = text.plan_text(
        FleetPlan(entries=[an_entry(kind=Kind.UNCHANGED)]), a_terminal(), next_words=["a"]
    )

    assert page == ["1 unchanged"]


def test_markdown_formats_nothing_that_a_request_says() -> None:
    hostile = "a|b\n<img src=x> @everyone `x` [l](http://e) **b**"
    difference = [{"key": f"tags.{hostile}", "before": hostile, "after": None}]
    one = an_entry(name=hostile, difference=difference, changes=[hostile], warnings=[hostile])

    page = text.markdown(FleetPlan(entries=[one]))

    for part in ("<img", "@everyone", "](http", " `x`", "**b**"):
        assert part not in page, part
    (row,) = [line for line in page.splitlines() if line.startswith("| tags")]
    assert row.count("|") == 4


def test_markdown_of_very_many_accounts_fits_a_comment() -> None:
    plan = FleetPlan(entries=[an_entry(file=f"{number}.yaml") for number in range(2000)])

    page = text.markdown(plan)

    assert len(page) < 65_536
    assert "more accounts, which `vend plan` shows" in page


def test_saved_plan_holds_the_documents_that_differ_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    plan = FleetPlan(entries=[an_entry(), an_entry(kind=Kind.UNCHANGED, file="other.yaml")])

    saved.write(str(path), plan, account_id="111111111111")
    content = saved.read(str(path))

    assert content is not None
    assert content["fingerprint"] == plan.fingerprint()
    assert [one.label for one in saved.fleet_of(content).files] == ["accounts/a.yaml"]
    assert path.stat().st_mode & 0o077 == 0


def test_file_that_is_no_plan_is_none_and_one_of_another_version_is_refused(
    tmp_path: Path,
) -> None:
    write(tmp_path, "a.json", EXISTING)
    write(tmp_path, "b.json", {"kind": saved.KIND, "version": 99})

    assert saved.read(str(tmp_path / "a.json")) is None
    assert saved.read(str(tmp_path)) is None
    with pytest.raises(InputError, match="another version"):
        saved.read(str(tmp_path / "b.json"))


@pytest.mark.parametrize(
    "changes",
    [
        {"accounts": []},
        {"accounts": None},
        {"documents": [7]},
        {"documents": [{"file": "accounts/a.yaml"}]},
        {"account": None},
    ],
    ids=str,
)
def test_plan_that_somebody_has_cut_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    saved.write(str(path), FleetPlan(entries=[an_entry()]), account_id="111111111111")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    with pytest.raises(InputError, match="something is missing"):
        saved.read(str(path))


def test_same_question_is_asked_once() -> None:
    asked = []

    class Client:
        exceptions = meta = None

        def describe_account(self, **parameters: str) -> str:
            asked.append(parameters)
            return parameters["AccountId"]

        def get_paginator(self, operation: str) -> Client:
            return self

        def paginate(self, **parameters: str) -> list[str]:
            asked.append(parameters)
            return ["page"]

    look = OneLook(Client())
    look.know("describe_account", {"AccountId": "known"}, "answer")

    answers = [look.describe_account(AccountId=one) for one in ("known", "a", "b", "a")]
    pages = [look.get_paginator("list_roots").paginate() for _ in range(2)]

    assert answers == ["answer", "a", "b", "a"]
    assert pages == [["page"], ["page"]]
    assert asked == [{"AccountId": "a"}, {"AccountId": "b"}, {}]
    with pytest.raises(AttributeError):
        look.move_account(AccountId="a")
