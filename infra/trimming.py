"""Takes out of installed dependencies what a function never opens: most of their bytes."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from infra.sdk_models import OperationMissing, reduced

_SHARED_DATA = (
    "endpoints.json",
    "partitions.json",
    "_retry.json",
    "sdk-default-configuration.json",
)

_UNUSED = (
    "bin",
    "boto3/data",
    "boto3/examples",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
)

_UNUSED_KINDS = ("*.pyi", "*.c", "py.typed", "botocore/data/**/examples-1.json*", "boto3/**/*.rst")

_INSTALLERS_OWN = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


_MODEL = "service-2.json"

Operations = Mapping[str, Collection[str]]
"""What is called of each service, by the SDK's names."""


class ServiceMissing(Exception):
    """The SDK lacks a service, or an operation, that the functions call; the message names it."""


def trim(folder: Path, *, operations: Operations) -> None:
    """Trim the dependencies in `folder`, give all files one mode, leave no trace of this machine.

    Of the SDK's data what `operations` needs stays. Metadata that `importlib.metadata` reads stays,
    and so do the licences.

    Raises:
        ServiceMissing: the SDK does not have one of the services or operations.
    """
    for name in _UNUSED:
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in _UNUSED_KINDS:
        for path in list(folder.rglob(pattern) if "/" not in pattern else folder.glob(pattern)):
            path.unlink()
    for tests in [path for path in folder.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests)
    drop_installer_traces(folder)
    _trim_sdk_data(folder / "botocore" / "data", operations)
    for path in folder.rglob("*"):
        # The wheels' modes depend on the umask here; Lambda runs functions as a user of its own.
        path.chmod(0o755 if path.is_dir() else 0o644)


def drop_installer_traces(folder: Path) -> None:
    """Remove what the installer noted for itself: lists of files that are no longer right."""
    for metadata in folder.glob("*.dist-info"):
        for name in _INSTALLERS_OWN:
            (metadata / name).unlink(missing_ok=True)
    (folder / ".lock").unlink(missing_ok=True)


def _trim_sdk_data(data: Path, operations: Operations) -> None:
    if missing := sorted(name for name in operations if not (data / name).is_dir()):
        raise ServiceMissing(f"the locked SDK has no service {', '.join(missing)}")
    for path in list(data.iterdir()):
        if path.is_dir() and path.name not in operations:
            shutil.rmtree(path)
        elif path.is_file() and path.name not in _SHARED_DATA:
            path.unlink()
    prefixes = {_trim_service(data / name, called) for name, called in operations.items()}
    endpoints = data / "endpoints.json"
    if endpoints.is_file():
        _keep_endpoints(endpoints, prefixes)


def _trim_service(service: Path, called: Collection[str]) -> str:
    """Keep the newest version, as plain JSON and reduced; the prefix of the service's endpoints."""
    *older, latest = sorted(service.iterdir())
    for version in older:
        shutil.rmtree(version)
    for packed in list(latest.glob("*.json.gz")):
        document = json.loads(gzip.decompress(packed.read_bytes()))
        _write(packed.with_suffix(""), document)
        packed.unlink()
    model = json.loads((latest / _MODEL).read_text(encoding="utf-8"))
    try:
        _write(latest / _MODEL, reduced(model, called))
    except OperationMissing as missing:
        raise ServiceMissing(f"the locked SDK has no {service.name}: {missing}") from None
    return str(model["metadata"]["endpointPrefix"])


def _keep_endpoints(endpoints: Path, prefixes: set[str]) -> None:
    """Every process parses this file before its first client: of 1.3 MB, 30 kB matter."""
    document = json.loads(endpoints.read_text(encoding="utf-8"))
    for partition in document["partitions"]:
        known = partition["services"]
        partition["services"] = {name: each for name, each in known.items() if name in prefixes}
    _write(endpoints, document)


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


def zipped_size(folder: Path) -> tuple[int, int, int]:
    """Number of files, their bytes, and about how many bytes the zip will have."""
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return len(files), sum(map(len, files)), sum(len(zlib.compress(data, 6)) for data in files)
