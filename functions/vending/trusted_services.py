"""How AWS wants each service enabled for an organization, read from one data file when needed.

AWS Organizations User Guide, "AWS services that you can use with AWS Organizations", page by page:
some services must enable themselves, because they set up more than the trust; most may be enabled
either way; AWS prefers the service's own way for many of these.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from vending.catalogue import explain
from vending.errors import OperationRefused

Way = Literal["ORGANIZATIONS", "SERVICE_PREFERRED", "SERVICE_ONLY"]


@dataclass(frozen=True, kw_only=True)
class TrustedService:
    """A service principal: whose it is, which way AWS wants it enabled, and how that is done."""

    principal: str
    service: str
    way: Way
    how: str = "enable it in its own console or with its own commands"


def known(principal: str) -> TrustedService:
    """What is known of a principal; AWS adds services, so an unknown one may be enabled here."""
    entry = _entries().get(principal)
    if entry is None:
        return TrustedService(principal=principal, service=principal, way="ORGANIZATIONS")
    way = cast(Way, entry["enableVia"])
    named = {"how": entry["how"]} if "how" in entry else {}
    return TrustedService(principal=principal, service=entry["service"], way=way, **named)


def refuse_unforced(principals: Iterable[str], *, forced: Collection[str]) -> None:
    """OperationRefused, naming each principal that only its own service should enable, and how."""
    refused = [
        service
        for service in map(known, principals)
        if service.way == "SERVICE_ONLY" and service.principal not in forced
    ]
    if not refused:
        return
    words = explain("ServiceEnablesItself")
    raise OperationRefused(
        " ".join([words.what, *(f"{one.principal} is {one.service}." for one in refused)]),
        code=words.code,
        remedy=" ".join([*dict.fromkeys(_way_of(one) for one in refused), words.remedy]),
    )


def warnings(principals: Iterable[str]) -> list[str]:
    """One sentence for each principal that is enabled here though AWS wants its service to.

    A plan tells it before, a report afterwards.
    """
    return [
        (
            f"AWS wants {one.principal} enabled only"
            if one.way == "SERVICE_ONLY"
            else f"AWS recommends to enable {one.principal}"
        )
        + f" through {one.service} itself, not through AWS Organizations: {one.how}."
        for one in map(known, principals)
        if one.way != "ORGANIZATIONS"
    ]


def _way_of(one: TrustedService) -> str:
    return f"For {one.service}, {one.how}."


@cache
def _entries() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("service_principals.json")
    loaded: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
