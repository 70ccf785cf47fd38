"""Licences and bill of materials of what is deployed, held to the lock and the bundle."""

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
    monkeypatch.setattr(packages, "deployed", lambda: [one])

    assert packages.main("licences") == 1
    assert "pkg:pypi/one@1.0: 'AGPL-3.0-only' is not in ALLOWED" in capsys.readouterr().err


def test_bill_of_materials_has_every_deployed_package_with_its_hashes(
    capsys: pytest.CaptureFixture[str],
) -> None:
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
    assert boto3 in edges[bill["metadata"]["component"]["bom-ref"]]
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
