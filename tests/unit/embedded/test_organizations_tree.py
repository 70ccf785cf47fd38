from __future__ import annotations

from typing import Any

import pytest

from tests.unit.embedded.live_aws import Aws, eventually


def root_of(aws: Aws) -> str:
    return str(aws.client("organizations").list_roots()["Roots"][0]["Id"])


def unit_in(aws: Aws, parent_id: str, name: str = "Workloads") -> str:
    made = aws.client("organizations").create_organizational_unit(ParentId=parent_id, Name=name)
    return str(made["OrganizationalUnit"]["Id"])


def nowhere(aws: Aws) -> str:
    """An OU id of the right form that no OU has."""
    return f"ou-{root_of(aws)[2:]}-00000000"


def test_create_organizational_unit_is_found_under_its_parent(aws: Aws) -> None:
    organizations = aws.client("organizations")
    root = root_of(aws)

    workloads = organizations.create_organizational_unit(
        ParentId=root, Name="Workloads", Tags=[{"Key": "a", "Value": "b"}]
    )["OrganizationalUnit"]
    sandbox = unit_in(aws, workloads["Id"], "Sandbox")

    listed = organizations.list_organizational_units_for_parent(ParentId=root)
    below = organizations.list_children(ParentId=workloads["Id"], ChildType="ORGANIZATIONAL_UNIT")[
        "Children"
    ]
    described = organizations.describe_organizational_unit(OrganizationalUnitId=sandbox)
    assert listed["OrganizationalUnits"] == [workloads]
    assert below == [{"Id": sandbox, "Type": "ORGANIZATIONAL_UNIT"}]
    assert organizations.list_parents(ChildId=sandbox)["Parents"] == [
        {"Id": workloads["Id"], "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert described["OrganizationalUnit"]["Path"].endswith(f"/{root}/{workloads['Id']}/{sandbox}/")
    assert organizations.list_tags_for_resource(ResourceId=workloads["Id"])["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]


def test_create_organizational_unit_of_a_name_the_parent_has(aws: Aws) -> None:
    root = root_of(aws)
    parent = unit_in(aws, root, "Workloads")

    refused = aws.refused(
        "organizations", "CreateOrganizationalUnit", ParentId=root, Name="Workloads"
    )
    elsewhere = unit_in(aws, parent, "Workloads")

    assert refused == ("DuplicateOrganizationalUnitException", None)
    assert elsewhere != parent


def test_create_organizational_unit_five_levels_deep_and_no_deeper(aws: Aws) -> None:
    parent = root_of(aws)
    for level in range(5):
        parent = unit_in(aws, parent, f"Level{level}")

    refused = aws.refused("organizations", "CreateOrganizationalUnit", ParentId=parent, Name="6")

    assert refused == ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED")


def test_create_organizational_unit_above_the_number_allowed(aws: Aws) -> None:
    aws.reset_organization(throttled=False, ou_limit=2)
    root = root_of(aws)
    unit_in(aws, root, "A")
    unit_in(aws, root, "B")

    refused = aws.refused("organizations", "CreateOrganizationalUnit", ParentId=root, Name="C")

    assert refused == ("ConstraintViolationException", "OU_NUMBER_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        pytest.param({"ParentId": "x"}, ("InvalidInputException", "INVALID_PATTERN"), id="parent"),
        pytest.param(
            {"ParentId": "r-zzzzzzzz"}, ("ParentNotFoundException", None), id="unknown-parent"
        ),
        pytest.param({"Name": ""}, ("InvalidInputException", "MIN_LENGTH_EXCEEDED"), id="no-name"),
        pytest.param(
            {"Name": "x" * 129}, ("InvalidInputException", "MAX_LENGTH_EXCEEDED"), id="long-name"
        ),
        pytest.param(
            {"Tags": [{"Key": "aws:a", "Value": ""}]},
            ("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER"),
            id="tag",
        ),
    ],
)
def test_create_organizational_unit_refuses_and_makes_none(
    aws: Aws, change: dict[str, Any], refusal: tuple[str, str | None]
) -> None:
    root = root_of(aws)

    refused = aws.refused(
        "organizations", "CreateOrganizationalUnit", **({"ParentId": root, "Name": "A"} | change)
    )

    units = aws.client("organizations").list_organizational_units_for_parent(ParentId=root)
    assert refused == refusal
    assert units["OrganizationalUnits"] == []


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("ListAccountsForParent", "ParentId", "ParentNotFoundException"),
        ("ListOrganizationalUnitsForParent", "ParentId", "ParentNotFoundException"),
        ("ListParents", "ChildId", "ChildNotFoundException"),
        (
            "DescribeOrganizationalUnit",
            "OrganizationalUnitId",
            "OrganizationalUnitNotFoundException",
        ),
    ],
)
def test_an_unknown_unit_is_not_found(aws: Aws, operation: str, request_: str, code: str) -> None:
    refused = aws.refused("organizations", operation, **{request_: nowhere(aws)})

    assert refused == (code, None)


