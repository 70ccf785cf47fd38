"""Builds what Lambda runs, without Docker: the functions' asset and the local runtime client.

    python -m infra.bundling lambda   the functions' asset for Lambda: build/functions/lambda
    python -m infra.bundling local    the same for this machine: build/functions/local
    python -m infra.bundling runtime  the Lambda runtime client for this machine: build/runtime

Several may be named at once. Dependencies come from hashed locks as wheels only, so that building
for another platform runs no foreign code. The same inputs give the same bytes, so that the asset's
hash changes only when the functions do. What is up to date stays untouched.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.bytecode import CompilationError, compile_modules, compiler_of
from infra.request_policy import compiled
from infra.trimming import ServiceMissing, drop_installer_traces, trim, zipped_size
from permissions.called_operations import called_operations
from permissions.declared_calls import NotDeclared
from vending.authorization.request_policy import FILE_NAME, RequestPolicyInvalid

PROJECT = Path(__file__).resolve().parent.parent

_OWN_RULES = tuple(
    Path(__file__).with_name(name)
    for name in ("bundling.py", "bytecode.py", "sdk_models.py", "trimming.py")
)


class BundlingError(Exception):
    """The dependencies could not be installed; the message is the installer's own."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Whom a bundle is for: Python version (`3.13`), and its platform in uv's words.

    `uv_platform` is None for the machine and the Python that run this.
    """

    python: str
    machine: str
    uv_platform: str | None = None

    @property
    def pip_arguments(self) -> list[str]:
        """What makes `uv pip install` choose the wheels of this platform."""
        if self.uv_platform is None:
            return ["--python", sys.executable]
        return ["--python-platform", self.uv_platform, "--python-version", self.python]

    def compiler(self) -> Path | None:
        """The Python that writes this platform's bytecode; None where this machine has none."""
        return Path(sys.executable) if self.uv_platform is None else compiler_of(self.python)


LAMBDA = Platform(
    python="3.13", machine="Linux aarch64 glibc", uv_platform="aarch64-manylinux_2_28"
)


def this_machine() -> Platform:
    """The platform that runs this."""
    libc = platform.libc_ver()[0] if sys.platform == "linux" else ""
    return Platform(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        machine=" ".join(filter(None, (platform.system(), platform.machine(), libc))),
    )


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What was asked for, where it is, and whether it had to be made."""

    path: Path
    built: bool
    note: str

    def line(self, project: Path) -> str:
        """One line for people."""
        state = "built" if self.built else "up to date"
        return f"{self.path.relative_to(project).as_posix()}: {state}, {self.note}"


def build_lambda(project: Path = PROJECT) -> Bundle:
    """The functions' asset for Lambda (python3.13, arm64)."""
    with _alone(project / "build"):
        return _build_functions(project, project / "build" / "functions" / "lambda", LAMBDA)


def build_local(project: Path = PROJECT, *, here: Platform | None = None) -> Bundle:
    """The functions' asset for this machine; a link to Lambda's where both are the same."""
    here = here or this_machine()
    folder = project / "build" / "functions"
    with _alone(project / "build"):
        return _build_local(project, folder / "lambda", folder / "local", here)


def _build_local(project: Path, lambdas: Path, target: Path, here: Platform) -> Bundle:
    linked = target.is_symlink()
    if (here.python, here.machine) != (LAMBDA.python, LAMBDA.machine):
        if linked:
            target.unlink()
        return _build_functions(project, target, here)
    original = _build_functions(project, lambdas, LAMBDA)
    if not linked:
        _remove(target)
        target.symlink_to(lambdas.name, target_is_directory=True)
    return Bundle(path=target, built=original.built or not linked, note=original.note)


def build_runtime(project: Path = PROJECT, *, here: Platform | None = None) -> Bundle:
    """The Lambda runtime client for this machine.

    Where it has no wheel, the folder holds only a file `unavailable` that says why, and functions
    run by the stand-in of `embedded.lambda_runtime`.
    """
    with _alone(project / "build"):
        return _build_runtime(project, project / "build" / "runtime", here or this_machine())


def _build_runtime(project: Path, target: Path, here: Platform) -> Bundle:
    lock = project / "embedded" / "runtime-requirements.txt"
    stamp = target.with_name("runtime.json")
    inputs = _digest([lock, *_OWN_RULES], base=project, words=[here.python, here.machine])
    if target.is_dir() and (known := _read(stamp)).get("dependencies") == inputs:
        return Bundle(path=target, built=False, note=known["note"])
    stamp.unlink(missing_ok=True)
    note = f"for Python {here.python} on {here.machine}"

    def install(folder: Path) -> str:
        try:
            _install(lock, folder, here)
        except BundlingError as failure:
            if "no usable wheels" not in str(failure):
                raise
            _remove(folder)
            folder.mkdir()
            (folder / "unavailable").write_text(f"{failure}\n", encoding="utf-8")
            return f"no runtime client {note}: functions run by the stand-in"
        drop_installer_traces(folder)
        compile_modules(folder, Path(sys.executable))
        return f"runtime client {note}"

    note = _replace(target, install)
    _write(stamp, {"dependencies": inputs, "note": note})
    return Bundle(path=target, built=True, note=note)


