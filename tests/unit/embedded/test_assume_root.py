"""AssumeRoot: who may, into what, and what the session is good for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from embedded import organizations
from embedded.identity.root_sessions import TASKS
from embedded.organizations.settings import STANDALONE
from tests.unit.embedded.accounts_server import ACCOUNT_ID, Accounts, accounts, refusal

AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
IAM = "iam.amazonaws.com"


@pytest.fixture
def server() -> Iterator[Accounts]:
    with accounts() as one:
        one.client("organizations").enable_aws_service_access(ServicePrincipal=IAM)
        one.client("iam").enable_organizations_root_credentials_management()
        one.client("iam").enable_organizations_root_sessions()
        yield one


@pytest.fixture
def member(server: Accounts) -> str:
    return server.member()


def request(target: str, **more: Any) -> dict[str, Any]:
    return {"TargetPrincipal": target, "TaskPolicyArn": {"arn": AUDIT}, **more}


@pytest.mark.parametrize("form", ["{}", "arn:aws:iam::{}:root"])
def test_a_session_is_the_members_root_user(server: Accounts, member: str, form: str) -> None:
    answer = server.client("sts").assume_root(**request(form.format(member)))

    identity = server.client("sts", answer["Credentials"]).get_caller_identity()
    assert answer["Credentials"]["SessionToken"]
    assert (identity["Account"], identity["UserId"]) == (member, member)
    assert identity["Arn"] == f"arn:aws:iam::{member}:root"


def test_a_session_is_limited_to_its_task(server: Accounts, member: str) -> None:
    keys = server.client("sts").assume_root(**request(member))["Credentials"]
    owner = server.client("iam", server.owner(member))
    owner.create_user(UserName="somebody")
    iam = server.client("iam", keys)

    summary = iam.get_account_summary()["SummaryMap"]
    denied = [
        refusal(iam.create_user, UserName="other"),
        refusal(iam.list_roles),
        refusal(iam.list_access_keys, UserName="somebody"),
        refusal(iam.delete_login_profile),
    ]
    elsewhere = refusal(server.client("organizations", keys).describe_organization)

    assert summary["Users"] == 1
    assert denied == [("AccessDenied", 403)] * 4
    assert elsewhere == ("AccessDeniedException", 400)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_policy_of_aws_makes_a_session(server: Accounts, member: str, task: str) -> None:
    arn = f"arn:aws:iam::aws:policy/root-task/{task}"
    asked = request(member, TaskPolicyArn={"arn": arn}, DurationSeconds=900)

    keys = server.client("sts").assume_root(**asked)["Credentials"]

    assert refusal(server.client("iam", keys).list_roles) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    "wrong",
    [
        {"TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}},
        {"TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/Anything"}},
        {"TaskPolicyArn": {}},
        {"DurationSeconds": 901},
        {"TargetPrincipal": "root"},
    ],
    ids=["policy", "task", "none", "duration", "target"],
)
def test_requests_that_are_malformed(server: Accounts, member: str, wrong: dict[str, Any]) -> None:
    refused = refusal(server.client("sts").assume_root, **request(member) | wrong)

    assert refused == ("ValidationError", 400)


@pytest.mark.parametrize("target", [ACCOUNT_ID, STANDALONE.id, "000000000000"])
def test_only_members_have_root_sessions(server: Accounts, target: str) -> None:
    refused = refusal(server.client("sts").assume_root, **request(target))

    assert refused == ("AccessDenied", 403)


@pytest.mark.parametrize("off", ["sessions", "trusted access"])
def test_root_sessions_are_for_an_organization_that_has_enabled_them(
    server: Accounts, member: str, off: str
) -> None:
    if off == "sessions":
        server.client("iam").disable_organizations_root_sessions()
    else:
        server.client("organizations").disable_aws_service_access(ServicePrincipal=IAM)

    refused = refusal(server.client("sts").assume_root, **request(member))

    assert refused == ("AccessDenied", 403)


def test_a_member_assumes_no_root_unless_it_administers_iam(server: Accounts, member: str) -> None:
    other = server.member("other@example.com")
    sts = server.client("sts", server.owner(other))

    before = refusal(sts.assume_root, **request(member))
    server.client("organizations").register_delegated_administrator(
        AccountId=other, ServicePrincipal=IAM
    )
    keys = sts.assume_root(**request(member))["Credentials"]

    assert before == ("AccessDenied", 403)
    assert server.client("sts", keys).get_caller_identity()["Account"] == member


def test_a_role_needs_the_permission_to_assume_root(server: Accounts, member: str) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
    keys = server.assume(server.role("Weak", trust, "iam:*"))
    strong = server.assume(server.role("Strong", trust, "sts:AssumeRoot"))

    refused = refusal(server.client("sts", keys).assume_root, **request(member))
    allowed = server.client("sts", strong).assume_root(**request(member))

    assert refused == ("AccessDenied", 403)
    assert allowed["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert organizations.organization_of(member) is not None
