"""Whether the organization has all features, remembered in the ledger's table.

AWS lets an organization be described once a second: hundreds of requests at once would wait for
each other. An organization that has all features keeps them ("Enabling all features for an
organization", AWS Organizations User Guide); only another one in its place may have fewer.
"""

from __future__ import annotations

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.table import Put, Table

_KEPT_SECONDS = 86_400


@frozen
class FeatureSetCache:
    """One row, which may be missing."""

    table: Table

    def has_all(self) -> bool:
        """Whether the organization was seen with all features within the last day."""
        found = self.table.get(keys.ORGANIZATION_FEATURES)
        return found is not None and self.table.clock() - found["seenAt"] < _KEPT_SECONDS

    def put_all(self) -> None:
        """Remember that the organization has all features now."""
        seen_at = int(self.table.clock())
        self.table.put(Put(item={"pk": keys.ORGANIZATION_FEATURES, "seenAt": seen_at}))
