"""The form of the fault file: each entry checked strictly, all problems of all entries at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeGuard

from embedded.core.frozen import frozen
from embedded.core.service_models import client_name, error_names, operation_model, service_model
from embedded.core.service_models import services as known_services

COMMON_ERRORS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InvalidClientTokenId",
        "MalformedQueryString",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
        "ValidationError",
        "ValidationException",
    }
)
"""Errors that any service may answer though its model does not list them ("Common Errors")."""

_CONSTRUCT_ID = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@frozen
class CreationFault:
    """How the asynchronous part of an account creation goes: virtual seconds until it ends, and
    the FailureReason it ends with; None leaves the usual.
    """

    seconds: float | None = None
    failure_reason: str | None = None


@frozen
class EventFault:
    """How an event is delivered: how many times at once, how many virtual seconds after what AWS
    tells by it (None as usual), or not at all.
    """

    deliveries: int = 1
    seconds: float | None = None
    lost: bool = False


@frozen
class Rule:
    """One entry. `kind` is call, function, creation or event; `names` is what it is about."""

    kind: str
    names: tuple[str, ...] = ()
    calls: frozenset[int] | None = None
    """Which calls, counted from 1; None for all."""
    error: str | None = None
    reason: str | None = None
    lost: bool = False
    creation: CreationFault | None = None
    event: EventFault | None = None

    def hits(self, count: int) -> bool:
        """Whether the rule is meant for the count-th call it names."""
        return self.calls is None or count in self.calls


def parse_rules(
    content: Any, functions: Collection[str] | None = None
) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules and the problems of a fault file's content; with any problem no rule is of use."""
    if not isinstance(content, list):
        return (), ("faults: must be a list of objects",)
    rules, problems = [], []
    for index, entry in enumerate(content, start=1):
        rule, found = _Entry(entry).parsed(functions)
        rules.append(rule)
        problems += [f"fault {index}: {problem}" for problem in found]
    return tuple(rules), tuple(problems)


class _Entry:
    """One entry under inspection; what is wrong with it collects in `problems`."""

    def __init__(self, entry: Any) -> None:
        self.entry = entry
        self.problems: list[str] = []

    def parsed(self, functions: Collection[str] | None) -> tuple[Rule, list[str]]:
        entry = self.entry
        if not isinstance(entry, Mapping):
            self.problems.append("must be an object")
            return Rule(kind="none"), self.problems
        kinds: dict[str, Callable[[], Rule]] = {
            "service": self._call,
            "function": lambda: self._function(functions),
            "createAccount": self._creation,
            "event": self._event,
        }
        present = [key for key in kinds if key in entry]
        if len(present) != 1:
            self.problems.append(f"must have exactly one of {_listed(kinds)}")
            return Rule(kind="none"), self.problems
        return kinds[present[0]](), self.problems

    def _call(self) -> Rule:
        entry = self.entry
        self._only(entry, ("service", "operation", "calls", "error", "reason", "lost"))
        service = client_name(self._text(entry, "service"))
        operation = self._text(entry, "operation")
        lost = entry.get("lost")
        if "lost" in entry and lost is not True:
            self.problems.append("lost: must be true where it stands")
        if ("lost" in entry) == ("error" in entry):
            self.problems.append("must have exactly one of error, lost")
        if "reason" in entry and "error" not in entry:
            self.problems.append("reason: only goes with error")
        error = self._text(entry, "error") if "error" in entry else None
        reason = self._text(entry, "reason") if "reason" in entry else None
        self._check_modelled(service, operation, error)
        return Rule(
            kind="call",
            names=(service, operation),
            calls=self._calls(entry),
            error=error,
            reason=reason,
            lost=lost is True,
        )

    def _check_modelled(self, service: str, operation: str, error: str | None) -> None:
        if not service:
            return
        model = service_model(service)
        if model is None:
            self.problems.append(f"service: unknown {_suggest(service, known_services())}")
            return
        if not operation:
            return
        one = operation_model(service, operation)
        if one is None:
            known = _suggest(operation, model.operation_names)
            self.problems.append(f"operation: {service} has no {known}")
            return
        if not error or error in COMMON_ERRORS:
            return
        modelled = error_names(service, operation)
        if error not in modelled:
            known = _suggest(error, modelled | COMMON_ERRORS)
            self.problems.append(f"error: {operation} does not fail with {known}")

    def _function(self, functions: Collection[str] | None) -> Rule:
        entry = self.entry
        self._only(entry, ("function", "calls", "crash"))
        name = self._text(entry, "function")
        if name and functions is not None and name not in functions:
            self.problems.append(f"function: unknown {_suggest(name, functions)}")
        elif name and not _CONSTRUCT_ID.fullmatch(name):
            self.problems.append("function: must be a construct id such as CreateAccount")
        if entry.get("crash") is not True:
            self.problems.append("crash: must be true")
        return Rule(kind="function", names=(name,), calls=self._calls(entry))

    def _creation(self) -> Rule:
        self._only(self.entry, ("createAccount",))
        entry = self.entry["createAccount"]
        if not isinstance(entry, Mapping):
            self.problems.append("createAccount: must be an object")
            return Rule(kind="creation")
        self._only(entry, ("calls", "seconds", "failureReason"))
        seconds = entry.get("seconds")
        if "seconds" in entry and not (_is_number(seconds) and seconds >= 0):
            self.problems.append("seconds: must be a number of at least 0")
        reason = self._text(entry, "failureReason") if "failureReason" in entry else None
        if "seconds" not in entry and "failureReason" not in entry:
            self.problems.append("createAccount: must have seconds, failureReason or both")
        fault = CreationFault(
            seconds=float(seconds) if _is_number(seconds) else None, failure_reason=reason
        )
        return Rule(kind="creation", calls=self._calls(entry), creation=fault)

    def _event(self) -> Rule:
        entry = self.entry
        self._only(entry, ("event", "deliveries", "seconds", "lost"))
        name = self._text(entry, "event")
        deliveries, seconds, lost = (entry.get(key) for key in ("deliveries", "seconds", "lost"))
        is_needed = lost is None and seconds is None
        if (is_needed or deliveries is not None) and not _is_count(deliveries):
            self.problems.append("deliveries: must be a whole number from 1")
        if seconds is not None and not (_is_number(seconds) and seconds >= 0):
            self.problems.append("seconds: must be a number of at least 0")
        if lost is not None and (lost is not True or {"deliveries", "seconds"} & entry.keys()):
            self.problems.append("lost: must be true where it stands, and alone")
        fault = EventFault(
            deliveries=deliveries if _is_count(deliveries) else 1,
            seconds=float(seconds) if _is_number(seconds) else None,
            lost=lost is True,
        )
        return Rule(kind="event", names=(name,), event=fault)

    def _only(self, entry: Mapping[Any, Any], keys: Collection[str]) -> None:
        for key in entry:
            if key not in keys:
                self.problems.append(f"unknown key {_suggest(str(key), keys)}")

    def _text(self, entry: Mapping[Any, Any], key: str) -> str:
        value = entry.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self.problems.append(f"{key}: must be a text that is not empty")
        return ""

    def _calls(self, entry: Mapping[Any, Any]) -> frozenset[int] | None:
        calls = entry.get("calls")
        if calls == "all":
            return None
        if isinstance(calls, list) and calls and all(_is_count(call) for call in calls):
            return frozenset(calls)
        self.problems.append('calls: must be "all" or a list of whole numbers from 1')
        return frozenset()


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _suggest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"{name!r}, did you mean {close[0]}?" if close else repr(name)
