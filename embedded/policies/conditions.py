"""The Condition element: operators, set quantifiers, IfExists and Null.

Source: "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
"""

from __future__ import annotations

import datetime
import ipaddress
import operator as comparison
from collections.abc import Callable, Mapping
from typing import Any

from embedded.core.frozen import frozen
from embedded.policies.patterns import Values, matches, substituted

Context = Mapping[str, Values]
Test = Callable[[str, str, Context | None], bool]
"""(value in the policy, value in the request, context when variables apply) -> fits."""


class ConditionInvalid(ValueError):
    """An operator that IAM does not have, or that is not evaluated here."""


@frozen
class Condition:
    """One operator with one key and the values of the policy."""

    operator: str
    quantifier: str
    if_exists: bool
    negated: bool
    key: str
    values: tuple[str, ...]
    test: Test
    variables: bool

    def holds(self, context: Context) -> bool:
        """Whether the request's values satisfy this condition."""
        actual = context.get(self.key)
        if self.operator == "null":
            return (not actual) == (self.values[0].lower() == "true")
        if not actual:
            if self.quantifier == "forallvalues" or self.if_exists:
                return True
            # A negated operator holds for a key that is absent; "any of its values" cannot.
            return self.negated and self.quantifier == ""
        substitute = context if self.variables else None
        each = (
            any(self.test(value, one, substitute) for value in self.values) != self.negated
            for one in actual
        )
        everyone = self.quantifier == "forallvalues" or (self.quantifier == "" and self.negated)
        return all(each) if everyone else any(each)


def compile_condition(
    operator: str, key: str, values: tuple[str, ...], *, variables: bool
) -> Condition:
    """ConditionInvalid when the operator is unknown."""
    quantifier, _, name = operator.lower().rpartition(":")
    if quantifier not in {"", "forallvalues", "foranyvalue"}:
        raise ConditionInvalid(f"unknown condition operator {operator}")
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    if name not in _OPERATORS:
        raise ConditionInvalid(f"unknown condition operator {operator}")
    if not values:
        raise ConditionInvalid(f"condition operator {operator} has no values for {key}")
    test, negated = _OPERATORS[name]
    return Condition(
        operator=name,
        quantifier=quantifier,
        if_exists=if_exists,
        negated=negated,
        key=key.lower(),
        values=values,
        test=test,
        variables=variables,
    )


def _equals(expected: str, actual: str, context: Context | None) -> bool:
    filled = expected if context is None else substituted(expected, context)
    return filled == actual


def _equals_ignore_case(expected: str, actual: str, context: Context | None) -> bool:
    filled = expected if context is None else substituted(expected, context)
    return filled is not None and filled.casefold() == actual.casefold()


def _like(expected: str, actual: str, context: Context | None) -> bool:
    return matches(expected, actual, context=context)


def _arn_like(expected: str, actual: str, context: Context | None) -> bool:
    return matches(expected, actual, arn=True, context=context)


def _bool(expected: str, actual: str, _: Context | None) -> bool:
    return expected.lower() == actual.lower()


def _ip_address(expected: str, actual: str, _: Context | None) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return False


def _ordered(parse: Callable[[str], float], compare: Callable[[Any, Any], bool]) -> Test:
    def test(expected: str, actual: str, _: Context | None) -> bool:
        try:
            return compare(parse(actual), parse(expected))
        except ValueError:
            return False

    return test


def _moment(text: str) -> float:
    """Epoch seconds of an ISO 8601 date or of epoch seconds."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()


_OPERATORS: dict[str, tuple[Test, bool]] = {
    "null": (_equals, False),
    "stringequals": (_equals, False),
    "stringnotequals": (_equals, True),
    "stringequalsignorecase": (_equals_ignore_case, False),
    "stringnotequalsignorecase": (_equals_ignore_case, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_arn_like, False),
    "arnlike": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnnotlike": (_arn_like, True),
    "bool": (_bool, False),
    "binaryequals": (_equals, False),
    "ipaddress": (_ip_address, False),
    "notipaddress": (_ip_address, True),
}
for _prefix, _parse in (("numeric", float), ("date", _moment)):
    _OPERATORS |= {
        f"{_prefix}equals": (_ordered(_parse, comparison.eq), False),
        f"{_prefix}notequals": (_ordered(_parse, comparison.eq), True),
        f"{_prefix}lessthan": (_ordered(_parse, comparison.lt), False),
        f"{_prefix}lessthanequals": (_ordered(_parse, comparison.le), False),
        f"{_prefix}greaterthan": (_ordered(_parse, comparison.gt), False),
        f"{_prefix}greaterthanequals": (_ordered(_parse, comparison.ge), False),
    }
