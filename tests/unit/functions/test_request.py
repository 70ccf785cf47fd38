"""What a request may say, and that everything wrong with it is reported at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.builders import a_contact
from tests.unit.functions.payloads import EMAIL, a_request
from vending.errors.exceptions import RequestInvalid
from vending.request.account_request import parse, schema
from vending.request.sources import SOURCES


def problems(raw: Any) -> list[str]:
    with pytest.raises(RequestInvalid) as invalid:
        parse(raw)
    assert str(invalid.value).count("\n") == 0
    return invalid.value.problems


def nested(kind: type, levels: int) -> Any:
    """Lists or objects in one another."""
    value: Any = kind()
    for _ in range(levels):
        value = [value] if kind is list else {"a": value}
    return value


def account(**changes: Any) -> dict[str, Any]:
    return a_request(account={"name": "Sandbox", "email": EMAIL} | changes)


def contact(**changes: Any) -> dict[str, Any]:
    return a_request(contacts={"security": {**a_contact("Security"), **changes}})


LONG = "x" * 300

ONE_MISTAKE = {
    "contact without a phone": (
        a_request(contacts={"billing": {"name": "a", "title": "b", "email": "a@b.c"}}),
        "contacts.billing.phone: is required",
    ),
    "contact with a misspelt key": (
        a_request(contacts={"billing": a_contact("Billing") | {"phon": "1"}}),
        "contacts.billing.phon: unknown key; did you mean phone?",
    ),
    "contact of another kind": (
        a_request(contacts={"legal": a_contact("Legal")}),
        "contacts.legal: unknown key; allowed: billing, operations, security",
    ),
    "contact name of 65 characters": (
        contact(name="x" * 65),
        "contacts.security.name: must have at most 64",
    ),
    "empty contact name": (contact(name=""), "contacts.security.name: must not be empty"),
    "blank contact name": (contact(name=" "), "contacts.security.name: must contain more"),
    "contact title of 51 characters": (
        contact(title="x" * 51),
        "contacts.security.title: must have at most 50",
    ),
    "contact email of 255 characters": (
        contact(email="a" * 243 + "@example.com"),
        "contacts.security.email: must have at most 254",
    ),
    "contact email without @": (
        contact(email="team.example.com"),
        "contacts.security.email: must be an address such as team@example.com",
    ),
    "contact email with an umlaut": (
        contact(email="ä@example.com"),
        "contacts.security.email: must be an address",
    ),
    "contact phone of 26 characters": (
        contact(phone="0" * 26),
        "contacts.security.phone: must have at most 25",
    ),
    "contact phone in words": (
        contact(phone="call me"),
        "contacts.security.phone: may contain only digits, spaces and ( ) + -",
    ),
    "contact phone without a digit": (
        contact(phone="+ -"),
        "contacts.security.phone: must contain a digit",
    ),
    "contacts as a list": (a_request(contacts=[]), "contacts: must be an object"),
    "email without @": (
        account(email="team.example.com"),
        "account.email: must have exactly one @",
    ),
    "email with two @": (
        account(email="a@b@example.com"),
        "account.email: must have exactly one @",
    ),
    "email too short": (account(email="a@b.c"), "account.email: must have 6 to 64 characters"),
    "email too long": (account(email="a" * 53 + "@example.com"), "account.email: must have 6 to"),
    "email with a space": (account(email="a b@example.com"), "account.email: may contain only"),
    "email with an umlaut": (account(email="ä@example.com"), "account.email: may contain only"),
    "email with a newline": (account(email="a\n@example.com"), "account.email: may contain only"),
    "email with a comma": (account(email="a,b@example.com"), "account.email: may not contain ,"),
    "email with a percent": (account(email="a%b@example.com"), "account.email: may not contain %"),
    "email with a leading dot": (
        account(email=".a@example.com"),
        "account.email: must have a name",
    ),
    "email without a name": (account(email="@example.com"), "account.email: must have a name"),
    "email without a dot": (account(email="team@example"), "account.email: must end in a domain"),
    "email with an empty label": (account(email="a@b..com"), "account.email: must end in a domain"),
    "email with a hyphen at the domain's beginning": (
        account(email="team@-example.com"),
        "account.email: must end in a domain",
    ),
    "email with a hyphen at the domain's end": (
        account(email="team@example.com-"),
        "account.email: must end in a domain",
    ),
    "email that is a number": (account(email=7), "account.email: must be text"),
    "name of 51 characters": (account(name="x" * 51), "account.name: must have at most 50"),
    "empty name": (account(name=""), "account.name: must not be empty"),
    "blank name": (account(name="  "), "account.name: must contain more than spaces"),
    "name with an umlaut": (account(name="Büro"), "account.name: may contain only printable ASCII"),
    "name with a tab": (account(name="a\tb"), "account.name: may contain only printable ASCII"),
    "missing name": (a_request(account={"email": EMAIL}), "account.name: is required"),
    "name null": (account(name=None), "account.name: is required for source 'new'"),
    "missing email": (a_request(account={"name": "a"}), "account.email: is required"),
    "missing account": ({"requestId": "a"}, "account: is required"),
    "account that is a list": (a_request(account=[]), "account: must be an object"),
    "account id for a new account": (
        account(accountId="000000000042"),
        "account.accountId: has no meaning for source 'new'",
    ),
    "role for AWS": (account(roleName="AWSServiceRoleForX"), "account.roleName: may not begin"),
    "role for aws": (account(roleName="awsserviceroleforx"), "account.roleName: may not begin"),
    "role of 65 characters": (account(roleName="x" * 65), "account.roleName: must have at most 64"),
    "role with a space": (account(roleName="a b"), "account.roleName: may contain only letters"),
    "role with an umlaut": (account(roleName="ä"), "account.roleName: may contain only letters"),
    "empty role": (account(roleName=""), "account.roleName: must not be empty"),
    "role null": (account(roleName=None), "account.roleName: must be text"),
    "billing": (
        account(iamUserAccessToBilling="allow"),
        "account.iamUserAccessToBilling: must be one of 'ALLOW' or 'DENY'",
    ),
    "50 tags": (
        a_request(tags={f"k{n}": "v" for n in range(50)}),
        "tags: 50 tags are too many; AWS allows 50 on an account and one carries the request id",
    ),
    "tag for AWS": (a_request(tags={"aws:x": "v"}), "tags['aws:x']: may not begin with aws:"),
    "tag for AWS in capitals": (a_request(tags={"AWS:x": "v"}), "tags['AWS:x']: may not begin"),
    "reserved tag": (
        a_request(tags={"account-vending:request-id": "v"}),
        "tags['account-vending:request-id']: is reserved for the request id",
    ),
    "reserved tag in capitals": (
        a_request(tags={"Account-Vending:REQUEST-ID": "v"}),
        "tags['Account-Vending:REQUEST-ID']: is reserved for the request id",
    ),
    "tag key that looks like another": (
        a_request(tags={"c\u043est": "v"}),
        "mixes letters of LATIN with U+043E CYRILLIC SMALL LETTER O at position 2; a name must be",
    ),
    "tag key of fullwidth letters": (
        a_request(tags={"\uff54eam": "v"}),
        "has U+FF54 FULLWIDTH LATIN SMALL LETTER T at position 1, which looks like t",
    ),
    "long tag key": (a_request(tags={"k" * 129: "v"}), "must have at most 128 characters"),
    "empty tag key": (a_request(tags={"": "v"}), "tags['']: must not be empty"),
    "tag key with a star": (a_request(tags={"a*": "v"}), "tags['a*']: may contain only letters"),
    "long tag value": (a_request(tags={"k": "v" * 257}), "tags['k']: must have at most 256"),
    "tag value with a comma": (a_request(tags={"k": "a,b"}), "tags['k']: may contain only"),
    "tag value that is a number": (a_request(tags={"k": 7}), "tags['k']: must be text"),
    "tag value null": (a_request(tags={"k": None}), "tags['k']: must be text"),
    "tags as a list": (a_request(tags=[]), "tags: must be an object"),
    "six levels": (a_request(organizationalUnit="/a/b/c/d/e/f"), "is 6 levels deep; AWS allows 5"),
    "no leading slash": (a_request(organizationalUnit="Sandbox"), "must begin with /"),
    "empty path": (a_request(organizationalUnit=""), "must begin with /"),
    "two slashes": (a_request(organizationalUnit="/a//b"), "has an empty name"),
    "only slashes": (a_request(organizationalUnit="//"), "has an empty name"),
    "slash at the end": (a_request(organizationalUnit="/a/"), "has an empty name"),
    "lone backslash": (a_request(organizationalUnit=r"/a\b"), r"a slash is written \/"),
    "backslash at the end": (a_request(organizationalUnit="/a\\"), "stands before neither"),
    "zero-width space": (
        a_request(organizationalUnit="/Sand\u200bbox"),
        r"has U+200B ZERO WIDTH SPACE at position 5 of the name 'Sand\u200bbox'",
    ),
    "newline": (a_request(organizationalUnit="/a/b\n"), "U+000A LINE FEED at position 2"),
    "no-break space": (a_request(organizationalUnit="/a\u00a0b"), "U+00A0 NO-BREAK SPACE"),
    "right-to-left mark": (a_request(organizationalUnit="/a\u200f"), "U+200F RIGHT-TO-LEFT MARK"),
    "override": (a_request(organizationalUnit="/\u202da"), "U+202D LEFT-TO-RIGHT OVERRIDE"),
    "unit that looks like another": (
        a_request(organizationalUnit="/Workloads/\u0410dmin"),
        "mixes letters of LATIN with U+0410 CYRILLIC CAPITAL LETTER A at position 1; a name must",
    ),
    "unit of mathematical letters": (
        a_request(organizationalUnit="/\U0001d400"),
        "has U+1D400 MATHEMATICAL BOLD CAPITAL A at position 1, which looks like A",
    ),
    "unit with a private character": (
        a_request(organizationalUnit="/a\ue000"),
        "has U+E000 CHARACTER WITHOUT A NAME at position 2, which shows differently everywhere",
    ),
    "path of 1286 characters": (
        a_request(organizationalUnit="/" + "x" * 1285),
        "organizationalUnit: must have at most 1285 characters, this one has 1286",
    ),
    "policy name with an override": (
        a_request(policies=[{"name": "a\u202eb", "type": "TAG_POLICY"}]),
        "policies[0].name: has U+202E RIGHT-TO-LEFT OVERRIDE at position 2",
    ),
    "policy name that looks like another": (
        a_request(policies=[{"name": "N\u03bfLeaving", "type": "TAG_POLICY"}]),
        "policies[0].name: mixes letters of LATIN with U+03BF GREEK SMALL LETTER OMICRON",
    ),
    "empty policy name": (
        a_request(policies=[{"name": "", "type": "TAG_POLICY"}]),
        "policies[0].name: must not be empty",
    ),
    "idle keep": (
        a_request(policies=[{"name": "p", "type": "TAG_POLICY", "existing": "keep"}]),
        "policies[0].existing: keep has no meaning without content",
    ),
    "Hangul filler": (a_request(organizationalUnit="/a\u3164"), "U+3164 HANGUL FILLER"),
    "space before a name": (a_request(organizationalUnit="/a/ b"), "a space at an end: ' b'"),
    "space after a name": (a_request(organizationalUnit="/a /b"), "a space at an end: 'a '"),
    "space after the account's name": (account(name="a "), "must not begin or end with a space"),
    "zero-width account name": (account(name="a\u200bb"), "U+200B ZERO WIDTH SPACE at position 2"),
    "no-break space in a tag": (a_request(tags={"a\u00a0b": ""}), "U+00A0 NO-BREAK SPACE"),
    "zero-width space in a tag": (a_request(tags={"a\u200b": ""}), "U+200B ZERO WIDTH SPACE"),
    "space before a tag": (a_request(tags={" a": ""}), "must not begin or end with a space"),
    "long unit name": (a_request(organizationalUnit="/" + "x" * 129), "a name of 129 characters"),
    "principal without a domain": (a_request(serviceAccess=["iam"]), "serviceAccess[0]: must be a"),
    "principal that is an ARN": (
        a_request(serviceAccess=["arn:aws:iam::1:root"]),
        "serviceAccess[0]: must be a service principal",
    ),
    "principal in capitals": (
        a_request(serviceAccess=["IAM.amazonaws.com"]),
        "serviceAccess[0]: must be a service principal in lower case",
    ),
    "long principal": (
        a_request(serviceAccess=["x" * 120 + ".amazonaws.com"]),
        "serviceAccess[0]: must have at most 128",
    ),
    "empty principal": (a_request(serviceAccess=[""]), "serviceAccess[0]: must not be empty"),
    "principal twice": (
        a_request(serviceAccess=["ram.amazonaws.com"] * 3),
        "serviceAccess: 'ram.amazonaws.com' is listed more than once",
    ),
    "principal alone": (a_request(serviceAccess="ram.amazonaws.com"), "serviceAccess: must be a"),
    "unknown feature": (a_request(rootAccess=["Root"]), "rootAccess[0]: must be one of"),
    "feature twice": (a_request(rootAccess=["RootSessions"] * 2), "rootAccess: 'RootSessions' is"),
    "unknown source": (a_request(source="buy"), "source: must be one of 'new'"),
    "source that is a list": (a_request(source=["new"]), "source: must be one of 'new'"),
    "request id with a space": (a_request(requestId="a b"), "requestId: must be 1 to 64"),
    "request id with a newline": (a_request(requestId="a\n"), "requestId: must be 1 to 64"),
    "request id too long": (a_request(requestId="a" * 65), "requestId: must be 1 to 64"),
    "empty request id": (a_request(requestId=""), "requestId: must be 1 to 64"),
    "request id null": (a_request(requestId=None), "requestId: must be text"),
    "requester that is a number": (a_request(requestedBy=7), "requestedBy: must be text"),
    "misspelt key": (
        a_request(organisationalUnit="/"),
        "organisationalUnit: unknown key; did you mean organizationalUnit?",
    ),
    "key in snake case": (account(role_name="A"), "did you mean roleName?"),
    "key in capitals": (a_request(TAGS={}), "TAGS: unknown key; did you mean tags?"),
    "key like no other": (
        a_request(zzzz=1),
        f"zzzz: unknown key; allowed: {', '.join(sorted(schema()['properties']))}",
    ),
    "half a character": (a_request(requestedBy="\ud800"), "requestedBy: must be text in valid Uni"),
    "half a character in a path": (a_request(organizationalUnit="/\ud800"), "in valid Unicode"),
}


@pytest.mark.parametrize(("raw", "words"), ONE_MISTAKE.values(), ids=ONE_MISTAKE)
def test_request_with_one_mistake_is_refused_with_that_one(raw: Any, words: str) -> None:
    (problem,) = problems(raw)

    assert words in problem


def test_tag_for_aws_in_disguise_is_refused_as_one() -> None:
    mistakes = problems(a_request(tags={"aw\u017f:x": "v"}))

    assert any("U+017F LATIN SMALL LETTER LONG S at position 3" in one for one in mistakes)
    assert any("may not begin with aws:" in one for one in mistakes)


def test_request_with_several_mistakes_is_refused_with_all_of_them() -> None:
    raw = {
        "account": {"email": "no", "name": "x" * 51, "roleName": "AWSServiceRoleForMe"},
        "tags": {f"k{n}": "v" for n in range(51)} | {"aws:x": "v"},
        "organizationalUnit": "/1/2/3/4/5/6",
        "organisationalUnit": "/",
        "serviceAccess": ["iam"],
    }

    mistakes = "\n".join(problems(raw))

    for words in (
        "account.email: must have exactly one @",
        "account.name: must have at most 50",
        "account.roleName: may not begin",
        "tags: 52 tags",
        "tags['aws:x']",
        "organizationalUnit: is 6 levels",
        "organisationalUnit: unknown key",
        "serviceAccess[0]",
    ):
        assert words in mistakes


@pytest.mark.parametrize("raw", [None, [], "text", 7, 7.5, True], ids=str)
def test_request_that_is_not_an_object_is_reported_so(raw: Any) -> None:
    (problem,) = problems(raw)

    assert problem.startswith("the request must be a JSON object, not ")


def test_request_problems_never_show_the_email() -> None:
    mistakes = problems(account(email="se(cret)@example"))

    assert "secret" not in "".join(mistakes)
    assert "se(cret)" not in "".join(mistakes)


def test_request_problems_never_show_a_contact() -> None:
    mistakes = problems(contact(email="se(cret)@example", phone="555 (se/cret)"))

    assert len(mistakes) == 2
    assert "cret" not in "".join(mistakes)
    assert "555" not in "".join(mistakes)


def test_request_with_endless_mistakes_is_refused_with_what_fits() -> None:
    raw = a_request(tags={f"k*{n}-{LONG}": LONG for n in range(1000)})

    with pytest.raises(RequestInvalid) as refused:
        parse(raw)

    *reported, more = refused.value.message.splitlines()
    assert len(reported) > 40
    assert more == f"… and {len(refused.value.problems) - len(reported)} more problems"
    assert len(json.dumps({"errorMessage": str(refused.value)})) < 10 * 1024


def test_only_the_first_unknown_keys_are_compared_with_the_known_ones() -> None:
    mistakes = problems(a_request(**{f"tag{number}": 1 for number in range(100)}))

    assert len(mistakes) == 100
    assert sum("did you mean tags?" in one for one in mistakes) == 20


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (partial(nested, list, 100_000), "the whole may be nested at most 16 levels deep"),
        (partial(nested, dict, 100_000), "the whole may be nested at most 16 levels deep"),
        (partial(pow, 10, 100_000), "the whole may have no number of more than 64 bits"),
    ],
    ids=["lists", "objects", "number"],
)
@pytest.mark.parametrize("where", ["tags", "unknown", "source"])
def test_what_python_has_no_room_for_is_refused_for_that_alone(
    where: str, value: Callable[[], Any], expected: str
) -> None:
    assert problems(a_request(**{where: value()})) == [expected]


VALID: dict[str, dict[str, Any]] = {
    "least": {"account": {"name": "S", "email": "a@b.de"}},
    "longest email": account(email="a" * 52 + "@example.com"),
    "longest name": account(name="~" * 50),
    "49 tags": a_request(tags={f"k{n}": "" for n in range(49)}),
    "tags in any script": a_request(tags={"Größe 大小": "٣ _.:/=+-@"}),
    "names in scripts of their own": a_request(
        organizationalUnit="/Песочница/Δοκιμή/AWS 本番/Nº 1 · 2²/نسخه",
        tags={"Größe": "", "環境Env": "", "שם": ""},
    ),
    "longest tag": a_request(tags={"k" * 128: "v" * 256}),
    "root": a_request(organizationalUnit="/"),
    "no placement": a_request(organizationalUnit=None),
    "five levels": a_request(organizationalUnit="/1/2/3/4/" + "x" * 128),
    "escapes": a_request(organizationalUnit=r"/CI\/CD/A\\B/" + r"\/" * 128),
    "amazon.com": a_request(serviceAccess=["notifications.amazon.com"]),
    "many dots": a_request(serviceAccess=["member.org.stacksets.cloudformation.amazonaws.com"]),
    "roleName": account(roleName="a+b=c,d.e@f-g_h"),
    "existing": {"source": "existing", "account": {"accountId": "000000000042"}},
    "requested by": a_request(requestedBy="Büro 7"),
    "no contacts": a_request(contacts={}),
    "contact null": a_request(contacts={"billing": None}),
    "longest contact": a_request(
        contacts={
            "operations": {
                "name": "ß" * 64,
                "title": "大" * 50,
                "email": "a|#!&=+.-" + "_" * 233 + "@example.com",
                "phone": "+1 (555) 0100-" + "0" * 11,
            }
        }
    ),
}


@pytest.mark.parametrize("raw", VALID.values(), ids=VALID)
def test_request_within_the_limits_is_accepted(raw: dict[str, Any]) -> None:
    request = parse(raw)

    assert parse(request.normalised()).normalised() == request.normalised()


@pytest.mark.parametrize("raw", VALID.values(), ids=VALID)
def test_request_accepted_is_valid_by_the_schema(raw: dict[str, Any]) -> None:
    jsonschema.validate(raw, schema())


@pytest.mark.parametrize(
    "case",
    ["misspelt key", "role for AWS", "six levels", "missing account", "unknown feature", "billing"],
)
def test_request_refused_is_invalid_by_the_schema(case: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(ONE_MISTAKE[case][0], schema())


def test_schema_describes_every_key() -> None:
    for name, described in schema()["properties"].items():
        assert described.get("description") or "$ref" in described or name == "policies", name
    assert schema()["required"] == ["account"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"source": "existing", "account": {}}, ["account.accountId: is required"]),
        (
            {"source": "existing", "account": {"accountId": "42", "roleName": "Admin"}},
            ["account.accountId: must be twelve digits", "account.roleName: has no meaning"],
        ),
        ({"source": "invited", "account": {}}, ["account: needs accountId or email"]),
        (
            {
                "source": "invited",
                "account": {
                    "accountId": "000000000042",
                    "email": EMAIL,
                    "iamUserAccessToBilling": "DENY",
                },
            },
            [
                "account: needs either accountId or email",
                "account.iamUserAccessToBilling: has no meaning",
            ],
        ),
        (
            {"source": "invited", "account": {"email": EMAIL, "roleName": "Admin"}},
            ["account.roleName: needs account.accountId"],
        ),
        (
            {"source": "new-govcloud", "account": {"name": "a b", "email": EMAIL}},
            ["account.name: may contain only letters, digits, dots"],
        ),
        (
            a_request(policies=[{"name": "p", "type": "TAG_POLICY", "content": "x" * 10_001}, "p"]),
            ["policies[0].content: must have at most 10,000", "policies[1]: must be"],
        ),
        (
            a_request(policies=[{"name": "p", "type": "TAG_POLICY", "content": "[1]"}] * 2),
            [
                "policies[0].content: must be a JSON object",
                "policies[1].content: must be a JSON object",
                "policies[1]: is the policy of policies[0] again",
            ],
        ),
        (
            a_request(
                policies=[
                    {"name": "p", "type": "TAG_POLICY"},
                    {"name": "p", "type": "SERVICE_CONTROL_POLICY"},
                ]
            ),
            ["policies[1]: has the name of policies[0], which is a TAG_POLICY"],
        ),
        (
            a_request(
                policies=[
                    {"name": f"p{number}", "type": "SERVICE_CONTROL_POLICY"} for number in range(10)
                ]
            ),
            ["policies: 10 of type SERVICE_CONTROL_POLICY are too many; a new account takes 9"],
        ),
    ],
    ids=[
        "existing",
        "existing wrong",
        "invited",
        "invited twice",
        "invited by email with a role",
        "new-govcloud",
        "bad policies",
        "policy twice",
        "one name for two types",
        "more policies than an account takes",
    ],
)
def test_request_of_another_source_is_held_to_its_rules(raw: Any, words: list[str]) -> None:
    mistakes = problems(raw)

    assert len(mistakes) == len(words)
    for expected in words:
        assert any(expected in problem for problem in mistakes), mistakes


def test_existing_account_is_normalised_without_what_only_creation_uses() -> None:
    content = parse(VALID["existing"]).normalised()

    assert content["account"] == {"accountId": "000000000042"}
    assert SOURCES["existing"].requires == ("accountId",)


def test_role_of_an_invited_account_is_there_only_when_it_is_given() -> None:
    account = {"accountId": "000000000042"}
    by_owner, by_role = (
        parse({"source": "invited", "account": each})
        for each in (account, account | {"roleName": "OrganizationAccountAccessRole"})
    )

    assert by_owner.normalised()["account"] == account
    assert by_role.normalised()["account"]["roleName"] == "OrganizationAccountAccessRole"
    assert by_owner.fingerprint() != by_role.fingerprint()
    assert parse(by_role.normalised()) == by_role
