"""The alternate contacts of an account: whom AWS writes to beside its root user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from vending.model import Model
from vending.request import validators
from vending.request.checked import checked

ContactName = Annotated[
    str, *checked(validators.contact_name, minLength=1, maxLength=validators.CONTACT_NAME_MAX)
]
ContactTitle = Annotated[
    str, *checked(validators.contact_title, minLength=1, maxLength=validators.CONTACT_TITLE_MAX)
]
ContactEmail = Annotated[
    str,
    *checked(
        validators.contact_email,
        minLength=1,
        maxLength=validators.CONTACT_EMAIL_MAX,
        pattern=f"^{validators.CONTACT_EMAIL}$",
    ),
]
ContactPhone = Annotated[
    str,
    *checked(
        validators.contact_phone,
        minLength=1,
        maxLength=validators.CONTACT_PHONE_MAX,
        pattern=f"^{validators.CONTACT_PHONE}$",
    ),
]


class AlternateContact(Model):
    """One person or team."""

    name: ContactName
    title: ContactTitle
    email: ContactEmail
    phone: ContactPhone


class Contacts(Model):
    """The contacts to set; one that is absent stays as the account has it."""

    billing: AlternateContact | None = Field(
        default=None, description="Whom AWS writes to about bills."
    )
    operations: AlternateContact | None = Field(
        default=None, description="Whom AWS writes to about its services and outages."
    )
    security: AlternateContact | None = Field(
        default=None, description="Whom AWS writes to about security and abuse."
    )

    def given(self) -> Mapping[str, AlternateContact]:
        """Those that are to be set, by their keys in a request."""
        everyone = {name: getattr(self, name) for name in Contacts.model_fields}
        return {name: contact for name, contact in everyone.items() if contact is not None}
