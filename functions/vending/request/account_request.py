"""The request for an account: its model, its id, and when two requests ask for the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import Field, ValidationError

from vending.errors.exceptions import RequestInvalid
from vending.model import Model
from vending.request import bounds, policy_lists, validators
from vending.request.account import Account
from vending.request.contacts import Contacts
from vending.request.fields import (
    OrganizationalUnitPath,
    RequestedBy,
    RequestId,
    Revision,
    RootFeature,
    ServicePrincipal,
    Source,
    TagKey,
    TagValue,
)
from vending.request.policy import Policy
from vending.request.request_ids import derived
from vending.request.sources import SOURCES, SourceRules, source_problems
from vending.request.validation_messages import problems_in, repeated


def changeable() -> list[str]:
    """The keys of a request that are changed by submitting it again, whatever came of it so far."""
    stay = {"source", "account", "request_id", "if_revision"}
    fields = AccountRequest.model_fields.items()
    return [str(field.alias) for name, field in fields if name not in stay]


def _derived(validated: dict[str, Any]) -> str:
    account: Account = validated["account"]
    return derived(validated["source"], account.email, account.account_id) or ""


class AccountRequest(Model):
    """A request for an account. `parse` makes it from what a requester sent."""

    source: Source = Field("new", description="Where the account comes from.")
    account: Account
    organizational_unit: OrganizationalUnitPath | None = Field(
        None,
        description="A path below the root, made where missing; / is the root, and in a name "
        "a slash is \\/ and a backslash \\\\. Absent: the account stays where it is, and a new one "
        "is in the root.",
    )
    tags: dict[TagKey, TagValue] = Field(
        {},
        description=f"Up to {validators.TAGS_PER_REQUEST} tags for the account.",
        json_schema_extra={"maxProperties": validators.TAGS_PER_REQUEST},
    )
    policies: list[Policy] = Field(
        [], max_length=validators.POLICIES_MAX, description="Policies to attach to the account."
    )
    service_access: list[ServicePrincipal] = Field(
        [],
        max_length=validators.SERVICES_MAX,
        description="AWS services to enable for the whole organization.",
    )
    root_access: list[RootFeature] = Field(
        [],
        max_length=validators.ROOT_FEATURES_MAX,
        description="Central root access features to enable for the whole organization.",
    )
    contacts: Contacts = Field(
        Contacts.model_construct(),
        description="The account's alternate contacts. They need trusted access for "
        "account.amazonaws.com, which serviceAccess can ask for.",
    )
    manage: Literal["merge", "authoritative"] = Field(
        "merge",
        description="What becomes of tags, policies and contacts that no request put on the "
        "account: they stay (merge), or are removed (authoritative).",
    )
    if_revision: Revision | None = Field(
        None,
        description="Change the account only if this is its revision, which records show.",
    )
    requested_by: RequestedBy | None = Field(None, description="Who asks, in free text.")
    request_id: RequestId = Field(
        default_factory=_derived,
        description="Derived from the email or account id when absent: asked twice is one.",
    )

    def normalised(self) -> dict[str, Any]:
        """The request as JSON, defaults filled, without what its source does not use."""
        return self._content(exclude_defaults=False)

    def fingerprint(self) -> str:
        """Equal for requests that ask for the same, whoever asks and under whatever id.

        Defaults are left out, so that a key added to the contract later changes no fingerprint
        that is in the ledger.
        """
        content = self._content(exclude_defaults=True)
        for key in ("requestId", "requestedBy"):
            content.pop(key, None)
        for unordered in ("serviceAccess", "rootAccess"):
            content[unordered] = sorted(content.get(unordered, []))
        if "email" in content["account"]:
            content["account"]["email"] = content["account"]["email"].lower()
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _content(self, *, exclude_defaults: bool) -> dict[str, Any]:
        content = self.model_dump(
            by_alias=True, exclude_none=True, exclude_defaults=exclude_defaults
        )
        content.pop("ifRevision", None)  # is about when, and no part of what
        rules, account = SOURCES[self.source], content["account"]
        for key in (*rules.forbids, *rules.only_if_given):
            account.pop(key, None)
        given = self.account.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
        account.update({key: given[key] for key in rules.only_if_given if key in given})
        return content


def parse(raw: object) -> AccountRequest:
    """The request that `raw` (decoded JSON) asks for; RequestInvalid with every problem at once."""
    if not isinstance(raw, dict):
        raise RequestInvalid([f"the request must be a JSON object, not {_kind(raw)}"])
    if beyond := bounds.problems(raw):
        raise RequestInvalid(beyond)
    problems = [*validators.size(raw), *source_problems(raw), *_set_problems(raw)]
    try:
        request = AccountRequest.model_validate(raw)
    except ValidationError as error:
        raise invalid([*problems_in(error, AccountRequest), *problems]) from None
    if problems:
        raise invalid(problems)
    return request


def best_effort_request_id(raw: object) -> str | None:
    """The id that a request, however wrong, can be remembered by; None when there is none."""
    if not isinstance(raw, dict):
        return None
    given = raw.get("requestId")
    if isinstance(given, str) and not validators.request_id(given):
        return given
    account = raw.get("account")
    if not isinstance(account, dict):
        return None
    email, account_id = account.get("email"), account.get("accountId")
    return derived(
        raw.get("source", "new"),
        email if isinstance(email, str) and email else None,
        account_id
        if isinstance(account_id, str) and not validators.account_id(account_id)
        else None,
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of a request."""
    generated = AccountRequest.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **generated,
        "title": "Account request",
        "allOf": [_of_source(source, rules) for source, rules in SOURCES.items()],
    }


