"""Whether a function's resource policy lets EventBridge invoke it for a rule.

Implements "Using resource-based policies for Amazon EventBridge", "AWS Lambda permissions", of the
user guide.
"""

from __future__ import annotations

from moto.awslambda.models import lambda_backends

from embedded import resource_policy
from embedded.policy import Decision

_SERVICE = "events.amazonaws.com"


def may_invoke(function_arn: str, *, source_arn: str) -> bool:
    """Whether the rule `source_arn` may invoke the function.

    True for a function that does not exist: Lambda says so when it is invoked.
    """
    region, account_id = function_arn.split(":")[3:5]
    function = lambda_backends[account_id][region].get_function_by_arn(function_arn)
    if function is None:
        return True
    context = {
        "aws:sourcearn": (source_arn,),
        "aws:sourceaccount": (source_arn.split(":")[4],),
    }
    said = resource_policy.decision(
        function.policy.statements,
        service=_SERVICE,
        action="lambda:InvokeFunction",
        resource=function_arn,
        context=context,
    )
    return said is Decision.ALLOWED
