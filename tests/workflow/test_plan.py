"""`vend plan` and `vend setup` on the embedded AWS: what is planned is what is then done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.aws.stack import Stack
from cli.commands import target
from cli.main import main
from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.grids import few
from tests.workflow.invitations import BY_EMAIL, BY_ID, INVITED, an_invitation, invite, owner
from tests.workflow.test_discovered_accounts import a_stranger
from tests.workflow.test_organization_setup import a_document, a_policy
from tests.workflow.test_policies import GUARD
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.workflow.vending import Vending

READING = ("BatchGet", "Describe", "Get", "List", "Query")
STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"


@pytest.fixture(autouse=True)
def here(cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds this AWS where it looks for any."""

    @contextmanager
    def found(*_: object) -> Iterator[Stack]:
        yield Stack.embedded(cloud.endpoint_url)

    monkeypatch.setattr(target, "aws", found)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def to_file(document: Any) -> str:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document))
        return str(path)

    return to_file


def planned(capsys: pytest.CaptureFixture[str], file: str) -> tuple[int, Any]:
    capsys.readouterr()
    status = main(["plan", file, "--json"])
    return status, json.loads(capsys.readouterr().out)


def changing_calls(vending: Vending) -> list[str]:
    return [
        f"{call.service}:{call.operation}"
        for call in vending.aws.context.calls
        if not call.operation.startswith(READING)
    ]


DOCUMENTS = {
    "everything": a_document(),
    "forced": {"serviceAccess": [STACKSETS], "forcedServiceAccess": [STACKSETS]},
    "updated": {"policies": [a_policy(update=True, targets=["/", "/New/Unit"])]},
    "request": a_request(policies=[GUARD]),
    "bare request": {"account": {"name": "Bare", "email": "bare@example.com"}},
    "several requests": [a_request(), a_request()],
    "service access alone": {"serviceAccess": ["account.amazonaws.com"]},
    "policies without targets": {"rootAccess": ["RootSessions"], "policies": [GUARD]},
}


@pytest.mark.parametrize(
    "document",
    few(
        DOCUMENTS.values(),
        quick=[DOCUMENTS[name] for name in ("everything", "updated", "several requests")],
        ids=DOCUMENTS,
    ),
)
def test_plan_makes_no_call_that_changes_anything(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], document: Any
) -> None:
    status, plan = planned(capsys, write(document))

    assert status == 0
    assert all(one["changes"] for one in (plan if isinstance(plan, list) else [plan]))
    assert vending.aws.context.calls
    assert changing_calls(vending) == []


def test_plan_of_all_features_asks_nobody(
    cloud: EmbeddedAws, vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))

    status, plan = planned(capsys, write({"allFeatures": True, "rootAccess": ["RootSessions"]}))

    assert (status, plan["problems"]) == (0, [])
    assert plan["changes"] == [
        "all features, once every invited account has agreed within 90 days",
        "root access RootCredentialsManagement",
        "root access RootSessions",
    ]
    assert changing_calls(vending) == []
    assert vending.organizations.list_handshakes_for_organization()["Handshakes"] == []


