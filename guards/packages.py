"""What is deployed beside our own code: its bill of materials and its licences.

Read from what was bundled for Lambda and for the page, so that a package that is not deployed is
not in it, and from the locks, which have the hashes. `python -m guards.packages sbom` prints
CycloneDX 1.6, the same for the same locks; `licences` prints a table, and fails on what ALLOWED has
not.
"""

import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "build" / "functions" / "lambda"
WANTED = ROOT / "functions" / "requirements.in"
LOCK = WANTED.with_suffix(".txt")
PAGE = ROOT / "build" / "portal" / "made" / "packages.json"
PAGE_WANTED = ROOT / "package.json"
PAGE_LOCK = ROOT / "package-lock.json"

ALLOWED = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "PSF-2.0"}
"""SPDX ids of permissive licences: none asks for the source of what is built with it."""
SPELLINGS = {
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD-2-Clause License": "BSD-2-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "MIT License": "MIT",
}
"""What packages without an SPDX expression call their licences."""


@dataclass(frozen=True, kw_only=True, order=True)
class Package:
    """A package as it is deployed.

    Attributes:
        name: in its registry.
        version: the one that is locked.
        licence: an SPDX expression, or what the package says.
        registry: as package URLs call it, pypi or npm.
        is_wanted: whether our own code asks for it, and not only another package.
        needs: names of others of these packages.
        hashes: algorithm, as CycloneDX calls it, and hexadecimal digest.
    """

    name: str
    version: str
    licence: str
    registry: str = "pypi"
    is_wanted: bool = False
    needs: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:{self.registry}/{self.name.replace('@', '%40')}@{self.version}"

    @property
    def is_allowed(self) -> bool:
        """Whether one of the licences that may be chosen from is allowed."""
        return any(
            all(one.strip("() ") in ALLOWED for one in re.split(r" AND ", choice))
            for choice in re.split(r" OR ", self.licence)
        )


def deployed(bundle: Path = BUNDLE, lock: Path = LOCK) -> list[Package]:
    """The packages that are bundled for Lambda, in the order of their names.

    Raises:
        ValueError: the bundle and the lock are not of the same packages.
    """
    hashes = locked_hashes(lock)
    found = {_name(each.metadata["Name"]): each for each in distributions(path=[str(bundle)])}
    wanted = {_name(each) for each in re.findall(r"^[\w.-]+", WANTED.read_text(), re.MULTILINE)}
    packages = [
        Package(
            name=name,
            version=each.version,
            licence=licence_of(each),
            is_wanted=name in wanted,
            needs=tuple(sorted(set(_needs(each)) & found.keys())),
            hashes=hashes.get((name, each.version), ()),
        )
        for name, each in sorted(found.items())
    ]
    if strangers := [each.purl for each in packages if not each.hashes]:
        raise ValueError(f"not in {lock.name} as bundled: {', '.join(strangers)}")
    if not packages:
        raise ValueError(f"nothing is bundled in {bundle}: run `make synth`")
    return packages


def of_page(bundled: Path = PAGE, lock: Path = PAGE_LOCK) -> list[Package]:
    """The packages of which the page has files, in the order of their names.

    Raises:
        ValueError: the page is not built, or not of the lock's packages.
    """
    if not bundled.is_file():
        raise ValueError(f"{bundled} is missing: run `make page`")
    locked = json.loads(lock.read_text())["packages"]
    places: list[str] = json.loads(bundled.read_text())
    if strangers := [place for place in places if place not in locked]:
        raise ValueError(f"not in {lock.name} as bundled: {', '.join(strangers)}")
    names = {place: place.rpartition("node_modules/")[2] for place in places}
    wanted = json.loads(PAGE_WANTED.read_text())
    return sorted(
        Package(
            name=names[place],
            version=found["version"],
            licence=str(found.get("license", "unknown")),
            registry="npm",
            is_wanted=names[place] in {**wanted["dependencies"], **wanted["devDependencies"]},
            needs=tuple(sorted(found.get("dependencies", {}).keys() & set(names.values()))),
            hashes=_integrity(found["integrity"]),
        )
        for place in places
        for found in [locked[place]]
    )


def _integrity(text: str) -> tuple[tuple[str, str], ...]:
    """The hashes of a Subresource Integrity, such as npm's lock has."""
    parts = (each.partition("-") for each in text.split())
    return tuple(
        (algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())
        for algorithm, _, digest in parts
    )


def locked_hashes(lock: Path) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """The SHA-256 sums of each name and version of a lock."""
    text = lock.read_text().replace("\\\n", " ")
    return {
        (_name(name), version): tuple(
            ("SHA-256", digest) for digest in re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)
        )
        for name, version, rest in re.findall(r"^([\w.-]+)==([^\s;]+)(.*)$", text, re.MULTILINE)
    }


def licence_of(distribution: Distribution) -> str:
    """The SPDX expression of a distribution, from the fields of its metadata in their rank."""
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in _field(distribution, "Classifier")
        if each.startswith("License :: OSI Approved ::")
    ]
    declared = _field(distribution, "License")
    for expression in _field(distribution, "License-Expression"):
        return expression
    for each in (*declared, *classifiers):
        if each in ALLOWED or each in SPELLINGS:
            return SPELLINGS.get(each, each)
    return " ".join(declared) or " AND ".join(classifiers) or "unknown"


def _field(distribution: Distribution, name: str) -> list[str]:
    return [str(each) for each in distribution.metadata.get_all(name) or []]


def bill_of_materials(packages: Iterable[Package]) -> dict[str, Any]:
    """CycloneDX 1.6 of our code and these packages."""
    packages = list(packages)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ours = f"pkg:generic/{project['name']}@{project['version']}"
    content = json.dumps([vars(each) for each in packages])
    purls = {(each.registry, each.name): each.purl for each in packages}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, ours + content)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": each.purl,
                "name": each.name,
                "version": each.version,
                "purl": each.purl,
                "licenses": [{"expression": each.licence}],
                "hashes": [{"alg": alg, "content": content} for alg, content in each.hashes],
            }
            for each in packages
        ],
        "dependencies": [
            {"ref": ours, "dependsOn": [each.purl for each in packages if each.is_wanted]},
            *(
                {"ref": each.purl, "dependsOn": [purls[each.registry, one] for one in each.needs]}
                for each in packages
            ),
        ],
    }


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(distribution: Distribution) -> Iterator[str]:
    for requirement in distribution.requires or []:
        if found := re.match(r"[\w.-]+", requirement):
            yield _name(found[0])


def main(what: str) -> int:
    """Print what was asked for; 1 where a licence is not allowed."""
    packages = [*deployed(), *of_page()]
    if what == "sbom":
        sys.stdout.write(json.dumps(bill_of_materials(packages), indent=2) + "\n")
        return 0
    for each in packages:
        sys.stdout.write(f"{each.name:30} {each.version:12} {each.registry:5} {each.licence}\n")
    refused = [each for each in packages if not each.is_allowed]
    for each in refused:
        sys.stderr.write(f"{each.purl}: {each.licence!r} is not in ALLOWED, guards/packages.py\n")
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
