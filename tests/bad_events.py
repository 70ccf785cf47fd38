"""Events that break the contract of requests, made by chance from a seed, as `bad_requests` does.

The envelope is wrong, or what it carries is, or who sent it may not ask for anything; and the
request inside says about its sender what only EventBridge can say.
"""

from __future__ import annotations

import json
import random
from typing import Any

from tests.bad_requests import CHARACTERS, CODE, SECRET, Maker
from tests.builders import a_request

Json = Any

KNOWN = {"account": "111111111111", "source": "form.example"}
"""A sender that may ask for something."""

POLICY = {
    "requesters": {
        "team": {
            "senders": [KNOWN],
            "sources": ["new"],
            "emails": ["*@example.com"],
            "organizationalUnits": ["/Sandbox"],
        }
    }
}

FORGED: tuple[dict[str, Json], ...] = (
    {"sender": {"requester": "administrator", **KNOWN}},
    {"account": KNOWN["account"], "source": KNOWN["source"]},
    {"detail-type": "AccountRequested", "detail": {"requestId": "inner"}, **KNOWN},
    {"requester": "administrator"},
    {"executionArn": "arn:aws:states:us-east-1:111111111111:execution:account-vending:x"},
    {"tooDeep": False, "size": 0},
    {"state": "VENDED", "accountId": "222233334444"},
)
"""What a request says that only others can: each is a key too much or a value of another type."""


class EventMaker:
    """Makes one bad event after the other from one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._requests = Maker(seed)
        self._id = f"event-{seed}"

    def delivered(self) -> Json:
        """What an execution is started with: an event, or something that looks like one."""
        sent_by_nobody_known = self._chance.random() < 0.4
        event: dict[str, Json] = {
            "version": "0",
            "id": self._id,
            "detail-type": "AccountRequested",
            **KNOWN,
            "time": "2026-11-28T12:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": self._good() if sent_by_nobody_known else self.detail(),
        }
        if sent_by_nobody_known:
            event[self._chance.choice([*KNOWN])] = self._odd()
        for key in self._chance.sample([*event], k=self._chance.randint(0, 4)):
            if key not in (*KNOWN, "detail-type", "detail"):
                event[key] = self._odd()
        if self._chance.random() < 0.2:
            event["detail-type"] = self._odd()
        if self._chance.random() < 0.2:
            event |= {f"{self._text()}{number}": self._odd() for number in range(20)}
        return event

    def entry(self) -> dict[str, str]:
        """An entry of PutEvents from whoever the embedded AWS's account is, in valid Unicode."""
        detail = self.detail()
        if isinstance(detail, dict):
            # Its only mistake may be half a character, which is a question mark once it is sent.
            detail = FORGED[0] | detail
        text = json.dumps(detail, ensure_ascii=False)
        if self._chance.random() < 0.3:
            # Keys that are there twice, of which each reader takes the one that it likes.
            text = f'{{"requestId": "{self._id}-x", "account": {{}}, {text[1:]}'
        if self._chance.random() < 0.3:
            text = f'{text[:-1]}, "far": {self._chance.choice(["1e999", "-1e999", "9" * 500])}}}'
        return {
            "Source": self._chance.choice([KNOWN["source"], *filter(_is_sent, CODE)]),
            "DetailType": "AccountRequested",
            "Detail": text.encode(errors="replace").decode(),
        }

    def detail(self) -> Json:
        """A request that is refused, whoever sends it."""
        request = self._requests.request()
        if self._chance.random() < 0.4 and isinstance(request, dict):
            return request | self._chance.choice(FORGED)
        if self._chance.random() < 0.2:
            return self._good() | self._chance.choice(FORGED)
        return request

    def _good(self) -> dict[str, Json]:
        account = {"name": "Sandbox", "email": f"{SECRET}@example.com"}
        good: dict[str, Json] = a_request(
            requestId=self._id, organizationalUnit="/Sandbox", account=account
        )
        return good

    def _text(self) -> str:
        texts: list[str] = [*CODE, *CHARACTERS, "", "x" * 70, f"{SECRET}@example.com"]
        return self._chance.choice(texts)

    def _odd(self) -> Json:
        """What no sender, id or time of an event is."""
        odd: tuple[Json, ...] = (
            None,
            True,
            0,
            -1,
            1e308,
            10**400,
            [],
            [[]],
            {},
            {"a": {}},
            "x" * 100_000,
        )
        return self._chance.choice([*odd, *[self._text() for _ in odd]])


def _is_sent(source: str) -> bool:
    return len(source) <= 256
