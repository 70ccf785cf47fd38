"""The command as this user typed it, so that what is printed can be typed again."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def command(*words: str) -> str:
    """A command line of ours that works in the user's shell and folder."""
    return shlex.join([_program(sys.argv[0]), *words])


def _program(started_as: str) -> str:
    path = Path(started_as)
    if path.stem in {"vend", "vend.exe"}:
        found = shutil.which("vend")
        if found and Path(found).resolve() == path.resolve():
            return "vend"
        if path.is_file():
            relative = os.path.relpath(path)
            return relative if len(relative) < len(str(path)) else str(path)
    return "vend"