def _build_functions(project: Path, target: Path, for_platform: Platform) -> Bundle:
    sources, lock = project / "functions", project / "functions" / "requirements.txt"
    stamp = target.with_name(f"{target.name}.json")
    operations = called_operations(sources)
    called = json.dumps({name: sorted(each) for name, each in operations.items()})
    compiler = for_platform.compiler()
    dependencies = _digest(
        [lock, *_OWN_RULES],
        base=project,
        words=[for_platform.python, for_platform.machine, str(compiler is not None), called],
    )
    policy = compiled(project)
    code = _digest(_sources(sources), base=sources, words=[policy])
    known = _read(stamp) if target.is_dir() else {}
    if (known.get("dependencies"), known.get("code")) == (dependencies, code):
        return Bundle(path=target, built=False, note=known["note"])
    # An interrupted build leaves no stamp, so the next one starts over.
    stamp.unlink(missing_ok=True)
    if known.get("dependencies") == dependencies:
        for package in known["packages"]:
            _remove(target / package)
    else:

        def install(folder: Path) -> str:
            _install(lock, folder, for_platform)
            trim(folder, operations=operations)
            if compiler is not None:
                compile_modules(folder, compiler)
            return ""

        _replace(target, install)
    packages = _copy_sources(sources, target)
    (target / FILE_NAME).write_text(policy, encoding="utf-8")
    (target / FILE_NAME).chmod(0o644)
    if compiler is not None:
        compile_modules(target, compiler, packages=packages)
    files, unpacked, zipped = zipped_size(target)
    note = (
        f"Python {for_platform.python} on {for_platform.machine}, {files} files, "
        f"{unpacked / 1e6:.1f} MB, zipped {zipped / 1e6:.1f} MB"
    )
    if compiler is None:
        note += f", without bytecode: install Python {for_platform.python} for shorter cold starts"
    _write(stamp, {"dependencies": dependencies, "code": code, "packages": packages, "note": note})
    return Bundle(path=target, built=True, note=note)


def _install(lock: Path, target: Path, for_platform: Platform) -> None:
    from uv import find_uv_bin  # noqa: PLC0415  only a real build needs it

    # uv would hard-link its cache's files, which are not ours to change or chmod.
    command = [find_uv_bin(), "pip", "install", "--quiet", "--no-progress", "--link-mode", "copy"]
    command += ["--only-binary", ":all:", "--require-hashes", "--no-compile-bytecode"]
    command += ["--target", str(target), *for_platform.pip_arguments, "-r", str(lock)]
    done = subprocess.run(  # noqa: S603
        command, check=False, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise BundlingError(done.stderr.strip() or f"uv ended with {done.returncode}")


def _replace(target: Path, build: Callable[[Path], str]) -> str:
    """Build beside `target`, then put the result in its place: it is never half there."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    scratch.mkdir(parents=True)
    try:
        note = build(scratch)
        _remove(target)
        scratch.rename(target)
    finally:
        _remove(scratch)
    return note


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process builds here; where files cannot be locked, go ahead."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".bundling.lock").open("w") as lock:
        with contextlib.suppress(ImportError):
            import fcntl  # noqa: PLC0415  not on Windows

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sources(folder: Path) -> list[Path]:
    """The functions' own files: every package of `functions/`, without tests and bytecode."""
    skipped = {"__pycache__", "tests", "test"}
    packages = [each for each in folder.iterdir() if each.is_dir() and each.name not in skipped]
    return sorted(
        path
        for package in packages
        for path in package.rglob("*")
        if path.is_file() and not skipped.intersection(path.relative_to(folder).parts)
    )


def _copy_sources(sources: Path, target: Path) -> list[str]:
    for path in _sources(sources):
        copy = target / path.relative_to(sources)
        for folder in reversed(copy.relative_to(target).parents):
            if not (target / folder).is_dir():
                (target / folder).mkdir()
                (target / folder).chmod(0o755)
        shutil.copyfile(path, copy)
        copy.chmod(0o644)  # Lambda runs functions as a user of its own
    return sorted({path.relative_to(sources).parts[0] for path in _sources(sources)})


def _digest(files: Sequence[Path], *, base: Path, words: Sequence[str] = ()) -> str:
    def parts() -> Iterator[bytes]:
        for word in words:
            yield word.encode()
        for path in files:
            inside = path.is_relative_to(base)
            yield (path.relative_to(base).as_posix() if inside else path.name).encode()
            yield path.read_bytes()

    digest = hashlib.sha256()
    for part in parts():
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _read(stamp: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known


def _write(stamp: Path, known: dict[str, Any]) -> None:
    stamp.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


_TARGETS: dict[str, Callable[[], Bundle]] = {
    "lambda": build_lambda,
    "local": build_local,
    "runtime": build_runtime,
}


def bundled(target: str) -> Bundle:
    """`lambda`, `local` or `runtime`, built where it is not up to date.

    Raises:
        SystemExit: it cannot be built; what is wrong was written to stderr.
    """
    try:
        return _TARGETS[target]()
    except BundlingError as failure:
        sys.stderr.write(f"{target}: the dependencies could not be installed: {failure}\n")
    except (CompilationError, NotDeclared, ServiceMissing, RequestPolicyInvalid) as failure:
        sys.stderr.write(f"{target}: {failure}\n")
    sys.exit(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what is named; one line each on stdout. Exits with 1 when one cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m infra.bundling", description=__doc__)
    parser.add_argument("targets", nargs="+", choices=_TARGETS, metavar="|".join(_TARGETS))
    for target in parser.parse_args(arguments).targets:
        sys.stdout.write(f"{bundled(target).line(PROJECT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
