"""A policy of a request."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vending.model import Model
from vending.request import validators
from vending.request.fields import PolicyContent, PolicyName, PolicyType


class Policy(Model):
    """A policy to attach; without content, one of that name must exist."""

    name: PolicyName
    type: PolicyType
    description: Annotated[str, Field(max_length=validators.POLICY_DESCRIPTION_MAX)] = ""
    content: PolicyContent | None = Field(None, description="The policy as JSON text.")
    existing: Literal["same", "keep"] = Field(
        "same",
        description="What becomes of a policy of this name that exists with other content: it is "
        "refused (same), or attached with the content that it has (keep).",
    )
