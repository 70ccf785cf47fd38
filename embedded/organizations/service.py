"""The base of the parts of AWS Organizations: each acts on the state of one organization."""

from __future__ import annotations

from embedded.organizations.state import OrganizationState


class Service:
    """Operations on an organization's state; it keeps nothing itself.

    A public method named as an operation, in snake case, answers that operation's request.
    """

    def __init__(self, state: OrganizationState) -> None:
        self.state = state
