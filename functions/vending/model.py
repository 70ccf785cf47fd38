"""The base of every model that comes from outside."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """Frozen, keyword-only, camelCase outside, nothing unknown let in, nothing converted."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=False,
        hide_input_in_errors=True,
        # A function validates with few of the models that it imports: each is built when used. So a
        # default that is a model is made by `model_construct`, which does not build it.
        defer_build=True,
    )
