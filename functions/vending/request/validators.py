"""AWS's limits on what a request may say, one pure check a value: text in, problems out.

botocore checks only required, type and minimum length before a call, so maximum and pattern are
checked here. Lengths and patterns are those of botocore's models of Organizations and of Account
Management; rules beyond them are AWS's documented ones (CreateAccount, Tag, and the quotas page of
the Organizations guide). Each check returns what is wrong in the requester's words, never echoing
an email address or a phone number.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata

from vending.request import bounds, lookalikes, ou_paths, policy_documents

EMAIL_LENGTH = (6, 64)
ACCOUNT_NAME_MAX = 50
ROLE_NAME_MAX = 64
TAG_KEY_MAX = 128
TAG_VALUE_MAX = 256
TAGS_PER_ACCOUNT = 50
OU_NAME_MAX = 128
OU_DEPTH_MAX = 5
PRINCIPAL_MAX = 128
REQUEST_ID_MAX = 64
QUALIFIED_REQUEST_ID_MAX = 32 + 1 + REQUEST_ID_MAX
"""Characters with the requester's name and the dot before it."""
REQUEST_ID_PATTERN = rf"^([a-z][a-z0-9-]{{0,31}}\.)?[A-Za-z0-9_-]{{1,{REQUEST_ID_MAX}}}$"
POLICY_NAME_MAX = 128
POLICY_DESCRIPTION_MAX = 512
ATTACHED_BY_AWS = {
    "SERVICE_CONTROL_POLICY": "FullAWSAccess",
    "RESOURCE_CONTROL_POLICY": "RCPFullAWSAccess",
}
POLICIES_PER_NEW_ACCOUNT = {
    "SERVICE_CONTROL_POLICY": 9,
    "RESOURCE_CONTROL_POLICY": 4,
    "AISERVICES_OPT_OUT_POLICY": 5,
    "CHATBOT_POLICY": 5,
}
"""Policies that a new account takes beside those that AWS attaches, which count among its ten and
five. Source: AWS Organizations User Guide, "Quotas and service limits"."""
POLICIES_PER_TARGET = 10
"""Policies of any other type that an account takes."""
REQUESTED_BY_MAX = 256
CONTACT_NAME_MAX = 64
CONTACT_TITLE_MAX = 50
CONTACT_EMAIL_MAX = 254
CONTACT_PHONE_MAX = 25

OU_PATH_MAX = OU_DEPTH_MAX * (1 + 2 * OU_NAME_MAX)
"""Characters of a path whose names have nothing but slashes, each escaped."""
SERVICES_MAX = 100
ROOT_FEATURES_MAX = 2
POLICIES_MAX = 50
TARGETS_MAX = 100
UNITS_MAX = 500
SIZE_MAX = 100 * 1024
"""Bytes of a request, or of an organization's document, as JSON in ASCII.

Its row, events and the workflow's data carry it at most once, beside an error of up to 32,768
characters; the smallest of their limits is 256 KB. A state machine's input may be as large as that,
and a task's arguments, which hold more than the request, may not be larger: so the definitions
measure their input and pass on none that is larger than this.
"""

REQUEST_ID_TAG = "account-vending:request-id"
"""The tag that says which request an account was made for."""

TAGS_PER_REQUEST = TAGS_PER_ACCOUNT - 1
"""One of AWS's 50 carries the request id."""

POLICY_CONTENT_MAX = {
    "SERVICE_CONTROL_POLICY": 10_240,
    "RESOURCE_CONTROL_POLICY": 5_120,
    "TAG_POLICY": 10_000,
    "BACKUP_POLICY": 10_000,
    "AISERVICES_OPT_OUT_POLICY": 2_500,
    "CHATBOT_POLICY": 10_000,
    "DECLARATIVE_POLICY_EC2": 10_000,
    "SECURITYHUB_POLICY": 10_000,
}
"""Characters a policy's content may have, by type."""

POLICY_CONTENT_LONGEST = max(POLICY_CONTENT_MAX.values())
"""Characters of a policy of any other type, unless AWS takes fewer."""

CONTACT_EMAIL = r"\s*[A-Za-z0-9_+=.#|!&-]+@[A-Za-z0-9_.-]+\.[A-Za-z0-9_]+\s*"
CONTACT_PHONE = r"[\s0-9()+-]+"
"""The patterns of botocore's model of Account Management, whose word characters are ASCII."""

_EMAIL_LOCAL_FORBIDDEN = "\"'()<>[]:;,\\|%&"
_RESERVED_ROLE_PREFIX = "awsservicerolefor"


def policies_per_target(policy_type: str) -> int:
    """Policies of a type that an account, unit or root takes, with those that AWS attaches."""
    of_aws = 1 if policy_type in ATTACHED_BY_AWS else 0
    return POLICIES_PER_NEW_ACCOUNT.get(policy_type, POLICIES_PER_TARGET) + of_aws


