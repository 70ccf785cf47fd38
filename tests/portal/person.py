"""Somebody with a browser: what people do on the page, and what they see."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

_REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says of an answer that the page shows to people."""


def until(look: Callable[[], T], wanted: T, seconds: float = 10) -> None:
    """Wait until `look` gives what is wanted; AssertionError with what it gave last."""
    deadline = time.monotonic() + seconds
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, f"{found!r} is not {wanted!r}"
        time.sleep(0.05)


@dataclass(kw_only=True)
class Person:
    """One person, in a context of the browser that shares nothing with others'."""

    name: str
    page: Any
    url: str
    called: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.called.append(request.url))
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", self._note)

    def sign_in(self) -> None:
        """Sign in at the issuer, as the person of this name."""
        self.page.goto(self.url)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name=re.compile(f"^{self.name}")).click()
        self.page.get_by_role("heading", level=1).wait_for()

    def go(self, place: str) -> None:
        """Open a view, by what stands behind `#/`."""
        self.page.goto(f"{self.url}#/{place}")

    def fill(self, place: str, value: str) -> None:
        """Fill in a field, by its place in the request, and leave it."""
        self.page.locator(f'[name="{place}"]').fill(value)
        self.page.keyboard.press("Tab")

    def choose(self, place: str, value: str) -> None:
        """Choose an option of a field."""
        self.page.locator(f'[name="{place}"]').select_option(value)

    def press(self, button: str) -> None:
        """Press a button, by its name."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        """Follow a link, by its name."""
        self.page.get_by_role("link", name=link, exact=True).click()

    def ask(self, name: str, **fields: str) -> None:
        """Ask for a new account in a sandbox, up to its plan."""
        self.go("new")
        self.fill("account.name", name)
        self.fill("account.email", f"aws+{name.lower().replace(' ', '-')}@example.com")
        self.fill("organizationalUnit", fields.get("unit", "/Workloads/Sandbox"))
        self.press("Show the plan")
        self.sees("What this will do")

    def send(self) -> str:
        """Send what was planned; the request's id."""
        self.press("Send the request")
        self.page.wait_for_url("**/#/requests/*")
        return str(self.page.url.rpartition("/")[2])

    def sees(self, text: str, seconds: float = 30) -> None:
        """Wait until a text shows."""
        self.page.get_by_text(text).first.wait_for(timeout=seconds * 1000)

    def sees_state(self, state: str, seconds: float = 60) -> None:
        """Wait until the view is about what is in this state."""
        shown = self.page.locator("p[role=status] .state", has_text=re.compile(f"^{state}$"))
        shown.wait_for(timeout=seconds * 1000)

    def lights(self, light: str) -> set[str]:
        """The states of the state machine that are lit so."""
        nodes = self.page.locator(f'svg [data-light="{light}"]')
        return set(nodes.evaluate_all("nodes => nodes.map(one => one.dataset.state)"))

    def mistake(self, place: str) -> str:
        """What is said to be wrong with a field."""
        described = self.page.locator(f'[name="{place}"]').get_attribute("aria-describedby")
        return str(self.page.locator(f"#{described.split()[-1]}").text_content())

    def _note(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_REFUSED):
            self.failures.append(message.text)
