"""What an installation's settings get wrong, in words for who writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vending.request import ou_paths
from vending.request.validators import POLICY_NAME_MAX, TAG_KEY_MAX

Settings = Any
"""`infra.settings.Settings`, which asks for its own problems and so cannot be imported here."""

TASK_SECONDS = 60
"""The time-out of each task in the state machine."""

ALLOWANCES_MAX = 3_000
"""Characters of the services, types of policies and roles that may be used: AcceptRequest gets them
in its environment variables, which Lambda limits to 4 KB (AWS Lambda Developer Guide, "Quotas")."""

GRACE_DAYS_MAX = 180
"""Days of grace at most."""

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")

ADMINISTRATORS_ROLES = ("AWSControlTowerExecution", "OrganizationAccountAccessRole")
"""Roles that AWS makes in member accounts, for the management account to administer them."""


def problems(settings: Settings) -> Iterator[str]:
    """Each problem, in one line that names the setting."""
    baseline = settings.discovered_account_baseline
    if unknown := sorted(set(baseline.service_access) - set(settings.service_principals)):
        yield (
            "discovered_account_baseline.service_access names services that are not in "
            f"service_principals: {', '.join(unknown)}"
        )
    if unknown := sorted({each.type for each in baseline.policies} - set(settings.policy_types)):
        yield (
            "discovered_account_baseline.policies names types that are not in policy_types: "
            f"{', '.join(unknown)}"
        )
    yield from _of_data(settings)
    allowances = (
        *settings.service_principals,
        *settings.forced_service_principals,
        *settings.policy_types,
        *settings.invited_account_role_names,
    )
    if len(" ".join(allowances)) > ALLOWANCES_MAX:
        yield (
            "service_principals, forced_service_principals, policy_types and "
            f"invited_account_role_names may together have {ALLOWANCES_MAX} characters, or "
            "they do not fit a function's environment"
        )
    yield from _of_names(settings)
    yield from _of_invitations(settings)
    yield from _of_requesters(settings)
    yield from _of_signing(settings)
    yield from _of_monitoring(settings)
    yield from _of_notifications(settings)
    yield from _of_retirement(settings)
    yield from _of_api(settings)
    if settings.custom_resource and settings.custom_resource.on_delete not in ("keep", "retire"):
        yield "custom_resource.on_delete must be keep or retire"
    yield from _of_portal(settings)
    for name in ("creation_rate_per_second", "creation_burst", "creations_in_progress"):
        if getattr(settings, name) <= 0:
            yield f"{name} must be more than 0, or no account is ever created"
    if not 0 < settings.function_timeout_seconds < TASK_SECONDS:
        yield (
            f"function_timeout_seconds must be less than {TASK_SECONDS}, which the state "
            "machine gives each task"
        )


def _of_invitations(settings: Settings) -> Iterator[str]:
    for name in settings.invited_account_role_names:
        if not re.fullmatch(r"[\w+=,.@-]{1,64}", name, re.ASCII):
            yield f"invited_account_role_names: {name!r} is not a role's name"
        if name in ADMINISTRATORS_ROLES:
            yield (
                f"invited_account_role_names: {name} administers member accounts; give the "
                "role that accepts invitations a name of its own"
            )
    external_id = settings.invited_account_external_id
    if settings.invited_account_role_names and external_id is None:
        yield "invited_account_role_names need invited_account_external_id"
    if external_id is not None and not re.fullmatch(r"[\w+=,.@:/-]{2,256}", external_id, re.ASCII):
        yield (
            "invited_account_external_id has 2 to 256 letters, digits and characters of _+=,.@:/-"
        )


def _of_requesters(settings: Settings) -> Iterator[str]:
    for name, pattern in (
        ("requesting_accounts", r"\d{12}"),
        ("requesting_organizations", r"o-[a-z0-9]{10,32}"),
    ):
        for one in getattr(settings, name):
            if not re.fullmatch(pattern, one, re.ASCII):
                yield f"{name}: {one!r} is not an id"


def _of_signing(settings: Settings) -> Iterator[str]:
    config = settings.code_signing_config_arn
    if config is not None and not re.fullmatch(
        r"arn:aws[a-z-]*:lambda:us-east-1:\d{12}:code-signing-config:csc-[a-z0-9]{17}",
        config,
        re.ASCII,
    ):
        yield (
            f"code_signing_config_arn: {config!r} is not the ARN of a code signing "
            "configuration in us-east-1"
        )
    if (config is None) != (settings.signed_code is None):
        yield (
            "code_signing_config_arn and signed_code go together: Lambda takes signed code "
            "alone where signing is enforced, and checks no signature where it is not"
        )


def _of_api(settings: Settings) -> Iterator[str]:
    if settings.api is None:
        return
    for name in ("requests_per_second", "burst"):
        if getattr(settings.api, name) < 1:
            yield f"api.{name} must be 1 or more, or the API answers nobody"
    tokens = settings.api.tokens
    if tokens is None:
        return
    if not re.fullmatch(r"https://[^\s?#]+", tokens.issuer):
        yield f"api.tokens.issuer: {tokens.issuer!r} is not an https address"
    if not tokens.audiences or not all(tokens.audiences):
        yield "api.tokens.audiences must have one, or every token of the issuer is taken"
    if not tokens.claim:
        yield "api.tokens.claim must name a claim"


def _of_portal(settings: Settings) -> Iterator[str]:
    portal = settings.portal
    if portal is None:
        return
    if settings.api is None or settings.api.tokens is None:
        yield "portal needs api.tokens: people sign in, and the page calls the API with a token"
    for name in ("authorization_endpoint", "token_endpoint"):
        if not re.fullmatch(r"https://[^\s#;,']+", address := getattr(portal, name)):
            yield f"portal.{name}: {address!r} is not an https address"
    if (portal.domain_name is None) != (portal.certificate_arn is None):
        yield "portal.domain_name and portal.certificate_arn go together"
    if portal.domain_name is not None and not re.fullmatch(
        r"([a-z0-9-]+\.)+[a-z0-9-]+", portal.domain_name
    ):
        yield f"portal.domain_name: {portal.domain_name!r} is no host's name in small letters"
    if portal.certificate_arn is not None and not re.fullmatch(
        r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[\w-]+", portal.certificate_arn
    ):
        yield (
            f"portal.certificate_arn: {portal.certificate_arn!r} is not the ARN of a "
            "certificate in us-east-1"
        )


def _of_names(settings: Settings) -> Iterator[str]:
    boundary = settings.permissions_boundary
    if boundary is not None and not re.fullmatch(
        r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]{1,512}", boundary, re.ASCII
    ):
        yield f"permissions_boundary: {boundary!r} is not the ARN of a policy"
    if not re.fullmatch(r"([a-z][a-z0-9-]{0,20})?", settings.name_prefix, re.ASCII):
        yield (
            f"name_prefix: {settings.name_prefix!r} is not at most 21 small letters, digits and "
            "hyphens, a letter first"
        )


def _of_notifications(settings: Settings) -> Iterator[str]:
    of_all = {"notification_emails": settings.notification_emails}
    of_one = {
        f"requester_notification_emails.{name}": addresses
        for name, addresses in settings.requester_notification_emails.items()
    }
    for where, addresses in (of_all | of_one).items():
        for address in addresses:
            if not _ADDRESS.fullmatch(address):
                yield f"{where}: {address!r} is not an email address"


def _of_retirement(settings: Settings) -> Iterator[str]:
    try:
        named = ou_paths.split(settings.retirement_organizational_unit)
    except ValueError as error:
        yield f"retirement_organizational_unit {error}"
    else:
        if not named:
            yield "retirement_organizational_unit must be a unit below the root"
    name = settings.retirement_policy_name
    if name is not None and not 1 <= len(name) <= POLICY_NAME_MAX:
        yield f"retirement_policy_name has 1 to {POLICY_NAME_MAX} characters, or is None"
    if name is not None and "SERVICE_CONTROL_POLICY" not in settings.policy_types:
        yield (
            "retirement_policy_name needs SERVICE_CONTROL_POLICY in policy_types, or must be None"
        )
    if not 0 < settings.retirement_grace_days <= GRACE_DAYS_MAX:
        yield (
            f"retirement_grace_days must be more than 0 and at most {GRACE_DAYS_MAX}: an "
            "execution, which waits in the closing queue besides, lasts a year at most"
        )
    tag = settings.retirement_protected_tag
    if tag is not None and not 1 <= len(tag) <= TAG_KEY_MAX:
        yield f"retirement_protected_tag has 1 to {TAG_KEY_MAX} characters, or is None"
    for each in (
        "closing_rate_per_second",
        "closings_in_progress",
        "closings_in_30_days",
        "closing_lease_seconds",
    ):
        if getattr(settings, each) <= 0:
            yield f"{each} must be more than 0, or no account is ever closed"


def _of_monitoring(settings: Settings) -> Iterator[str]:
    for address in settings.alarm_emails:
        if not _ADDRESS.fullmatch(address):
            yield f"alarm_emails: {address!r} is not an email address"
    if settings.alarm_topic_arn is not None:
        if not re.fullmatch(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+", settings.alarm_topic_arn):
            yield f"alarm_topic_arn: {settings.alarm_topic_arn!r} is not the ARN of an SNS topic"
        if settings.alarm_emails:
            yield "alarm_emails: subscribe them to the topic alarm_topic_arn yourself"
    if not 0 < settings.alarm_quota_percent <= 100:  # noqa: PLR2004
        yield "alarm_quota_percent must be more than 0 and at most 100"
    if settings.alarm_queue_backlog < 1:
        yield "alarm_queue_backlog must be 1 or more"
    if settings.runbook_url is not None and not re.fullmatch(
        r"https://[^\s#]+", settings.runbook_url
    ):
        yield f"runbook_url: {settings.runbook_url!r} is not an https address without a fragment"


def _of_data(settings: Settings) -> Iterator[str]:
    if settings.ended_rows_expire_days is not None and settings.ended_rows_expire_days < 1:
        yield "ended_rows_expire_days must be 1 or more, or None"
    if settings.audit_retention_days is not None and settings.audit_retention_days < 1:
        yield "audit_retention_days must be 1 or more, or None for no audit trail"
    if settings.ledger_table_name is not None and not re.fullmatch(
        r"[A-Za-z0-9_.-]{3,255}", settings.ledger_table_name
    ):
        yield f"ledger_table_name: {settings.ledger_table_name!r} is not a table's name"
    if settings.kms_key_arn is not None and not re.fullmatch(
        r"arn:aws[a-z-]*:kms:us-east-1:\d{12}:key/[\w-]{1,128}", settings.kms_key_arn, re.ASCII
    ):
        yield f"kms_key_arn: {settings.kms_key_arn!r} is not the ARN of a key in us-east-1"
