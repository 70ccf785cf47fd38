"""What the README shows of `make vend` is what `make vend` shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [".venv/bin/vend", "submit", "examples/requests/sandbox.yaml", "--local", "--wait"]


def on_a_terminal(arguments: list[str]) -> str:
    """What a person sees at the end: the last frame and all after it, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    sized_by_the_terminal = {
        name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}
    }
    with subprocess.Popen(
        arguments,
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=sized_by_the_terminal | {"TERM": "xterm"},
    ) as process:
        os.close(theirs)
        written = b""
        # Linux says by an error that the other side is closed.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 4096):
                written += piece
    os.close(ours)
    assert process.returncode == 0, written.decode()
    return screen(written.decode())


def screen(written: str) -> str:
    """What is left on a terminal that knows what a redrawn display uses: up, and erase a line."""
    lines, row = [""], 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\n|\r|[^\x1b\n\r]+", written):
        if token == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif token.endswith("A") and token.startswith("\x1b"):
            row -= int(token[2:-1])
        elif token == "\x1b[2K":
            lines[row] = ""
        elif not token.startswith(("\x1b", "\r")):
            lines[row] += token
    return "\n".join(lines)


def normalized(text: str) -> list[str]:
    """The lines without what differs from run to run."""
    text = re.sub(r"\b\d+\.\d+s", "TIME", text)
    text = re.sub(r"\b\d{12}\b", "ACCOUNT", text)
    text = re.sub(r"\bcar-\w+", "car-ID", text)
    text = re.sub(r"\bou-\w+-\w+", "ou-ID", text)
    text = text.replace("\r", "\n")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and "Starting" not in line]


@pytest.mark.slow
def test_output_in_the_readme_is_what_make_vend_prints() -> None:
    block = re.search(r"```\nmake vend\n```\n```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert block

    seen = on_a_terminal(COMMAND)

    assert normalized(block.group(1)) == normalized(seen)
