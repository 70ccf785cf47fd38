"""From documents to submissions: all problems at once, or everything that is to be sent."""

from __future__ import annotations

import io

import pytest

from cli.input import documents
from cli.input.organization import document_of
from cli.input.validation import validated
from cli.output.failure import InputError
from cli.watch.submission import Submission


def submissions(text: str) -> list[Submission]:
    return validated(documents.read("-", stdin=io.StringIO(text)))


def refusal_of(text: str) -> str:
    with pytest.raises(InputError) as refused:
        submissions(text)
    return refused.value.what


def test_request_is_sent_as_written_with_its_id_filled_in() -> None:
    (one,) = submissions("account: {name: Sandbox, email: sandbox@example.com}\n")

    assert one.detail == {
        "account": {"name": "Sandbox", "email": "sandbox@example.com"},
        "requestId": one.request_id,
    }
    assert one.request_id.startswith("r-")
    assert (one.name, one.email) == ("Sandbox", "sandbox@example.com")


def test_given_request_id_is_kept() -> None:
    (one,) = submissions("requestId: mine\naccount: {name: A, email: a@example.com}\n")

    assert one.request_id == "mine"
    assert one.detail["requestId"] == "mine"


def test_existing_account_is_called_by_its_id() -> None:
    (one,) = submissions('{"source": "existing", "account": {"accountId": "123456789012"}}')

    assert one.name == "123456789012"


def test_every_problem_of_every_request_is_reported() -> None:
    text = refusal_of(
        "- account: {name: A, email: nobody}\n  color: blue\n"
        "- account: {name: B, email: b@example.com}\n"
        "- account: {name: C, email: c@example.com}\n  organizationalUnit: Sandbox\n"
        "- 7\n"
    )

    assert "standard input, request 1 (A)" in text
    assert "account.email: " in text
    assert "color: " in text
    assert "request 2" not in text
    assert "request 3 (C)" in text
    assert "organizationalUnit: " in text
    assert "request 4" in text
    assert "nothing was sent" in text


def test_problems_of_the_text_and_of_the_request_are_reported_together() -> None:
    text = refusal_of("source: existing\naccount:\n  accountId: 012345678901\n  accountId: x\n")

    assert "leading zero" in text
    assert "is already in line" in text
    assert "twelve digits" in text


@pytest.mark.parametrize(
    ("text", "where", "quoted"),
    [
        pytest.param(
            "source: existing\naccount: {accountId: 123456789012}\n",
            "account.accountId",
            '"123456789012"',
            id="account id",
        ),
        pytest.param(
            "account: {name: A, email: a@example.com}\ntags: {cost-center: 1234}\n",
            "tags['cost-center']",
            '"1234"',
            id="tag",
        ),
        pytest.param(
            "account: {name: A, email: a@example.com}\ntags: {protected: true}\n",
            "tags['protected']",
            '"true"',
            id="truth value",
        ),
        pytest.param(
            "account: {name: A, email: a@example.com}\nserviceAccess: [1]\n",
            "serviceAccess[0]",
            '"1"',
            id="in a list",
        ),
    ],
)
def test_number_where_text_belongs_comes_with_a_hint_to_quote_it(
    text: str, where: str, quoted: str
) -> None:
    line = next(line for line in refusal_of(text).splitlines() if where in line)

    assert f"put it in quotes, {quoted}" in line


@pytest.mark.parametrize(
    "written",
    ["1.10", "1e3", "1.0", "+5", "2026.10", "123456789012345678901234567890e1", "True", "null"],
)
def test_hint_shows_what_was_written_and_the_line(written: str) -> None:
    account = "account: {name: A, email: a@example.com}"

    yaml = refusal_of(f"{account}\ntags:\n  team: a\n  version: {written}\n")
    nested = refusal_of(f"# two\n- {account}\n- {account}\n  tags: {{version: {written}}}\n")

    hint = f"tags['version']: must be text: put it in quotes, \"{written}\""
    assert f"\n  line 4: {hint}" in yaml
    assert f"\n  line 4: {hint}" in nested


def test_hint_for_json_shows_what_was_written_and_the_line() -> None:
    text = refusal_of(
        '{"account": {"name": "A", "email": "a@example.com"},\n "tags":\n  {"build": 1.50e3}}'
    )

    assert "line 3: tags['build']: must be text: put it in quotes, \"1.50e3\"" in text


