"""A document as a YAML file: the same document always as the same text, read back as it was."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./@+-]| (?=[A-Za-z0-9_./@+(-]))*")
"""Texts that are texts in every version of YAML, without quotes."""

_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}


class _Dumper(yaml.SafeDumper):
    """Quotes what might be read as anything but the text that it is; never writes an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Lists stand in below their key."""
        return super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def text_of(document: Mapping[str, Any]) -> str:
    """The document's text, its keys in their order."""
    return yaml.dump(
        dict(document),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1_000_000,
        default_flow_style=False,
    )


def file_name(name: str, account_id: str) -> str:
    """What the file of an account is called: its name, as far as files' names take it, and id."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{slug}-{account_id}.yaml" if slug else f"{account_id}.yaml"


def write(path: Path, text: str) -> None:
    """Put the text in the file, whole or not at all."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)  # noqa: PTH105 -- as atomic as it gets