def shown(value: str) -> str:
    """A value quoted for a problem's text: printable, short and no address, whatever was sent."""
    text = "".join(character if character.isprintable() else "?" for character in value[:61])
    text = re.sub(r"[^\s@/]+@", "…@", text)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"  # noqa: PLR2004


def email(value: str) -> list[str]:
    """6 to 64 characters of 7-bit ASCII, one @, and the characters AWS takes on either side."""
    problems = []
    shortest, longest = EMAIL_LENGTH
    if not shortest <= len(value) <= longest:
        problems = [f"must have {shortest} to {longest} characters, this one has {len(value)}"]
    if len(value) > longest:
        return problems
    if not all("!" <= character <= "~" for character in value):
        problems.append("may contain only printable ASCII characters and no spaces")
    local, at, domain = value.partition("@")
    if not at or "@" in domain:
        return [*problems, "must have exactly one @, as in team@example.com"]
    if not local or local.startswith("."):
        problems.append("must have a name before the @ that does not begin with a dot")
    forbidden = sorted({character for character in local if character in _EMAIL_LOCAL_FORBIDDEN})
    if forbidden:
        problems.append(f"may not contain {' '.join(forbidden)} before the @")
    if not re.fullmatch(r"(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(?<!-)", domain):
        problems.append(
            "must end in a domain of letters, digits, hyphens and dots, without a hyphen at either "
            "end, as in example.com"
        )
    return problems


def account_name(value: str) -> list[str]:
    """1 to 50 printable ASCII characters."""
    problems = _length(value, ACCOUNT_NAME_MAX)
    if len(value) > ACCOUNT_NAME_MAX:
        return problems
    if not all(" " <= character <= "~" for character in value):
        problems.append("may contain only printable ASCII characters" + _but_has(value))
    elif value and not value.strip():
        problems.append("must contain more than spaces")
    else:
        problems.extend(_spaces_at_the_ends(value))
    return problems


def govcloud_account_name(value: str) -> list[str]:
    """AWS takes fewer characters in the name of a GovCloud account than in any other."""
    if re.fullmatch(r"[A-Za-z0-9.-]*", value):
        return []
    return ["may contain only letters, digits, dots and hyphens for a GovCloud account"]


def account_id(value: str) -> list[str]:
    """Twelve digits."""
    return [] if re.fullmatch(r"[0-9]{12}", value) else ["must be twelve digits"]


def role_name(value: str) -> list[str]:
    """An IAM role name that is not kept for service-linked roles."""
    problems = _length(value, ROLE_NAME_MAX)
    if len(value) > ROLE_NAME_MAX:
        return problems
    if not re.fullmatch(r"[\w+=,.@-]*", value, re.ASCII):
        problems.append("may contain only letters, digits and _ + = , . @ -")
    if value.casefold().startswith(_RESERVED_ROLE_PREFIX):
        problems.append("may not begin with AWSServiceRoleFor: AWS keeps that for its own roles")
    return problems


def request_id(value: str) -> list[str]:
    """1 to 64 characters that are safe in a key, a file name and a tag value.

    A record's id may begin with its requester's name and a dot.
    """
    if re.fullmatch(REQUEST_ID_PATTERN, value):
        return []
    return [f"must be 1 to {REQUEST_ID_MAX} letters, digits, hyphens or underscores"]


def tag_key(value: str) -> list[str]:
    """A tag key that AWS takes and this system does not keep for itself."""
    problems = _length(value, TAG_KEY_MAX)
    if len(value) > TAG_KEY_MAX:
        return problems
    problems += _tag_characters(value)
    if not problems:
        problems = [*_readable(value), *_spaces_at_the_ends(value)]
    if value.casefold().startswith("aws:"):
        problems.append("may not begin with aws: because AWS keeps that prefix for its own tags")
    if value.casefold() == REQUEST_ID_TAG:
        problems.append("is reserved for the request id, which is put on every account")
    return problems


def tag_value(value: str) -> list[str]:
    """Up to 256 characters; empty is allowed."""
    return _length(value, TAG_VALUE_MAX, shortest=0) or _tag_characters(value)


def organizational_unit(value: str) -> list[str]:
    r"""A path below the root such as /Workloads/Sandbox or /CI\/CD, or / for the root itself."""
    if len(value) > OU_PATH_MAX:
        return _length(value, OU_PATH_MAX)
    problems = free_text(value)
    try:
        names = ou_paths.split(value)
    except ValueError as malformed:
        return [*problems, str(malformed)]
    if len(names) > OU_DEPTH_MAX:
        problems.append(
            f"is {len(names)} levels deep; AWS allows {OU_DEPTH_MAX} levels below the root"
        )
    for name in names[:OU_DEPTH_MAX]:
        if len(name) > OU_NAME_MAX:
            problems.append(f"has a name of {len(name)} characters; AWS allows {OU_NAME_MAX}")
            continue
        problems.extend(f"{found} of the name {ou_paths.quote(name)}" for found in _readable(name))
        if name != name.strip(" "):
            problems.append(f"has a name with a space at an end: {ou_paths.quote(name)}")
    return problems


