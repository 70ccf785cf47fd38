"""The portal on the embedded AWS, and people with a browser each."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from cli.commands import local_portal
from embedded.cloud import EmbeddedAws
from tests.portal.person import Person

if importlib.util.find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]

SPEED = 5.0
"""Time-outs of functions pass as much faster: a busy machine must not come to them."""

People = Callable[..., Person]


@pytest.fixture(scope="package")
def cloud() -> Iterator[EmbeddedAws]:
    local_portal.ensure_built()
    with EmbeddedAws(speed=SPEED, assembly=local_portal.ASSEMBLY) as aws:
        local_portal.publish(aws)
        yield aws


@pytest.fixture
def aws(cloud: EmbeddedAws) -> EmbeddedAws:
    cloud.renew()
    return cloud


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Debian's Chromium, whose sandbox root cannot have."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    chromium = shutil.which("chromium")
    assert chromium, "there is no chromium; .ci/browser installs it"
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        launched.close()


@pytest.fixture
def people(aws: EmbeddedAws, browser: Any) -> Iterator[People]:
    """Signs somebody in, by name, in a browser context of their own.

    Fails where a page failed, broke its content security policy, or called another host.
    """
    url = local_portal.url(aws)
    with ExitStack() as contexts:
        opened: list[Person] = []

        def sign_in(name: str, **options: Any) -> Person:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
            contexts.callback(context.close)
            person = Person(name=name, page=context.new_page(), url=url)
            opened.append(person)
            person.sign_in()
            return person

        yield sign_in
        for person in opened:
            assert person.failures == []
            assert {urlsplit(one).netloc for one in person.called} == {urlsplit(url).netloc}
