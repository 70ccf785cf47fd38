"""Sessions that use nothing of the user's AWS configuration, for calls within this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3.session
import botocore.session

from embedded import REGION
from embedded.core.models_on_disk import model_loader

DIRECT: dict[str, str] = {}
"""botocore's `proxies` for a client that never goes through one, whatever the environment says."""

AGENT = "embedded-aws"
"""botocore's `user_agent` for a client of this process: its own is put together for every call."""


def isolated_core() -> botocore.session.Session:
    """A botocore session that reads no file and no variable of the user's AWS configuration."""
    variables: Any = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
        "ca_bundle": (None, None, None, None),
        "ignore_configured_endpoint_urls": (None, None, True, None),
    }
    session = botocore.session.Session(session_vars=variables)
    session.register_component("data_loader", model_loader())
    return session


def isolated() -> boto3.session.Session:
    """A boto3 session of `isolated_core`, with an administrator's keys of the embedded AWS."""
    return boto3.session.Session(
        botocore_session=isolated_core(),
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - any key is an administrator's here
        region_name=REGION,
    )


@contextmanager
def unconfigured_process() -> Iterator[None]:
    """Take AWS's variables and proxies out of this process's environment until the block ends.

    moto makes sessions of its own, some while it is imported; they would read the user's profile
    and files, and fail where those are broken.
    """
    hidden = {name: value for name, value in os.environ.items() if _is_configuration(name)}
    for name in hidden:
        del os.environ[name]
    os.environ.update(_NO_FILES)
    try:
        yield
    finally:
        for name in _NO_FILES:
            os.environ.pop(name, None)
        os.environ.update(hidden)


_NO_FILES = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "BOTO_CONFIG": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def _is_configuration(name: str) -> bool:
    return name.startswith(("AWS_", "BOTO")) or name.lower().endswith("_proxy")
