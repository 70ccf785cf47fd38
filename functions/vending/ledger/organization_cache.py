"""What was seen in the organization, remembered in the ledger's table for as long as it will do.

AWS lets an organization be described and its trusted services be listed once a second, policies of
a type five times: hundreds of requests at once would wait for each other. What is remembered may
let a request through; what would refuse it is looked at anew, so that one that is submitted again
after the reason is gone goes on at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.sightings import note, seen
from vending.ledger.table import Table

_DAY = 86_400
MINUTE = 60
"""Seconds that what may change at any time is remembered."""


@frozen
class OrganizationCache:
    """Rows `organization#…`, any of which may be missing."""

    table: Table

    def has_all_features(self) -> bool:
        """Whether the organization was seen with all features within the last day.

        One that has them keeps them ("Enabling all features for an organization", AWS Organizations
        User Guide); only another one in its place may have fewer.
        """
        return seen(self.table, keys.ORGANIZATION_FEATURES, within=_DAY) is not None

    def put_all_features(self) -> None:
        """Remember that the organization has all features now."""
        note(self.table, keys.ORGANIZATION_FEATURES)

    def services(self) -> set[str]:
        """The principals that were seen with trusted access within the last minute."""
        found = seen(self.table, keys.TRUSTED_SERVICES, within=MINUTE)
        return set(found["principals"]) if found else set()

    def put_services(self, principals: Iterable[str]) -> None:
        """Remember which principals have trusted access now."""
        note(self.table, keys.TRUSTED_SERVICES, principals=sorted(principals))

    def has_policy(self, policy_type: str, name: str, content: str | None) -> bool:
        """Whether the policy was seen within the last minute: with this content, where it is given.

        Content that means the same but is written in another way counts as another one.
        """
        found = seen(self.table, keys.policy(policy_type, name), within=MINUTE)
        if found is None or "isMissing" in found:
            return False
        return content is None or found.get("content") == _digest(content)

    def put_policy(self, policy_type: str, name: str, content: str | None) -> None:
        """Remember that the policy is there now; `content` is what it was compared with."""
        compared = {} if content is None else {"content": _digest(content)}
        note(self.table, keys.policy(policy_type, name), **compared)

    def lacks_policy(self, policy_type: str, name: str, *, within: float = MINUTE) -> bool:
        """Whether no policy of the type had the name within so many last seconds."""
        found = seen(self.table, keys.policy(policy_type, name), within=within)
        return found is not None and "isMissing" in found

    def put_missing_policy(self, policy_type: str, name: str) -> None:
        """Remember that no policy of the type has the name now."""
        note(self.table, keys.policy(policy_type, name), isMissing=True)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
