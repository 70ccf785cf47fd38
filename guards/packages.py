"""What is deployed beside our own code: its bill of materials and its licences.

Read from what was bundled for Lambda, so that a package that is not deployed is not in it, and
from the lock, which has the hashes. `python -m guards.packages sbom` prints CycloneDX 1.6, the
same for the same lock; `licences` prints a table, and fails on what ALLOWED has not.
"""

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
    """A package as it is deployed; `licence` is an SPDX expression, or what the package says."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"

    @property
    def is_allowed(self) -> bool:
        """Whether one of the licences that may be chosen from is allowed."""
        return any(
            all(one.strip("() ") in ALLOWED for one in re.split(r" AND ", choice))
            for choice in re.split(r" OR ", self.licence)
        )


def deployed(bundle: Path = BUNDLE, lock: Path = LOCK) -> list[Package]:
    """The bundled packages in the order of their names.

    Raises:
        ValueError: the bundle and the lock are not of the same packages.
    """
    hashes = locked_hashes(lock)
    found = {_name(each.metadata["Name"]): each for each in distributions(path=[str(bundle)])}
    packages = [
        Package(
            name=name,
            version=each.version,
            licence=licence_of(each),
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


def locked_hashes(lock: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """The SHA-256 sums of each name and version of a lock."""
    text = lock.read_text().replace("\\\n", " ")
    return {
        (_name(name), version): tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", rest))
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
    wanted = {_name(each) for each in re.findall(r"^[\w.-]+", WANTED.read_text(), re.MULTILINE)}
    purls = {each.name: each.purl for each in packages}
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
                "hashes": [{"alg": "SHA-256", "content": one} for one in each.hashes],
            }
            for each in packages
        ],
        "dependencies": [
            {"ref": ours, "dependsOn": [p for name, p in purls.items() if name in wanted]},
            *({"ref": e.purl, "dependsOn": [purls[name] for name in e.needs]} for e in packages),
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
    packages = deployed()
    if what == "sbom":
        sys.stdout.write(json.dumps(bill_of_materials(packages), indent=2) + "\n")
        return 0
    for each in packages:
        sys.stdout.write(f"{each.name:30} {each.version:12} {each.licence}\n")
    refused = [each for each in packages if not each.is_allowed]
    for each in refused:
        sys.stderr.write(f"{each.purl}: {each.licence!r} is not in ALLOWED, guards/packages.py\n")
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
