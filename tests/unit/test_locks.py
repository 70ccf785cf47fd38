"""What is installed is pinned and checked by hash, and is the same wherever it is installed."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS_LOCK = "functions/requirements.txt"
DEVELOPMENT_LOCK = "requirements/dev.txt"
LOCKS = [
    FUNCTIONS_LOCK,
    "embedded/runtime-requirements.txt",
    "requirements/uv.txt",
    DEVELOPMENT_LOCK,
    "requirements/opinions.txt",
    "requirements/browser.txt",
    "requirements/guards.txt",
    "requirements/recorded.txt",
]
NODE_LOCKS = ["package-lock.json", "tests/opinions/package-lock.json"]


def locked(lock: str) -> dict[str, list[str]]:
    """`name==version` with its hashes, for every package of a lock."""
    packages: dict[str, list[str]] = {}
    for line in (ROOT / lock).read_text().splitlines():
        if requirement := re.match(r"[a-z0-9][a-z0-9.-]*==[^ ;\\]+", line):
            packages[requirement[0]] = hashes = []
        elif line.startswith("    --hash="):
            hashes.append(line.strip(" \\"))
        else:
            assert line.lstrip().startswith("#") or not line, f"{lock}: {line}"
    return packages


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_package_with_its_hashes(lock: str) -> None:
    packages = locked(lock)

    assert packages
    assert [package for package, hashes in packages.items() if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_place_that_packages_come_from(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", NODE_LOCKS)
def test_lock_of_node_pins_every_package_with_its_hash_and_no_place(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text())["packages"]

    installed = {name: one for name, one in packages.items() if name}

    assert [name for name, one in installed.items() if "integrity" not in one] == []
    assert [name for name, one in installed.items() if "resolved" in one] == []


def test_functions_are_tested_with_the_versions_that_run_on_aws() -> None:
    assert locked(FUNCTIONS_LOCK).keys() <= locked(DEVELOPMENT_LOCK).keys()


def test_uv_that_installs_is_the_uv_that_locks() -> None:
    assert locked("requirements/uv.txt").keys() <= locked(DEVELOPMENT_LOCK).keys()


def test_cdk_command_and_what_the_page_is_made_of_are_pinned() -> None:
    asked = json.loads((ROOT / "package.json").read_text())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    wanted = asked["dependencies"] | asked["devDependencies"]

    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}


def test_second_opinions_are_pinned_and_the_page_names_their_versions() -> None:
    folder = ROOT / "tests" / "opinions"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    (policy_sentry,) = [
        package.split("==")[1]
        for package in locked("requirements/opinions.txt")
        if package.startswith("policy-sentry==")
    ]
    page = (ROOT / "docs" / "second-opinions.md").read_text()

    for name, version in {**wanted, "policy_sentry": policy_sentry}.items():
        assert re.search(rf"^\| `{name}`[^|]*\| {re.escape(version)} \|", page, re.MULTILINE), name
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