def _of_source(source: str, rules: SourceRules) -> dict[str, Any]:
    """What the source needs, and has no use for; absent, the source is the default one."""
    is_default = source == AccountRequest.model_fields["source"].default
    account: dict[str, Any] = {"properties": {key: {"type": "null"} for key in rules.forbids}}
    if rules.requires:
        account["required"] = list(rules.requires)
    if rules.requires_one_of:
        account["anyOf"] = [{"required": [key]} for key in rules.requires_one_of]
    return {
        "if": {
            "properties": {"source": {"const": source}},
            **({} if is_default else {"required": ["source"]}),
        },
        "then": {"properties": {"account": account}},
    }


def _set_problems(raw: dict[str, Any]) -> list[str]:
    """What is wrong with collections as a whole, which no check of a single value can see."""
    problems = []
    tags = raw.get("tags")
    if isinstance(tags, dict) and len(tags) > validators.TAGS_PER_REQUEST:
        problems.append(
            f"tags: {len(tags)} tags are too many; AWS allows {validators.TAGS_PER_ACCOUNT} on an "
            f"account and one carries the request id, so {validators.TAGS_PER_REQUEST} are yours"
        )
    for key in ("serviceAccess", "rootAccess"):
        problems.extend(
            f"{key}: {validators.shown(value)} is listed more than once"
            for value in repeated(raw, key)
        )
    policies = raw.get("policies")
    if raw.get("source", "new") != "existing":
        problems.extend(policy_lists.too_many(policies))
    return [*problems, *policy_lists.problems(policies)]


def _kind(raw: object) -> str:
    kinds = {str: "text", list: "a list", bool: "true or false", type(None): "null"}
    return kinds.get(type(raw), "a number")


_LISTED_MAX = 60
_LISTED_CHARACTERS = 7_500
"""Problems reported at once: what is said of a mistake, however large, has 10 KB at most."""


def invalid(problems: list[str]) -> RequestInvalid:
    """What refuses a request: it has all problems, its message as many as an error can carry."""
    refusal = RequestInvalid(listed(problems))
    refusal.problems = problems
    return refusal


def listed(problems: list[str]) -> list[str]:
    """The problems, as many as people read and an error can carry, and how many there are more."""
    reported: list[str] = []
    room = _LISTED_CHARACTERS
    for problem in problems[:_LISTED_MAX]:
        # The cause has the error as JSON in a text in JSON.
        room -= len(json.dumps(json.dumps(problem)))
        if room < 0 and reported:
            break
        reported.append(problem)
    more = len(problems) - len(reported)
    return [*reported, f"… and {more} more problem{'s' if more > 1 else ''}"] if more else reported
