"""What files of accounts would change, found by reading alone.

An account is compared with the document that the ledger has as its last revision. The
organization's accounts come from ListAccounts, twenty a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cli.aws.stack import Stack
from cli.fleet.facts import Facts
from cli.fleet.fleet_plan import FleetPlan, Kind
from cli.fleet.standing import Standing
from cli.input.fleet import Fleet
from vending.organization import eligibility


def plan(
    stack: Stack, fleet: Fleet, *, report: Callable[[str], None] = lambda _: None
) -> FleetPlan:
    """What the files would change.

    Args:
        stack: whose ledger and organization they are compared with.
        fleet: the files.
        report: is given what is being looked at, for a progress line.

    Raises:
        InputError: with all that is wrong with any file.
    """
    facts = Facts.read(stack, fleet)
    standings = [Standing(file, facts) for file in fleet.files]
    _refuse_shared(fleet, standings, facts)
    found = list[tuple[Standing, Kind]]()
    for one in standings:
        kind, problems = one.kind()
        fleet.add(one.file, *problems)
        found.append((one, kind))
    if not fleet.is_usable:
        raise fleet.refused()
    entries = []
    count = sum(kind in (Kind.NEW, Kind.CHANGE) for _, kind in found)
    planned = 0
    for one, kind in found:
        if kind in (Kind.NEW, Kind.CHANGE):
            planned += 1
            report(f"Planning {planned} of {count}: {one.file.submission.name}")
        entries.append(one.entry(kind))
    mine = {one.account_id for one in standings}
    return FleetPlan(
        entries=entries,
        gone=list(_gone(facts, mine)) if fleet.is_whole else (),
        not_adopted=_not_adopted(facts, mine) if fleet.is_whole else (),
    )


def _refuse_shared(fleet: Fleet, standings: list[Standing], facts: Facts) -> None:
    """Note accounts that two files are about, and names that two accounts would have."""
    first: dict[str, Standing] = {}
    for one in standings:
        if one.account_id is None:
            continue
        other = first.setdefault(one.account_id, one)
        is_noted = "accountId" in other.file.account and "accountId" in one.file.account
        if other is not one and not is_noted:
            fleet.add(
                one.file,
                f"account: is the account {one.account_id}, which {other.file.label} is about, too",
            )
    names: dict[str, list[str]] = {}
    of_files = {one.account_id: one for one in standings if one.account_id}
    for account_id, account in facts.listed.items():
        if account_id not in of_files and account.get("State", "ACTIVE") == "ACTIVE":
            names.setdefault(str(account.get("Name")), []).append(f"the account {account_id}")
    for one in standings:
        if one.final_name and not one.file.is_retired:
            names.setdefault(one.final_name, []).append(one.file.label)
    for one in standings:
        others = [each for each in names.get(one.name or "", ()) if each != one.file.label]
        if one.is_renamed and others and not one.file.is_retired:
            fleet.add(
                one.file,
                f"account.name: '{one.name}' is the name of {others[0]}, too",
            )


def _gone(facts: Facts, mine: set[str | None]) -> Iterator[dict[str, Any]]:
    """Accounts that the ledger has, which are there, and which no file is about."""
    for account_id, account in facts.known.items():
        if account_id in mine or account.state != "ACTIVE" or account_id not in facts.listed:
            continue
        shown = account.as_dict()
        yield {key: shown[key] for key in ("accountId", "name", "organizationalUnit", "owner")}


def _not_adopted(facts: Facts, mine: set[str | None]) -> list[str]:
    return [
        account_id
        for account_id, account in facts.listed.items()
        if account_id not in mine
        and account_id not in facts.known
        and eligibility.refusal(account) is None
    ]