def test_update_organizational_unit_keeps_names_unique_among_siblings_only(aws: Aws) -> None:
    organizations = aws.client("organizations")
    root = root_of(aws)
    first, second = unit_in(aws, root, "A"), unit_in(aws, root, "B")
    unit_in(aws, first, "C")

    refused = aws.refused(
        "organizations", "UpdateOrganizationalUnit", OrganizationalUnitId=second, Name="A"
    )
    renamed = organizations.update_organizational_unit(OrganizationalUnitId=second, Name="C")

    assert refused == ("DuplicateOrganizationalUnitException", None)
    assert renamed["OrganizationalUnit"]["Name"] == "C"


def test_delete_organizational_unit_only_when_empty(aws: Aws) -> None:
    organizations = aws.client("organizations")
    parent = unit_in(aws, root_of(aws))
    child = unit_in(aws, parent)

    refused = aws.refused("organizations", "DeleteOrganizationalUnit", OrganizationalUnitId=parent)
    organizations.delete_organizational_unit(OrganizationalUnitId=child)
    organizations.delete_organizational_unit(OrganizationalUnitId=parent)

    units = organizations.list_organizational_units_for_parent(ParentId=root_of(aws))
    assert refused == ("OrganizationalUnitNotEmptyException", None)
    assert units["OrganizationalUnits"] == []


def test_move_account_puts_it_into_the_unit(aws: Aws) -> None:
    organizations = aws.client("organizations")
    root = root_of(aws)
    unit = unit_in(aws, root)
    account = aws.create_account()["AccountId"]

    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)

    there = organizations.list_accounts_for_parent(ParentId=unit)["Accounts"]
    children = organizations.list_children(ParentId=unit, ChildType="ACCOUNT")["Children"]
    assert [one["Id"] for one in there] == [account]
    assert there[0]["Paths"][0].endswith(f"{root}/{unit}/{account}/")
    assert children == [{"Id": account, "Type": "ACCOUNT"}]
    assert organizations.list_parents(ChildId=account)["Parents"] == [
        {"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"AccountId": "000000000000"}, "AccountNotFoundException", id="account"),
        pytest.param({"SourceParentId": None}, "SourceParentNotFoundException", id="source"),
        pytest.param(
            {"DestinationParentId": None}, "DestinationParentNotFoundException", id="destination"
        ),
    ],
)
def test_move_account_does_not_find(aws: Aws, change: dict[str, Any], code: str) -> None:
    root = root_of(aws)
    account = aws.create_account()["AccountId"]
    whole = {"AccountId": account, "SourceParentId": root, "DestinationParentId": root}
    given = whole | {name: value or nowhere(aws) for name, value in change.items()}

    refused = aws.refused("organizations", "MoveAccount", **given)

    assert refused == (code, None)


def test_move_account_again_finds_it_there(aws: Aws) -> None:
    organizations = aws.client("organizations")
    root = root_of(aws)
    unit = unit_in(aws, root)
    account = aws.create_account()["AccountId"]
    move = {"AccountId": account, "SourceParentId": root, "DestinationParentId": unit}
    organizations.move_account(**move)

    refused = aws.refused("organizations", "MoveAccount", **move)

    assert refused == ("DuplicateAccountException", None)


