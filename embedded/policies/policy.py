"""Evaluation of IAM policy documents: actions, resources, conditions. Pure, no AWS and no moto.

Source: "IAM JSON policy elements reference" and "Policy evaluation logic" of the IAM User Guide.
"""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from embedded.core.frozen import frozen
from embedded.policies.conditions import Condition, ConditionInvalid, compile_condition
from embedded.policies.patterns import Values, matches

__all__ = ["Decision", "PolicyInvalid", "Statement", "compile_policy", "decide"]


class PolicyInvalid(ValueError):
    """A document that IAM would not have accepted, or that this evaluator does not understand."""


class Decision(enum.Enum):
    """What a set of statements says about one action on one resource."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    DENIED = "denied"


@frozen
class Statement:
    """One statement; exactly one of each element and its Not form is meant."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    conditions: tuple[Condition, ...] = ()
    variables: bool = True
    sid: str = field(default="", compare=False)

    def applies(self, action: str, resource: str, context: Mapping[str, Values]) -> bool:
        """Whether action, resource and every condition fit."""
        if _any_action(self.actions, action) == self.not_actions:
            return False
        named = any(
            matches(pattern, resource, context=context if self.variables else None)
            for pattern in self.resources
        )
        if named == self.not_resources:
            return False
        return all(condition.holds(context) for condition in self.conditions)


@functools.lru_cache(maxsize=4096)
def _any_action(patterns: tuple[str, ...], action: str) -> bool:
    """IAM compares actions without regard to case."""
    return any(matches(pattern.lower(), action.lower()) for pattern in patterns)


def compile_policy(document: str | Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of an identity policy; PolicyInvalid says what is wrong with it."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError as problem:
        raise PolicyInvalid(f"not JSON: {problem}") from problem
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        raise PolicyInvalid("a policy is an object with a Statement")
    # Only the 2012 version knows policy variables; without a Version the older one applies.
    variables = str(policy.get("Version", "2008-10-17"))[:10] == "2012-10-17"
    statements = policy["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    return tuple(_statement(statement, variables) for statement in statements)


def _statement(statement: Mapping[str, Any], variables: bool) -> Statement:
    effect = statement.get("Effect")
    if effect not in {"Allow", "Deny"}:
        raise PolicyInvalid(f"Effect must be Allow or Deny, not {effect!r}")
    actions, not_actions = _either(statement, "Action")
    resources, not_resources = _either(statement, "Resource")
    try:
        conditions = tuple(
            compile_condition(operator, key, _strings(values), variables=variables)
            for operator, block in (statement.get("Condition") or {}).items()
            for key, values in block.items()
        )
    except ConditionInvalid as problem:
        raise PolicyInvalid(str(problem)) from problem
    return Statement(
        allows=effect == "Allow",
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        conditions=conditions,
        variables=variables,
        sid=str(statement.get("Sid", "")),
    )


def _either(statement: Mapping[str, Any], element: str) -> tuple[tuple[str, ...], bool]:
    negated = f"Not{element}"
    if (element in statement) == (negated in statement):
        raise PolicyInvalid(f"a statement has either {element} or {negated}")
    chosen = element if element in statement else negated
    return _strings(statement[chosen]), chosen == negated


def _strings(values: Any) -> tuple[str, ...]:
    if isinstance(values, (str, bool, int, float)):
        values = [values]
    if not isinstance(values, Sequence):
        raise PolicyInvalid(f"expected a string or a list of strings, not {values!r}")
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


def decide(
    statements: Iterable[Statement], action: str, resource: str, context: Mapping[str, Values]
) -> Decision:
    """An explicit Deny wins over any Allow; without either, nothing is allowed.

    `context` maps condition keys in lower case to their values; an absent key is not there at all.
    """
    decision = Decision.NOT_ALLOWED
    for statement in statements:
        if statement.allows and decision is Decision.ALLOWED:
            continue
        if statement.applies(action, resource, context):
            if not statement.allows:
                return Decision.DENIED
            decision = Decision.ALLOWED
    return decision
