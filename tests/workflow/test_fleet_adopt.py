"""`vend adopt`: an organization that grew by hand, as files and in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cli.aws import organization_reader
from tests.builders import a_contact, a_request, policy_content
from tests.interruptions import when_entered
from tests.workflow.fleets import attach_guard, counts, edit, path_of, reads, seed, write, writes

if TYPE_CHECKING:
    from tests.workflow.command import Command, Ran
    from tests.workflow.vending import Vending

pytestmark = pytest.mark.usefixtures("adoption_in_awss_time")

TRUSTED = "account.amazonaws.com"


@pytest.fixture
def ids(vending: Vending) -> list[str]:
    """An organization of five accounts, one with a guard and a contact."""
    made = seed(5, units=2)
    vending.organizations.enable_aws_service_access(ServicePrincipal=TRUSTED)
    attach_guard(vending, made[:1])
    contact = a_contact("Security")
    vending.account.put_alternate_contact(
        AccountId=made[0],
        AlternateContactType="SECURITY",
        EmailAddress=contact["email"],
        Name=contact["name"],
        Title=contact["title"],
        PhoneNumber=contact["phone"],
    )
    vending.aws.context.calls.clear()
    return made


def adopted(vend: Command, accounts: Path) -> Ran:
    return vend("adopt", "--out", str(accounts), "--json")


def file_of(accounts: Path, account_id: str) -> Path:
    (found,) = accounts.glob(f"*-{account_id}.yaml")
    return found


def test_each_account_gets_a_file_that_says_what_it_is_and_a_plan_changes_nothing(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    ran = adopted(vend, accounts)
    wrote = writes(vending)
    again = adopted(vend, accounts)
    listed = vend("accounts", "--json").json
    status = vend("status", ids[0], "--json").json

    assert ran.status == 0, ran
    assert yaml.safe_load(file_of(accounts, ids[0]).read_text()) == {
        "source": "existing",
        "account": {"accountId": ids[0], "name": "Account 0", "email": "account0@example.com"},
        "organizationalUnit": "/Unit 0",
        "tags": {"cost-centre": "0000", "team": "team 0"},
        "policies": [{"name": "Guard", "type": "SERVICE_CONTROL_POLICY"}],
        "contacts": {"security": a_contact("Security")},
    }
    assert (len(ran.json["written"]), ran.json["recorded"]) == (5, 5)
    assert set(wrote) == {"dynamodb:TransactWriteItems"}
    assert counts(vend, accounts) == {"unchanged": 5}
    assert (again.json["unchanged"], again.json["recorded"], again.status) == (5, 0, 0)
    assert [one["accountId"] for one in listed] == ids
    assert {(one["revision"], one["state"]) for one in listed} == {(1, "ACTIVE")}
    assert listed[0]["owner"].startswith("adopted by arn:aws:")
    assert [one["revision"] for one in status["revisions"]] == [1]
    assert not list(accounts.glob(".*"))


def test_edit_of_an_adopted_account_is_a_change_that_also_takes_away(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    adopted(vend, accounts)
    edit(file_of(accounts, ids[0]), tags={"team": "other"}, policies=[], contacts={})
    edit(file_of(accounts, ids[1]), organizationalUnit="/Unit 0")

    ran = vend("apply", str(accounts), "--yes", "--json")

    assert ran.status == 0, ran
    assert {one["revision"] for one in ran.json["requests"]} == {2}
    tags = vending.tags(ids[0])
    assert (tags["team"], tags.get("cost-centre")) == ("other", None)
    assert vending.policies(ids[0]) == {"FullAWSAccess"}
    assert vending.contacts(ids[0]) == {}
    assert path_of(ids[1]) == "/Unit 0"
    assert counts(vend, accounts) == {"unchanged": 5}
    assert adopted(vend, accounts).json["unchanged"] == 5


@pytest.mark.slow
def test_only_files_of_accounts_that_changed_are_written_anew(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    adopted(vend, accounts)
    before = {path: path.read_text() for path in accounts.iterdir()}
    vending.organizations.tag_resource(ResourceId=ids[2], Tags=[{"Key": "by", "Value": "hand"}])

    ran = adopted(vend, accounts)

    changed = {path for path, text in before.items() if path.read_text() != text}
    assert changed == {file_of(accounts, ids[2])}
    assert ran.json["updated"] == [str(file_of(accounts, ids[2]))]
    assert counts(vend, accounts) == {"unchanged": 5}
    status = vend("status", ids[2], "--json").json
    assert status["revisions"][0]["changes"] == ["tag by added"]


@pytest.mark.slow
def test_edit_of_a_person_is_not_overwritten(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    adopted(vend, accounts)
    pending, commented, both = (file_of(accounts, one) for one in ids[:3])
    edit(pending, tags={"team": "to be applied"})
    commented.write_text(f"# Ask the team first.\n{commented.read_text()}")
    edit(both, tags={"team": "to be applied"})
    for account_id in ids[1:3]:
        vending.organizations.tag_resource(
            ResourceId=account_id, Tags=[{"Key": "by", "Value": "hand"}]
        )
    texts = [path.read_text() for path in (pending, commented, both)]

    ran = adopted(vend, accounts)
    shown = vend("adopt", "--out", str(accounts))

    assert [path.read_text() for path in (pending, commented, both)] == texts
    assert set(ran.json["edited"]) == {str(commented), str(both)}
    assert ran.json["edited"][str(commented)] == [
        'tags.by: the file has nothing, the account "hand"'
    ]
    assert (ran.status, ran.json["recorded"], shown.status) == (1, 0, 1)
    assert "was edited, and is left as it is" in shown.out
    assert counts(vend, accounts) == {"unchanged": 3, "change": 2}


@pytest.mark.slow
def test_run_that_was_stopped_is_gone_on_with(
    vending: Vending,
    vend: Command,
    ids: list[str],
    accounts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = organization_reader.OrganizationReader.tags

    def stopped(self: Any, account_id: str) -> dict[str, str]:
        if account_id == ids[3]:
            raise KeyboardInterrupt
        return usual(self, account_id)

    with monkeypatch.context() as patched:
        patched.setattr(organization_reader.OrganizationReader, "tags", stopped)
        patched.setattr(organization_reader, "WORKERS", 1)
        first = adopted(vend, accounts)
    done = len(list(accounts.glob("*.yaml")))
    vending.aws.context.calls.clear()
    again = adopted(vend, accounts)

    assert first.status == 130
    assert again.status == 0, again
    assert again.json["resumed"] == done
    assert reads(vending, "ListTagsForResource") == 5 - done
    assert counts(vend, accounts) == {"unchanged": 5}


@pytest.mark.slow
def test_account_that_was_vended_keeps_what_only_its_request_says(
    vending: Vending, vend: Command, accounts: Path
) -> None:
    policy = {"name": "Own", "type": "SERVICE_CONTROL_POLICY", "content": policy_content(200)}
    request = a_request(policies=[policy])
    account_id = vending.run(request).output["accountId"]

    ran = adopted(vend, accounts)
    document = yaml.safe_load(file_of(accounts, account_id).read_text())

    assert ran.status == 0, ran
    assert ran.json["recorded"] == 0
    assert document["policies"] == [policy]
    assert document["serviceAccess"] == request["serviceAccess"]
    assert document["requestedBy"] == "platform team"
    assert "account-vending:request-id" not in document["tags"]
    assert counts(vend, accounts) == {"unchanged": 1}


@pytest.mark.slow
def test_account_that_no_request_can_describe_is_named_and_the_others_are_adopted(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    tags = [{"Key": f"key{number}", "Value": ""} for number in range(48)]
    vending.organizations.tag_resource(ResourceId=ids[4], Tags=tags)
    arn = vending.start(a_request(source="existing", account={"accountId": ids[3]}))
    vending.finish(arn)

    ran = adopted(vend, accounts)

    assert ran.status == 1
    assert list(ran.json["problems"]) == [ids[4]]
    assert "tags: 50 tags are too many" in ran.json["problems"][ids[4]][0]
    assert len(ran.json["written"]) == 4


@pytest.mark.slow
def test_contacts_that_may_not_be_read_are_said_and_left_out(
    vending: Vending, vend: Command, accounts: Path
) -> None:
    (account_id,) = seed(1)

    ran = adopted(vend, accounts)
    shown = vend("adopt", "--out", str(accounts))

    assert (ran.status, ran.json["contactsRead"]) == (0, False)
    assert "Contacts were not read" in shown.out
    assert "contacts" not in yaml.safe_load(file_of(accounts, account_id).read_text())


@pytest.mark.slow
def test_contacts_that_may_no_longer_be_read_stay_as_they_were(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    adopted(vend, accounts)
    vending.organizations.disable_aws_service_access(ServicePrincipal=TRUSTED)

    ran = adopted(vend, accounts)

    assert (ran.status, ran.json["contactsRead"]) == (0, False)
    assert (ran.json["unchanged"], ran.json["recorded"]) == (5, 0)


@pytest.mark.slow
def test_directory_with_a_broken_file_stops_all_of_it(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    accounts.mkdir()
    (accounts / "broken.yaml").write_text("account: [\n")

    ran = adopted(vend, accounts)

    assert ran.status == 2
    assert "broken.yaml" in ran.err
    assert writes(vending) == []


@pytest.mark.slow
def test_file_of_a_new_account_stays_its_file_once_it_is_vended(
    vending: Vending, vend: Command, accounts: Path
) -> None:
    request = a_request()
    path = write(accounts, "own.json", request)
    account_id = vending.run(request).output["accountId"]
    text = path.read_text()

    first = adopted(vend, accounts)
    vending.organizations.tag_resource(ResourceId=account_id, Tags=[{"Key": "by", "Value": "hand"}])
    second = adopted(vend, accounts)

    assert (first.status, first.json["unchanged"], first.json["written"]) == (0, 1, [])
    assert (second.status, list(second.json["edited"])) == (1, [str(path)])
    assert [each.name for each in accounts.iterdir()] == ["own.json"]
    assert path.read_text() == text


@pytest.mark.slow
def test_account_on_its_way_out_and_one_that_is_changed_now_are_not_adopted(
    vending: Vending, vend: Command, ids: list[str], accounts: Path
) -> None:
    retired = vend("retire", ids[0], "--reason", "over")
    request = a_request(source="existing", account={"accountId": ids[1]})
    during: list[Ran] = []
    with when_entered("MoveAccount", lambda _: during.append(adopted(vend, accounts))):
        vending.run(request)

    (ran,) = during
    assert retired.status == 0
    assert list(ran.json["problems"]) == [ids[1]]
    assert "adopt it again afterwards" in ran.json["problems"][ids[1]][0]
    assert len(ran.json["written"]) == 3
