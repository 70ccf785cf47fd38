"""The ledger and the announcements as this process's environment has them."""

from __future__ import annotations

from vending import aws, settings
from vending.announcements import Announcements
from vending.ledger import Ledger


def ledger() -> Ledger:
    """The table that LEDGER_TABLE_NAME names."""
    return Ledger(
        client=aws.dynamodb(), table_name=settings.read(settings.LedgerSettings).table_name
    )


def announcements() -> Announcements:
    """The bus that EVENT_BUS_NAME names."""
    return Announcements(
        client=aws.events(), bus_name=settings.read(settings.AnnouncementSettings).bus_name
    )