def test_plan_shows_what_setup_then_does_and_then_nothing(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(a_document())

    _, before = planned(capsys, file)
    assert main(["setup", file, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    _, after = planned(capsys, file)
    assert main(["plan", file]) == 0
    existing = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  = ")]

    assert report["state"] == "READY"
    assert sorted(before["changes"]) == sorted(report["changed"])
    assert before["warnings"] == report["warnings"]
    assert after["changes"] == []
    assert existing == [f"  = {what} (unchanged)" for what in after["alreadyThere"]] != []


def test_plan_of_a_request_shows_what_vending_then_does_and_then_nothing(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    request = a_request(policies=[GUARD])
    file = write(request)

    _, before = planned(capsys, file)
    vended = vending.run(request)
    _, after = planned(capsys, file)

    assert f"account {request['account']['name']}" in before["changes"]
    assert "policy NoUsers on the account" in before["changes"]
    assert "account in /Workloads/Sandbox" in before["changes"]
    assert after["changes"] == []
    assert after["alreadyThere"] == [f"account {vended.output['accountId']}, already vended"]


def test_plan_of_an_existing_account_shows_only_what_it_lacks(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    vended = vending.run(a_request())
    account_id = vended.output["accountId"]
    request = a_request(
        source="existing", account={"accountId": account_id}, tags={"cost-centre": "4712"}
    )

    status, plan = planned(capsys, write(request))

    assert status == 0
    assert plan["changes"] == ["tag cost-centre"]
    assert f"account {account_id}" in plan["alreadyThere"]
    assert "account in /Workloads/Sandbox" in plan["alreadyThere"]


@pytest.mark.slow
def test_plan_of_an_account_made_elsewhere_shows_what_its_first_request_changes(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    account_id = a_stranger(vending)
    eventually(lambda: vending.row(f"a-{account_id}"))
    file = write({"source": "existing", "account": {"accountId": account_id}, "tags": {"a": "b"}})

    status, plan = planned(capsys, file)

    assert (status, plan["problems"]) == (0, [])
    assert plan["requestId"] == f"a-{account_id}"
    assert plan["changes"] == ["tag a", "tag account-vending:request-id"]
    assert plan["alreadyThere"] == [f"account {account_id}"]
    assert main(["submit", file, "--wait"]) == 0
    assert planned(capsys, file)[1]["alreadyThere"] == [f"account {account_id}, already vended"]


@pytest.mark.slow
def test_account_that_has_left_since_is_not_said_to_be_vended(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    request = an_invitation()
    owner(vending).accept_handshake(HandshakeId=invite(vending, BY_ID))
    file = write(request)
    assert main(["submit", file, "--wait"]) == 0
    assert main(["submit", file]) == 0
    vending.organizations.remove_account_from_organization(AccountId=INVITED)

    status, plan = planned(capsys, file)
    (problem,) = plan["problems"]
    assert main(["submit", file, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)

    assert status == 1
    assert plan["alreadyThere"] == []
    assert answer["error"]["code"] == "AccountNotFoundException"
    assert answer["error"]["message"] == problem["message"]
    assert answer["error"]["remedy"] == problem["remedy"]
    assert INVITED in problem["message"]


@pytest.mark.parametrize("account", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_plan_of_an_invitation_shows_what_vending_then_does(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], account: dict[str, str]
) -> None:
    vending.set_up({"policies": [GUARD]})
    request = an_invitation(**account) | {"policies": [GUARD]}

    status, plan = planned(capsys, write(request))

    assert (status, plan["problems"]) == (0, [])
    assert f"invitation of {account.get('accountId') or account['email']}" in plan["changes"]
    assert "account in /Workloads/Sandbox" in plan["changes"]
    assert "policy NoUsers on the account" in plan["changes"]
    assert "tag cost-centre" in plan["changes"]


@pytest.mark.parametrize("account", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_plan_of_an_invitation_that_is_open_sends_no_other(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], account: dict[str, str]
) -> None:
    handshake_id = invite(vending, account)

    status, plan = planned(capsys, write(an_invitation(**account)))

    assert (status, plan["problems"]) == (0, [])
    assert [one for one in plan["changes"] if "invitation" in one] == []
    (there,) = (one for one in plan["alreadyThere"] if "invitation" in one)
    assert handshake_id in there
    assert "tag cost-centre" in plan["changes"]


@pytest.mark.parametrize("account", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_plan_of_an_invitation_of_a_member_shows_only_what_it_lacks(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], account: dict[str, str]
) -> None:
    owner(vending).accept_handshake(HandshakeId=invite(vending, account))
    vending.organizations.tag_resource(
        ResourceId=INVITED, Tags=[{"Key": "cost-centre", "Value": "4711"}]
    )

    status, plan = planned(capsys, write(an_invitation(**account)))

    assert (status, plan["problems"]) == (0, [])
    assert [one for one in plan["changes"] if "invitation" in one] == []
    assert f"account {INVITED}" in plan["alreadyThere"]
    assert "tag cost-centre" in plan["alreadyThere"]
    assert "tag account-vending:request-id" in plan["changes"]


def test_plan_of_an_invitation_while_all_features_are_pending_is_refused(
    cloud: EmbeddedAws, vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))
    vending.organizations.enable_all_features()
    request = an_invitation() | {"serviceAccess": [], "rootAccess": []}

    status, plan = planned(capsys, write(request))
    refused = vending.run(request)

    (problem,) = plan["problems"]
    assert status == 1
    assert problem["reason"] == "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
    assert {key: refused.cause[key] for key in ("code", "reason", "remedy")} == {
        key: problem[key] for key in ("code", "reason", "remedy")
    }
    assert plan["changes"] == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"organizationalUnits": ["/A"], "serviceAccess": [STACKSETS]}, "ServiceEnablesItself"),
        (a_request(source="existing", account={"accountId": "999999999999"}), None),
        (a_request(account={"name": "M", "email": "management@example.com"}), None),
        (a_request(policies=[{"name": "Absent", "type": "TAG_POLICY"}]), "PolicyMissing"),
    ],
    ids=["service", "account outside", "email taken", "policy missing"],
)
def test_plan_shows_what_would_be_refused(
    vending: Vending,
    write: Any,
    capsys: pytest.CaptureFixture[str],
    document: Any,
    code: str | None,
) -> None:
    status, plan = planned(capsys, write(document))

    (problem,) = plan["problems"]
    assert status == 1
    assert problem["remedy"]
    assert code in (None, problem["code"])
    assert changing_calls(vending) == []


@pytest.mark.parametrize("case", [{}, a_request()], ids=["organization", "request"])
def test_plan_reports_which_services_the_stack_may_not_enable(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], case: dict[str, Any]
) -> None:
    services = ["new.amazonaws.com", "account.amazonaws.com", "newer.amazonaws.com"]
    document = case | {"serviceAccess": services}

    status, plan = planned(capsys, write(document))
    ended = vending.run(document) if case else vending.set_up(document)

    (problem,) = plan["problems"]
    assert status == 1
    assert problem["code"] == "AccessDeniedException"
    assert ended.cause["code"] == ("RequestInvalid" if case else "AccessDeniedException")
    assert "new.amazonaws.com, newer.amazonaws.com" in problem["message"]
    assert "service access for account.amazonaws.com" in plan["changes"]
    assert not any("new" in one for one in plan["changes"] if "service access" in one)


def test_plan_reports_a_service_the_stack_may_not_enable_beside_one_that_enables_itself(
    write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    status, plan = planned(capsys, write({"serviceAccess": [STACKSETS, "new.amazonaws.com"]}))

    assert status == 1
    assert [problem["code"] for problem in plan["problems"]] == [
        "AccessDeniedException",
        "ServiceEnablesItself",
    ]


def test_plan_leaves_alone_a_service_that_is_enabled_already(
    cloud: EmbeddedAws,
    vending: Vending,
    write: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    principal = "account.amazonaws.com"
    stack = Stack.embedded(cloud.endpoint_url)
    stack.service_principals = frozenset({"iam.amazonaws.com"})
    monkeypatch.setattr(target, "aws", lambda *_: nullcontext(stack))
    file = write({"serviceAccess": [principal]})

    refused, _ = planned(capsys, file)
    vending.organizations.enable_aws_service_access(ServicePrincipal=principal)
    status, plan = planned(capsys, file)

    assert (refused, status, plan["problems"]) == (1, 0, [])
    assert plan["alreadyThere"] == [f"service access for {principal}"]


@pytest.mark.parametrize("command", ["plan", "setup"])
def test_document_with_mistakes_is_bad_input(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, write({"policyTypes": ["SCP"], "allFeatures": 1})]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "policyTypes[0]" in printed.err
    assert "allFeatures" in printed.err
    assert vending.aws.context.calls == []


def test_setup_that_fails_says_why_what_was_done_and_what_to_do(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    services = {"serviceAccess": ["account.amazonaws.com"]}
    file = write({**services, "policyTypes": ["TAG_POLICY"], "policies": [GUARD]})
    fault = {
        "service": "organizations",
        "operation": "EnablePolicyType",
        "calls": "all",
        "error": "PolicyTypeNotAvailableForOrganizationException",
    }
    vending.aws.faults.replace([fault])

    status = main(["setup", file])

    printed = capsys.readouterr()
    assert status == 1
    assert printed.out.startswith("The organization is not ready")
    assert "service access for account.amazonaws.com" in printed.out
    assert "vend explain PolicyTypeNotAvailableForOrganizationException" in printed.out
    assert "EnableAWSServiceAccess done" in printed.err
    assert "EnablePolicyType failed" in printed.err
    assert "CreatePolicy not needed" not in printed.err


def test_setup_of_a_service_that_must_enable_itself_says_how(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", write({"serviceAccess": [STACKSETS]})]) == 1

    printed = capsys.readouterr()
    assert "ActivateOrganizationsAccess" in printed.out
    assert "vend explain ServiceEnablesItself" in printed.out
    assert "run the setup again" in " ".join(printed.out.split()).lower()
    assert "submit the request" not in " ".join(printed.out.split()).lower()


def test_setup_that_is_not_waited_for_says_where_it_runs(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", write({}), "--no-wait", "--json"]) == 0
    started = json.loads(capsys.readouterr().out)

    assert started["state"] == "RUNNING"
    assert vending.finish(started["executionArn"]).status == "SUCCEEDED"


@pytest.mark.parametrize(
    "name", few(["CI/CD", "ci/cd", "CI/CD ", "CI\u200b/CD"], quick=["CI/CD", "CI\u200b/CD"])
)
def test_plan_refuses_the_twin_of_a_unit_as_the_run_does(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    vending.organizations.create_organizational_unit(ParentId=root, Name=name)
    document = {"organizationalUnits": ["/CI/CD"]}

    status, plan = planned(capsys, write(document))
    ended = vending.set_up(document)

    assert status == 1
    assert [one["code"] for one in plan["problems"]] == ["SimilarOrganizationalUnit"]
    assert ended.status == "FAILED"
    assert ended.cause["message"] == plan["problems"][0]["message"]


def test_plan_finds_the_unit_of_an_escaped_path_as_the_run_does(
    vending: Vending, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    vending.organizations.create_organizational_unit(ParentId=root, Name="CI/CD")
    document = {"organizationalUnits": [r"/CI\/CD"]}

    status, plan = planned(capsys, write(document))
    ended = vending.set_up(document)

    assert (status, plan["changes"]) == (0, [])
    assert plan["alreadyThere"] == [r"organizational unit /CI\/CD"]
    assert ended.status == "SUCCEEDED"
