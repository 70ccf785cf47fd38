"""What was seen in the organization, remembered in the ledger's table for as long as it will do.

AWS lets an organization be described and its trusted services be listed once a second, and a policy
twice: hundreds of requests at once would wait for each other. Only what was there is remembered.
What was missing is looked for anew by each request, so that one that is submitted again after it
was provided goes on at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.table import Item, Put, Table

_DAY = 86_400
_MINUTE = 60


@frozen
class OrganizationCache:
    """Rows `organization#…`, any of which may be missing."""

    table: Table

    def has_all_features(self) -> bool:
        """Whether the organization was seen with all features within the last day.

        One that has them keeps them ("Enabling all features for an organization", AWS Organizations
        User Guide); only another one in its place may have fewer.
        """
        return self._seen(keys.ORGANIZATION_FEATURES, within=_DAY) is not None

    def put_all_features(self) -> None:
        """Remember that the organization has all features now."""
        self._put(keys.ORGANIZATION_FEATURES)

    def services(self) -> set[str]:
        """The principals that were seen with trusted access within the last minute."""
        found = self._seen(keys.TRUSTED_SERVICES, within=_MINUTE)
        return set(found["principals"]) if found else set()

    def put_services(self, principals: Iterable[str]) -> None:
        """Remember which principals have trusted access now."""
        self._put(keys.TRUSTED_SERVICES, principals=sorted(principals))

    def has_policy(self, policy_type: str, name: str, content: str | None) -> bool:
        """Whether the policy was seen within the last minute: with this content, where it is given.

        Content that means the same but is written in another way counts as another one.
        """
        found = self._seen(keys.policy(policy_type, name), within=_MINUTE)
        return found is not None and (content is None or found.get("content") == _digest(content))

    def put_policy(self, policy_type: str, name: str, content: str | None) -> None:
        """Remember that the policy is there now; `content` is what it was compared with."""
        compared = {} if content is None else {"content": _digest(content)}
        self._put(keys.policy(policy_type, name), **compared)

    def _seen(self, pk: str, *, within: float) -> Item | None:
        found = self.table.get(pk)
        is_late = found is None or self.table.clock() - found["seenAt"] >= within
        return None if is_late else found

    def _put(self, pk: str, **values: object) -> None:
        seen_at = int(self.table.clock())
        self.table.put(Put(item={"pk": pk, "seenAt": seen_at, **values}))


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
