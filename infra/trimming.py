"""Takes out of installed dependencies what a function never opens: most of their bytes."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Collection
from pathlib import Path

_SHARED_DATA = (
    "endpoints.json",
    "partitions.json",
    "_retry.json",
    "sdk-default-configuration.json",
)

_UNUSED = (
    "bin",
    "boto3/examples",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
)

_UNUSED_KINDS = ("*.pyi", "*.c", "py.typed", "botocore/data/**/examples-1.json*", "boto3/**/*.rst")

_INSTALLERS_OWN = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


class ServiceMissing(Exception):
    """The SDK has no service that the functions call; the message names it."""


def trim(folder: Path, *, services: Collection[str]) -> None:
    """Trim the dependencies in `folder`, give all files one mode, leave no trace of this machine.

    Of the SDK's data that of `services` stays. Metadata that `importlib.metadata` reads stays, and
    so do the licences.

    Raises:
        ServiceMissing: the SDK does not have one of the services.
    """
    for name in _UNUSED:
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in _UNUSED_KINDS:
        for path in list(folder.rglob(pattern) if "/" not in pattern else folder.glob(pattern)):
            path.unlink()
    for tests in [path for path in folder.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests)
    drop_installer_traces(folder)
    _trim_sdk_data(folder, services)
    for path in folder.rglob("*"):
        # The wheels' modes depend on the umask here; Lambda runs functions as a user of its own.
        path.chmod(0o755 if path.is_dir() else 0o644)


def drop_installer_traces(folder: Path) -> None:
    """Remove what the installer noted for itself: lists of files that are no longer right."""
    for metadata in folder.glob("*.dist-info"):
        for name in _INSTALLERS_OWN:
            (metadata / name).unlink(missing_ok=True)
    (folder / ".lock").unlink(missing_ok=True)


def _trim_sdk_data(folder: Path, services: Collection[str]) -> None:
    own = folder / "botocore" / "data"
    if missing := sorted(name for name in services if not (own / name).is_dir()):
        raise ServiceMissing(f"the locked SDK has no service {', '.join(missing)}")
    for data in (own, folder / "boto3" / "data"):
        if not data.is_dir():
            continue
        for path in list(data.iterdir()):
            if path.is_dir() and path.name not in services:
                shutil.rmtree(path)
            elif path.is_file() and path.name not in _SHARED_DATA:
                path.unlink()
    endpoints = own / "endpoints.json"
    if endpoints.is_file():
        _keep_endpoints(endpoints, {_endpoint_prefix(own / name) for name in services})


def _keep_endpoints(endpoints: Path, prefixes: set[str]) -> None:
    """Every process parses this file before its first client: of 1.3 MB, 30 kB matter."""
    document = json.loads(endpoints.read_text(encoding="utf-8"))
    for partition in document["partitions"]:
        known = partition["services"]
        partition["services"] = {name: each for name, each in known.items() if name in prefixes}
    endpoints.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _endpoint_prefix(service: Path) -> str:
    latest = max(service.iterdir())
    model = json.loads(gzip.decompress((latest / "service-2.json.gz").read_bytes()))
    return str(model["metadata"]["endpointPrefix"])


def zipped_size(folder: Path) -> tuple[int, int, int]:
    """Number of files, their bytes, and about how many bytes the zip will have."""
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return len(files), sum(map(len, files)), sum(len(zlib.compress(data, 6)) for data in files)