def test_move_account_from_where_it_is_not(aws: Aws) -> None:
    root = root_of(aws)
    here, there = unit_in(aws, root, "Here"), unit_in(aws, root, "There")
    account = aws.create_account()["AccountId"]

    refused = aws.refused(
        "organizations",
        "MoveAccount",
        AccountId=account,
        SourceParentId=here,
        DestinationParentId=there,
    )

    assert refused == ("SourceParentNotFoundException", None)
    parents = aws.client("organizations").list_parents(ChildId=account)["Parents"]
    assert parents == [{"Id": root, "Type": "ROOT"}]


def test_list_accounts_in_pages_of_twenty(aws: Aws) -> None:
    aws.reset_organization(throttled=False, creations_in_progress=50, creation_seconds=0.1)
    organizations = aws.client("organizations")
    asked = [
        organizations.create_account(Email=f"a{n}@example.com", AccountName="A") for n in range(40)
    ]
    for answer in asked:
        aws.ended(answer["CreateAccountStatus"]["Id"])

    pages = list(organizations.get_paginator("list_accounts").paginate())
    for_root = list(
        organizations.get_paginator("list_accounts_for_parent").paginate(
            ParentId=root_of(aws), PaginationConfig={"PageSize": 15}
        )
    )

    assert [len(page["Accounts"]) for page in pages] == [20, 20, 1]
    assert len({account["Id"] for page in pages for account in page["Accounts"]}) == 41
    assert [len(page["Accounts"]) for page in for_root] == [15, 15, 11]


def test_describe_account_of_the_management_account(aws: Aws) -> None:
    account = aws.client("organizations").describe_account(AccountId="111111111111")["Account"]

    assert account["Email"] == "management@example.com"
    assert (account["JoinedMethod"], account["State"]) == ("INVITED", "ACTIVE")


def test_describe_account_unknown(aws: Aws) -> None:
    refused = aws.refused("organizations", "DescribeAccount", AccountId="000000000000")

    assert refused == ("AccountNotFoundException", None)


def test_close_account_passes_through_pending_closure(aws: Aws) -> None:
    organizations = aws.client("organizations")
    account = aws.create_account()["AccountId"]

    organizations.close_account(AccountId=account)

    def closed() -> Any:
        found = organizations.describe_account(AccountId=account)["Account"]
        return found if found["State"] == "CLOSED" else None

    assert organizations.describe_account(AccountId=account)["Account"]["State"] in {
        "PENDING_CLOSURE",
        "CLOSED",
    }
    assert eventually(closed)["Status"] == "SUSPENDED"
    assert aws.refused("organizations", "CloseAccount", AccountId=account) == (
        "AccountAlreadyClosedException",
        None,
    )


def test_close_account_refuses_the_management_account_and_a_fourth_at_once(aws: Aws) -> None:
    aws.reset_organization(throttled=False, creation_seconds=0.1, closure_seconds=100_000)
    organizations = aws.client("organizations")
    accounts = [aws.create_account(Email=f"a{n}@example.com")["AccountId"] for n in range(4)]
    for account in accounts[:3]:
        organizations.close_account(AccountId=account)

    management = aws.refused("organizations", "CloseAccount", AccountId="111111111111")
    pending = aws.refused("organizations", "CloseAccount", AccountId=accounts[0])
    fourth = aws.refused("organizations", "CloseAccount", AccountId=accounts[3])

    assert management == ("ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    assert pending == ("ConflictException", None)
    assert fourth == ("ConstraintViolationException", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")


def test_describe_organization_and_its_root(aws: Aws) -> None:
    organizations = aws.client("organizations")

    organization = organizations.describe_organization()["Organization"]
    roots = organizations.list_roots()["Roots"]

    assert organization["FeatureSet"] == "ALL"
    assert organization["MasterAccountId"] == "111111111111"
    assert organization["MasterAccountEmail"] == "management@example.com"
    assert len(roots) == 1
