"""What was found out about a definition, kept on disk: parsing it takes long, reading little.

A file is named after all that its content depends on: the definition, the versions of Python and of
what parses, and this package's own code. So none is ever out of date; those that were written
longest ago go.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

_MOST = 64
"""Files that stay."""

_folder: list[Path] = []
_GENERATED = re.compile(r"(:function:[A-Za-z0-9_-]+-)([A-Za-z0-9]{12})(?![A-Za-z0-9_-])")
_LIBRARIES = ("moto", "antlr4-python3-runtime", "jsonata-python")
_CODE = (Path(__file__).parent, Path(__file__).parents[1] / "jsonata")


def keep_in(folder: Path) -> None:
    """Keep what is found out from now on in this folder, and look there first."""
    _folder[:] = [folder]


def found(make: Callable[[str], Any], definition: str) -> Any:
    """What `make` makes of the definition, or made of it in an earlier process.

    What it refuses by an exception is not kept.
    """
    if not _folder:
        return make(definition)
    text, generated = _without_generated(definition)
    path = _path(f"{make.__module__}.{make.__qualname__}", text)
    # A file that is no longer whole is as good as none.
    with contextlib.suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):
        return _loaded(path.read_bytes(), generated)
    try:
        content = pickle.dumps(make(text))
    except Exception:  # which says what is wrong, by the names that the definition has
        return make(definition)
    _write(path, content)
    return _loaded(content, generated)


def has(made: str, definition: str) -> bool:
    """Whether what the function of that full name makes of the definition is kept."""
    return bool(_folder) and _path(made, _without_generated(definition)[0]).is_file()


def _path(made: str, text: str) -> Path:
    named = "\0".join((made, *_made_by(), text))
    name = hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
    return _folder[0] / f"{name}.pickle"


def _without_generated(definition: str) -> tuple[str, Mapping[str, str]]:
    """The definition with numbers where its functions' names end at random; the ends by number.

    Each deployment names its functions anew, and its definitions differ in nothing else. A number
    is as long as the end of a name, so that nothing moves, in what is kept neither.
    """
    ends = dict.fromkeys(end for _, end in _GENERATED.findall(definition))
    numbers = {end: f"{number:012}" for number, end in enumerate(ends)}
    if any(number in definition for number in numbers.values()):
        return definition, {}
    text = _GENERATED.sub(lambda name: name[1] + numbers[name[2]], definition)
    return text, {number: end for end, number in numbers.items()}


def _loaded(content: bytes, generated: Mapping[str, str]) -> Any:
    for number, end in generated.items():
        content = content.replace(number.encode(), end.encode())
    return pickle.loads(content)  # noqa: S301 - written here, into our own build


@cache
def _made_by() -> tuple[str, ...]:
    code = hashlib.sha256()
    for folder in _CODE:
        for module in sorted(folder.glob("*.py")):
            code.update(module.read_bytes())
    # A version alone would be found by parsing all that its package says of itself.
    versions = (distribution(library).read_text("METADATA") or "" for library in _LIBRARIES)
    return (sys.version, *versions, code.hexdigest())


def _write(path: Path, content: bytes) -> None:
    """Atomically, since others may read; where nothing can be written, nothing is kept."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            partial = Path(folder) / path.name
            partial.write_bytes(content)
            partial.replace(path)
        kept = sorted(path.parent.glob("*.pickle"), key=lambda one: one.stat().st_mtime)
        for oldest in kept[:-_MOST]:
            oldest.unlink(missing_ok=True)
