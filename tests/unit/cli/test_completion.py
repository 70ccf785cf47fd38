"""`vend completion`: what bash completes with the script, and that other shells get one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.arguments import values
from cli.arguments.vend import parser
from cli.main import main
from vending.states import State


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The script for bash."""
    assert main(["completion", "bash"]) == 0
    path = tmp_path / "vend.bash"
    path.write_text(capsys.readouterr().out)
    return path


def completed(script: Path, *words: str) -> set[str]:
    """What bash offers where these words are typed, the last of them not to its end."""
    line = (
        f'. {script}; COMP_WORDS=("$@"); COMP_CWORD={len(words) - 1}; _shtab_vend;'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ended = subprocess.run(
        ["bash", "-euc", line, "bash", *words],
        cwd=script.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["vend", "re"], {"resume", "retire", "restore", "reject", "redrive"}),
        (["vend", "drift", "--"], {"--help", "--json"}),
        (["vend", "list", "--state", ""], set(State)),
        (["vend", "accounts", "--state", "C"], {"CLOSING", "CLOSED"}),
        (["vend", "explain", "AccountCreationF"], {"AccountCreationFailed"}),
        (["vend", "completion", ""], set(values.SHELLS)),
        (["vend", "submit", "sand"], {"sandbox.yaml"}),
        (["vend", "adopt", "--out", ""], {"accounts"}),
    ],
    ids=lambda value: " ".join(value if isinstance(value, list) else sorted(value)),
)
def test_bash_offers_what_the_command_takes(
    words: list[str], offered: set[str], script: Path
) -> None:
    (script.parent / "accounts").mkdir()
    (script.parent / "sandbox.yaml").touch()

    assert completed(script, *words) == offered


@pytest.mark.parametrize("shell", values.SHELLS)
def test_every_shell_gets_a_script_with_every_command(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = next(each.choices for each in parser()._actions if each.choices)

    assert main(["completion", shell]) == 0
    out = capsys.readouterr().out

    assert commands
    assert [one for one in commands if one not in out] == []


def test_shell_that_is_not_known_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd"]) == 2
    assert "invalid choice" in capsys.readouterr().err