@pytest.mark.parametrize(
    "written",
    ["0o17", "0x1F", "1:30", "1:30:45", "2026-01-01", "yes", "no", "off", "1_000", ".inf", ".nan"],
)
def test_word_that_yaml_once_read_as_something_else_is_text(written: str) -> None:
    documents_ = documents.read(
        "-",
        stdin=io.StringIO(f"account: {{name: A, email: a@example.com}}\ntags: {{a: {written}}}"),
    )

    (submission,) = validated(documents_)

    assert submission.detail["tags"] == {"a": written}


def test_problem_of_what_is_missing_names_the_line_around_it() -> None:
    text = refusal_of("tags: {}\naccount:\n  email: a@example.com\n")

    assert "  line 3: account.name: is required" in text


def test_problem_in_what_an_alias_or_merge_brought_names_the_line_it_was_written_in() -> None:
    text = refusal_of(
        "- account: &a {name: A, email: nobody}\n- account:\n    <<: *a\n    name: B\n"
        "  requestId: b\n"
    )

    assert text.count("line 1: account.email: must have exactly one @") == 2


def test_key_with_the_separator_of_problems_in_it_gets_its_hint() -> None:
    text = refusal_of('account: {name: A, email: a@example.com}\ntags: {"a: b": 1.10}\n')

    assert "line 2: tags['a: b']: must be text: put it in quotes, \"1.10\"" in text


def test_hint_to_quote_is_not_given_for_lists() -> None:
    text = refusal_of("account: {name: A, email: a@example.com}\ntags: {team: [a]}\n")

    assert "tags['team']: must be text" in text
    assert "quotes" not in text


def test_same_request_twice_in_one_file_is_reported() -> None:
    one = "- account: {name: A, email: a@example.com}\n"

    assert "is the same request as standard input, request 1 (A)" in refusal_of(one + one)


def test_one_id_for_two_requests_in_one_file_is_reported() -> None:
    text = refusal_of(
        "- {requestId: x, account: {name: A, email: a@example.com}}\n"
        "- {requestId: x, account: {name: B, email: b@example.com}}\n"
    )

    assert "requestId: 'x' is already the id of standard input, request 1 (A)" in text


def test_one_email_for_two_requests_without_ids_is_reported_in_terms_of_the_email() -> None:
    text = refusal_of(
        "- {account: {name: A, email: a@example.com}}\n"
        "- {account: {name: B, email: A@example.com}}\n"
    )

    assert (
        "account.email: 'A@example.com' is already requested by standard input, request 1 (A), "
        "with different content"
    ) in text
    assert "r-" not in text


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("email", "account: {name: A, email: a@example.com}"),
        ("accountId", "source: existing, account: {accountId: '222222222222'}"),
    ],
)
def test_one_account_for_two_ids_is_reported_before_anything_is_sent(
    key: str, account: str
) -> None:
    text = refusal_of(f"- {{requestId: x, {account}}}\n- {{requestId: y, {account}}}\n")

    assert f"account.{key}: '" in text
    assert "is already requested by standard input, request 1" in text


def test_accounts_of_one_name_in_one_file_are_no_problem() -> None:
    one = "- account: {{name: Sandbox, email: {}@example.com}}\n"

    assert len(submissions("".join(one.format(n) for n in range(4)))) == 4


def test_problem_cannot_steer_the_terminal() -> None:
    text = refusal_of(
        '{"account": {"name": "\\u001b[2J", "email": "a@example.com"}, "\\u001b[31mred": 1}'
    )

    assert "\x1b" not in text


def test_request_too_large_as_a_whole_is_reported() -> None:
    text = refusal_of(
        '{"account": {"name": "A", "email": "a@example.com"}, "requestedBy": "%s"}'
        % ("x" * 262_144)
    )

    assert "the whole must have at most 102,400 bytes" in text


def test_problems_that_are_not_listed_are_counted() -> None:
    wrong = "".join(f"  a{n}!: [{n}]\n" for n in range(200))
    text = refusal_of(f"account: {{name: A, email: a@example.com}}\ntags:\n{wrong}")

    count = int(text.split(" problems")[0])
    more = int(text.rpartition("… and ")[2].split(" ")[0])
    listed = sum(": tags" in line for line in text.splitlines())
    assert count >= 200
    assert listed + more == count


def test_half_a_character_in_an_organizations_document_is_reported() -> None:
    found = documents.read("-", stdin=io.StringIO('{"policyTypes": ["\\ud800"]}'))

    with pytest.raises(InputError, match="problem"):
        document_of(found)


def test_keys_of_an_accounts_file_are_no_keys_of_a_request() -> None:
    text = refusal_of(
        "account: {name: A, email: a@example.com}\nlifecycle: retired\nreason: over\n"
    )

    assert "2 problems" in text
    assert "line 2: lifecycle: is a key of an account's file" in text
    assert "`vend apply`" in text
