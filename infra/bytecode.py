"""Compiles a bundle's modules, so that no cold start does.

A function's directory cannot be written to, so without bytecode in the asset Lambda compiles every
module at every cold start. The bytecode is of the unchecked kind of PEP 552: Python uses it without
looking at the source, whose time stamps the zip does not keep. Only a Python of the version that
runs the bundle can write it.

Source pages: "Python: compileall"; PEP 552, "Deterministic pycs".
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_WHERE_LAMBDA_HAS_IT = "/var/task"
"""What tracebacks show, without the path of the machine that built the bundle."""


class CompilationError(Exception):
    """A module is no Python; the message is the compiler's own."""


def compiler_of(version: str) -> Path | None:
    """An interpreter of that version (`3.13`) on this machine, or None.

    Looked for as this process's own, as `python3.13` on the PATH, among uv's and among pyenv's.
    """
    return next((path for path in _candidates(version) if _version_of(path) == version), None)


def compile_modules(folder: Path, compiler: Path, *, packages: Sequence[str] = ()) -> None:
    """Write the bytecode of the folder's modules, or of some of its packages, beside them.

    The same modules give the same bytes wherever the folder is.

    Raises:
        CompilationError: a module cannot be compiled.
    """
    command = [str(compiler), "-S", "-m", "compileall", "-q", "-f", "-j", "1", "-o", "0"]
    command += ["--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", _WHERE_LAMBDA_HAS_IT]
    command += [str(folder / name) for name in packages] or [str(folder)]
    done = subprocess.run(  # noqa: S603
        command,
        check=False,
        capture_output=True,
        text=True,
        # The order of a set's items is the hashes', and goes into the bytecode.
        env={"PYTHONHASHSEED": "0"},
    )
    if done.returncode != 0:
        raise CompilationError((done.stdout + done.stderr).strip())
    for cache in folder.rglob("__pycache__"):
        cache.chmod(0o755)
        for path in cache.iterdir():
            path.chmod(0o644)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    name = f"python{version}"
    if found := shutil.which(name):
        yield Path(found)
    home = Path.home()
    uv = Path(
        os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local" / "share" / "uv" / "python"
    )
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    yield from sorted(uv.glob(f"cpython-{version}.*/bin/{name}"))
    yield from sorted(pyenv.glob(f"{version}.*/bin/{name}"))


def _version_of(python: Path) -> str | None:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(  # noqa: S603
            [str(python), "-I", "-S", "-c", program], check=False, capture_output=True, text=True
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
