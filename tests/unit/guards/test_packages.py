"""Licences and bill of materials of what is deployed, held to the lock and the bundle."""

import base64
import json
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from guards import packages
from guards.packages import Package


def distribution(folder: Path, *lines: str) -> PathDistribution:
    """A package's metadata with these fields."""
    info = folder / "one-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("\n".join(("Name: One", "Version: 1.0", *lines, "", "")))
    return PathDistribution(info)


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Apache-2.0 AND MIT", True),
        ("MIT AND LGPL-3.0-only", False),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("MPL-2.0", False),
        ("unknown", False),
    ],
)
def test_licence_is_allowed_where_one_to_choose_is_permissive(licence: str, allowed: bool) -> None:
    assert Package(name="one", version="1.0", licence=licence).is_allowed is allowed


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: MIT", "License: GPL"], "MIT"),
        (["License: Apache License 2.0"], "Apache-2.0"),
        (["Classifier: License :: OSI Approved :: MIT License"], "MIT"),
        (
            ["License: see file", "Classifier: License :: OSI Approved :: BSD License"],
            "BSD-3-Clause",
        ),
        (["License: GPLv3"], "GPLv3"),
        ([], "unknown"),
    ],
)
def test_licence_is_read_from_what_a_package_says(
    tmp_path: Path, lines: list[str], licence: str
) -> None:
    assert packages.licence_of(distribution(tmp_path, *lines)) == licence


def test_no_licence_in_the_bundle_is_copyleft() -> None:
    deployed = packages.deployed()

    assert {"boto3", "botocore", "pydantic", "aws-lambda-powertools"} <= {e.name for e in deployed}
    assert [each for each in deployed if not each.is_allowed] == []


def test_licence_that_is_not_allowed_fails_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Package(name="one", version="1.0", licence="AGPL-3.0-only")
    two = Package(name="@of/two", version="2.0", licence="MPL-2.0", registry="npm")
    monkeypatch.setattr(packages, "deployed", lambda: [one])
    monkeypatch.setattr(packages, "of_page", lambda: [two])

    assert packages.main("licences") == 1
    said = capsys.readouterr().err
    assert "pkg:pypi/one@1.0: 'AGPL-3.0-only' is not in ALLOWED" in said
    assert "pkg:npm/%40of/two@2.0: 'MPL-2.0' is not in ALLOWED" in said


INTEGRITY = f"sha512-{base64.b64encode(bytes(64)).decode()}"
LOCKED = {
    "node_modules/preact": {"version": "1.0", "license": "MIT", "integrity": INTEGRITY},
    "node_modules/@of/deep": {
        "version": "2.0",
        "license": "ISC",
        "integrity": INTEGRITY,
        "dependencies": {"inner": "^1", "types-only": "^1"},
    },
    "node_modules/@of/deep/node_modules/inner": {"version": "3.0", "integrity": INTEGRITY},
    "node_modules/axe-core": {"version": "4.0", "license": "MPL-2.0", "integrity": INTEGRITY},
}


def of_page(folder: Path, *bundled: str) -> list[Package]:
    """What the page has, by the lock above."""
    lock, made = folder / "package-lock.json", folder / "packages.json"
    lock.write_text(json.dumps({"packages": LOCKED}))
    made.write_text(json.dumps(bundled))
    return packages.of_page(made, lock)


def test_page_has_what_is_bundled_into_it_and_not_what_it_is_tested_with(tmp_path: Path) -> None:
    found = of_page(tmp_path, *(place for place in LOCKED if "axe-core" not in place))

    assert [(each.purl, each.licence) for each in found] == [
        ("pkg:npm/%40of/deep@2.0", "ISC"),
        ("pkg:npm/inner@3.0", "unknown"),
        ("pkg:npm/preact@1.0", "MIT"),
    ]
    assert [each.needs for each in found] == [("inner",), (), ()]
    assert [each.is_wanted for each in found] == [False, False, True]
    assert {each.hashes for each in found} == {(("SHA-512", "00" * 64),)}
    assert [each.name for each in found if not each.is_allowed] == ["@of/deep", "inner"]


def test_page_that_is_not_built_or_of_another_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is missing: run `make page`"):
        packages.of_page(tmp_path / "packages.json")
    with pytest.raises(ValueError, match="as bundled: node_modules/gone"):
        of_page(tmp_path, "node_modules/gone")


def test_bill_of_materials_has_every_deployed_package_with_its_hashes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = of_page(tmp_path, "node_modules/preact")
    monkeypatch.setattr(packages, "of_page", lambda: page)

    assert packages.main("sbom") == 0

    bill = json.loads(capsys.readouterr().out)
    components = {each["purl"]: each for each in bill["components"]}
    edges = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    (boto3,) = (each for each in components if each.startswith("pkg:pypi/boto3@"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert all(each["hashes"] and each["licenses"] for each in components.values())
    assert {purl.partition("@")[0] for purl in edges[boto3]} == {
        "pkg:pypi/botocore",
        "pkg:pypi/jmespath",
        "pkg:pypi/s3transfer",
    }
    assert {boto3, "pkg:npm/preact@1.0"} <= {*edges[bill["metadata"]["component"]["bom-ref"]]}
    assert components["pkg:npm/preact@1.0"]["hashes"][0]["alg"] == "SHA-512"
    assert edges.keys() - components.keys() == {bill["metadata"]["component"]["bom-ref"]}


def test_bill_of_materials_is_the_same_for_the_same_lock() -> None:
    deployed = packages.deployed()

    assert packages.bill_of_materials(deployed) == packages.bill_of_materials(deployed)


def test_bundled_package_that_the_lock_has_not_is_refused(tmp_path: Path) -> None:
    distribution(tmp_path / "bundle", "License: MIT")
    lock = tmp_path / "requirements.txt"
    lock.write_text("one==1.1 \\\n    --hash=sha256:" + "0" * 64 + "\n")

    with pytest.raises(ValueError, match=r"not in requirements\.txt as bundled: pkg:pypi/one@1\.0"):
        packages.deployed(tmp_path / "bundle", lock)
