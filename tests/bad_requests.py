"""Requests that break the contract, made by chance from a seed: the same seed makes the same one.

Each has at least one mistake for certain, and often something to trip over besides: text that is
code in one of the languages it passes through, characters that JSON spells and nothing stores,
more of everything than there is room for.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.builders import a_request

Json = Any

PRODUCT = "829348951"
"""What 7919*104729 comes to wherever text is evaluated."""

SECRET = "q7-secret-w8"
"""Of every address; no log and no answer may have it."""

CODE = (
    "{% 7919*104729 %}",
    "{%7919*104729%}",
    "$eval('7919*104729')",
    "$string(7919*104729)",
    "States.MathAdd(829348950, 1)",
    "${7919*104729}",
    "$(echo $((7919*104729)))",
    "`expr 7919 \\* 104729`",
    "{{7919*104729}}",
    "{problems}{0.__class__}%(x)s%n",
    "__import__('builtins').str(7919*104729)",
    "!!python/object/apply:eval ['7919*104729']",
    "=7919*104729",
    "'; DROP TABLE ledger; --",
    "<script>document.write(7919*104729)</script>",
    "\\u007b% 7919*104729 %\\u007d",
    '"}, "injected": {"a": "',
)
CHARACTERS = (
    *"\0\t\n\r\x1b\x7f\x85\u00ad\u200b\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u3164\ufeff",
    "\ud800",
    "\udfff",
    "\ue000",
    "\uffff",
    "\U0001f600",
    "\U000e0041",
    "\U0001d400",
    "\u0430",
    "\u0301" * 50,
)
KEYS = (
    "__class__",
    "__proto__",
    "constructor",
    "$ref",
    "",
    " ",
    "account ",
    "Account",
    "tag",
    "__",
)


class Maker:
    """Makes one bad request after the other from one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._id = f"bad-{seed}"
        self._mistakes: tuple[Callable[[dict[str, Json]], None], ...] = (
            self._unknown_keys,
            self._wrong_type,
            self._bad_account,
            self._bad_contacts,
            self._bad_tags,
            self._bad_unit,
            self._bad_policies,
            self._bad_services,
            self._too_much,
            self._beyond_bounds,
        )

    def request(self) -> Json:
        """A request, or something where one should be."""
        if self._chance.random() < 0.05:
            return self._chance.choice([None, True, 7, 1e300, "", self._text(), [], [[]]])
        account = {"name": "Sandbox", "email": f"{SECRET}-{self._number(10_000)}@example.com"}
        request: dict[str, Json] = a_request(requestId=self._id, account=account)
        if self._chance.random() < 0.3:
            del request["requestId"]
        for mistake in self._chance.choices(self._mistakes, k=self._number(5)):
            mistake(request)
        return request

    def _number(self, most: int) -> int:
        """From 1 to `most`."""
        return self._chance.randint(1, most)

    def _many(self) -> int:
        """Few most of the time, thousands now and then."""
        most, often = (1, 3, 10, 60, 500, 3_000), (40, 40, 30, 20, 5, 1)
        return self._number(self._chance.choices(most, often)[0])

    def _text(self) -> str:
        pieces = [
            self._chance.choice([*CODE, *CHARACTERS, "a", "/", "\\", "aws:", "é", "x" * 70])
            for _ in range(self._number(4))
        ]
        return "".join(pieces)

    def _value(self, depth: int = 0) -> Json:
        """Anything that JSON can say, and two things that it cannot."""
        kind = self._number(12)
        if kind <= 4 or depth > 3:
            return self._text()
        if kind <= 6:
            return [self._value(depth + 1) for _ in range(self._number(4))]
        if kind <= 8:
            return {self._text(): self._value(depth + 1) for _ in range(self._number(4))}
        odd = [None, True, 0, -1, 10**18, 10**400, 1e308, float("nan"), float("inf")]
        return self._chance.choice(odd)

    def _unknown_keys(self, request: dict[str, Json]) -> None:
        places = [request, request.get("account"), *_dicts(request.get("policies"))]
        place = self._chance.choice([one for one in places if isinstance(one, dict)])
        for number in range(self._many()):
            known = self._chance.choice([*KEYS, "organisationalUnit", self._text()])
            place[f"{known}{number}"] = self._value()

    def _wrong_type(self, request: dict[str, Json]) -> None:
        keys = ["account", "organizationalUnit", "tags", "policies", "serviceAccess", "rootAccess"]
        wrong = [7, True, 1.5, [[]], [None], {"": {}}, [7, {"a": []}]]
        request[self._chance.choice(keys)] = self._chance.choice(wrong)

    def _bad_account(self, request: dict[str, Json]) -> None:
        bad: dict[str, list[Json]] = {
            "name": ["", " ", "x" * 51, self._text() + "\n"],
            "email": [f"{SECRET}{self._text()}@", f"{SECRET}@@example.com", SECRET * 20_000, 7],
            "accountId": ["42", "٣" * 12, 111122223333, None, self._text()],
            "roleName": ["AWSServiceRoleForX", "x" * 65, self._text() + " "],
            "iamUserAccessToBilling": ["allow", self._value()],
        }
        key = self._chance.choice([*bad])
        account = request.get("account")
        account = account if isinstance(account, dict) else {}
        # One that is null is left out, which is a mistake where the key is needed.
        account.update({key: self._chance.choice(bad[key]), "name": "x" * 51})
        request["account"] = account

    def _bad_contacts(self, request: dict[str, Json]) -> None:
        contact = {key: self._value() for key in ("name", "title", "email", "phone")}
        contact |= {self._chance.choice([*KEYS, self._text()]): self._value()}
        kinds = ["billing", "operations", "security", "Billing", self._text()]
        request["contacts"] = {
            kind: self._chance.choice([contact, contact, self._value(), []])
            for kind in self._chance.sample(kinds, k=self._number(3))
        } | {"billing": contact}

    def _bad_tags(self, request: dict[str, Json]) -> None:
        bad = [
            "aws:",
            "AWS:x",
            "Account-Vending:Request-Id",
            "a" * 129,
            "\u202ea",
            "c\u043est",
            " a",
        ]
        tags: dict[str, Json] = {self._chance.choice(bad): "v"}
        tags |= {f"{self._text()}{number}": self._text() for number in range(self._many())}
        request["tags"] = tags

    def _bad_unit(self, request: dict[str, Json]) -> None:
        bad = ["", "a", "//", "/a/", "/1/2/3/4/5/6", "/a\u200b", "/\u0430b", "/\ud800", "/a\\b"]
        request["organizationalUnit"] = self._chance.choice(
            [*bad, "/" + "x" * 129, "/x" * self._number(30_000) + "/", "/" + self._text() + "\0"]
        )

    def _bad_policies(self, request: dict[str, Json]) -> None:
        statements = [self._number(9)] * self._number(300)
        contents = [
            *("", "[]", "[" * self._number(5_000), '{"a":' * 500, "1" * 5_000, self._text(), 7),
            *('{"a": NaN}', '{"a": 1e999}'),
            json.dumps({"Version": "2012-10-17", "Statement": statements}),
        ]
        request["policies"] = [
            {
                "name": self._chance.choice(["", "a\u202e", "N\u03bf", self._text() + "\0"]),
                "type": self._chance.choice(["SERVICE_CONTROL_POLICY", "TAG_POLICY", "SCP", None]),
                "content": self._chance.choice(contents),
                "existing": self._chance.choice(["keep", "same", "replace", 1]),
            }
            for _ in range(min(self._many(), 60))
        ]

    def _bad_services(self, request: dict[str, Json]) -> None:
        bad = ["iam", "IAM.amazonaws.com", "arn:aws:iam::1:root", "x" * 200, self._text()]
        some = self._chance.choices(bad, k=self._number(60))
        request["serviceAccess"] = [*some, "a.b.c.", self._value()]

    def _too_much(self, request: dict[str, Json]) -> None:
        request["requestedBy"] = self._chance.choice(
            ["x" * 257, "\ud800", "é" * self._number(15_000) + "\udc00"]
        )

    def _beyond_bounds(self, request: dict[str, Json]) -> None:
        value: Json = {}
        for _ in range(self._number(400)):
            value = [value] if self._chance.random() < 0.5 else {self._text(): value}
        request[self._chance.choice(["tags", "x", "account"])] = [value, 10 ** self._number(4_000)]


def _dicts(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
