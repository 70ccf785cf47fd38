"""Whether a function's resource policy lets EventBridge invoke it for a rule.

Implements "Using resource-based policies for Amazon EventBridge", "AWS Lambda permissions", of the
user guide.
"""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda.models import lambda_backends

from embedded.policy import Decision, compile_policy, decide

_SERVICE = "events.amazonaws.com"


def may_invoke(function_arn: str, *, source_arn: str) -> bool:
    """Whether the rule `source_arn` may invoke the function.

    True for a function that does not exist: Lambda says so when it is invoked.
    """
    region, account_id = function_arn.split(":")[3:5]
    function = lambda_backends[account_id][region].get_function_by_arn(function_arn)
    if function is None:
        return True
    statements = [each for each in function.policy.statements if _names_us(each)]
    document = {"Version": "2012-10-17", "Statement": [_identity(each) for each in statements]}
    context = {
        "aws:sourcearn": (source_arn,),
        "aws:sourceaccount": (source_arn.split(":")[4],),
    }
    decision = decide(
        compile_policy(json.dumps(document)), "lambda:InvokeFunction", function_arn, context
    )
    return decision is Decision.ALLOWED


def _names_us(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("Service") if isinstance(principal, dict) else principal
    return named in (_SERVICE, "*")


def _identity(statement: dict[str, Any]) -> dict[str, Any]:
    """Without its principal, and about any function: the policy is this one's own."""
    kept: dict[str, Any] = {"Resource": "*"}
    for name in ("Effect", "Action", "Condition"):
        if name in statement:
            kept[name] = statement[name]
    return kept