def service_principal(value: str) -> list[str]:
    """A dotted domain such as guardduty.amazonaws.com or notifications.amazon.com."""
    problems = _length(value, PRINCIPAL_MAX)
    if not problems and not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+){2,}", value):
        problems.append(
            "must be a service principal in lower case, such as guardduty.amazonaws.com"
        )
    return problems


def policy_content(value: str, policy_type: str | None) -> list[str]:
    """A JSON object as text, no longer than the type allows and of the form that it has."""
    longest = POLICY_CONTENT_MAX.get(policy_type or "", POLICY_CONTENT_LONGEST)
    if len(value) > longest:
        return [f"must have at most {longest:,} characters, this one has {len(value):,}"]
    try:
        document = json.loads(value, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return ["must be a JSON object as text"]
    if not isinstance(document, dict):
        return ["must be a JSON object as text"]
    return policy_documents.problems(document, policy_type)


def policy_name(value: str) -> list[str]:
    """1 to 128 characters that a person can distinguish from those of another name."""
    problems = _length(value, POLICY_NAME_MAX)
    if not problems:
        problems = free_text(value) + _readable(value) + _spaces_at_the_ends(value)
    return problems


def requested_by(value: str) -> list[str]:
    """Up to 256 characters of free text; empty is allowed."""
    return _length(value, REQUESTED_BY_MAX, shortest=0) or free_text(value)


def contact_name(value: str) -> list[str]:
    """1 to 64 characters of free text."""
    return _contact_text(value, CONTACT_NAME_MAX)


def contact_title(value: str) -> list[str]:
    """1 to 50 characters of free text."""
    return _contact_text(value, CONTACT_TITLE_MAX)


def contact_email(value: str) -> list[str]:
    """1 to 254 characters that Account Management takes for an address."""
    problems = _length(value, CONTACT_EMAIL_MAX)
    if value and not re.fullmatch(CONTACT_EMAIL, value, re.ASCII):
        problems.append(
            "must be an address such as team@example.com, with only ASCII letters, digits and "
            "_ + = . # | ! & - before the @"
        )
    return problems


def contact_phone(value: str) -> list[str]:
    """1 to 25 digits, spaces and ( ) + -, a digit among them."""
    problems = _length(value, CONTACT_PHONE_MAX)
    if value and not re.fullmatch(CONTACT_PHONE, value, re.ASCII):
        problems.append("may contain only digits, spaces and ( ) + -")
    elif value and not any(character.isdigit() for character in value):
        problems.append("must contain a digit")
    return problems


def size(document: object) -> list[str]:
    """A whole request or organization's document, however its bytes are spread."""
    written = json.dumps(document, separators=(",", ":"), default=str, skipkeys=True)
    return too_large(len(written))


def too_large(bytes_: int) -> list[str]:
    """What is said of a request or organization's document of this many bytes as JSON in ASCII."""
    if bytes_ <= SIZE_MAX:
        return []
    return [f"the whole must have at most {SIZE_MAX:,} bytes as JSON, this has {bytes_:,}"]


def beyond(bytes_: int, *, too_deep: bool) -> list[str]:
    """What is said of an input that the definition measured and did not pass on for that."""
    return too_large(bytes_) or ([bounds.TOO_DEEP] if too_deep else [])


def free_text(value: str) -> list[str]:
    """Any text that can be stored; JSON can spell half a character, which cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ["must be text in valid Unicode"]
    return []


def _not_json(constant: str) -> None:
    raise ValueError(constant)


def _length(value: str, longest: int, *, shortest: int = 1) -> list[str]:
    if len(value) < shortest:
        return ["must not be empty"]
    if len(value) > longest:
        return [f"must have at most {longest} characters, this one has {len(value)}"]
    return []


def _contact_text(value: str, longest: int) -> list[str]:
    problems = _length(value, longest) + free_text(value)
    if value and not value.strip():
        problems.append("must contain more than spaces")
    return problems


_HIDDEN_MAX = 5
"""Hidden characters that are named of one text; the others are as easily found from there."""


def _hidden(value: str) -> list[str]:
    return list(itertools.islice(ou_paths.hidden_characters(value), _HIDDEN_MAX))


def _readable(name: str) -> list[str]:
    """What makes a name look like nothing or like another one: `has …` or `mixes …`."""
    return [f"has {found}" for found in _hidden(name)] + lookalikes.problems(name)


def _but_has(value: str) -> str:
    found = _hidden(value)
    return f", but has {', '.join(found)}" if found else ""


def _spaces_at_the_ends(value: str) -> list[str]:
    return [] if value == value.strip(" ") else ["must not begin or end with a space"]


def _tag_characters(value: str) -> list[str]:
    if all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in value):
        return []
    return ["may contain only letters, digits, spaces and _ . : / = + - @" + _but_has(value)]
