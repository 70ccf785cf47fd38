"""A template's text, JSON or YAML, as CloudFormation reads it.

The user guide's "CloudFormation template formats": YAML 1.1 without dates, with aliases, and
every intrinsic function also as a tag (`!Sub` is `Fn::Sub`). moto takes YAML's unsafe loader,
whose tags are the process's, and reads `2012-10-17` as a date, which no policy can hold.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

import yaml
from moto.cloudformation.exceptions import ValidationError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BY_ITS_OWN_NAME = frozenset({"Condition", "Ref"})
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(_Base):
    """YAML without dates, with CloudFormation's tags."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


def parse(text: str) -> dict[str, Any]:
    """The template that `text` is.

    Raises:
        ValidationError: it is neither JSON nor YAML, or not an object.
    """
    template: Any = None
    with contextlib.suppress(json.JSONDecodeError):
        template = json.loads(text)
    if template is None:
        try:
            template = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            raise ValidationError(message=f"Template format error: {_words(error)}") from error
    if not isinstance(template, dict):
        raise ValidationError(message="Template format error: unsupported structure.")
    return template


def _words(error: yaml.YAMLError) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    if isinstance(error, yaml.constructor.ConstructorError):
        return f"{error.problem}{place}"
    return f"YAML not well-formed.{place}"


def _short_form(loader: Any, name: str, node: Any) -> dict[str, Any]:
    """`!Name argument` as the object that its full form is."""
    argument: Any
    if isinstance(node, yaml.ScalarNode):
        argument = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        argument = loader.construct_sequence(node, deep=True)
    else:
        argument = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(argument, str):
        argument = argument.split(".", 1)
    return {name if name in _BY_ITS_OWN_NAME else f"Fn::{name}": argument}


_Loader.add_multi_constructor("!", _short_form)
