"""The command as this user typed it, so that what is printed can be typed again."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def command(*words: str, program: str = "vend") -> str:
    """A command line that works in the user's shell and folder.

    Args:
        words: what follows the program.
        program: ours, or one that was installed beside it.
    """
    return shlex.join([_found(program, Path(sys.argv[0])), *words])


def _found(program: str, started_as: Path) -> str:
    beside = started_as.with_name(program)
    on_path = shutil.which(program)
    if started_as.name != "vend" or not beside.is_file():
        return program
    if on_path and (program != "vend" or Path(on_path).resolve() == beside.resolve()):
        return program
    try:
        relative = os.path.relpath(beside)
    except FileNotFoundError:  # the folder that this runs in was deleted
        return str(beside)
    return relative if len(relative) < len(str(beside)) else str(beside)
