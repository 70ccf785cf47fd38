"""GetAccountSettings: what Lambda allows in an account, which moto does not say.

Source: "Lambda quotas", AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda import urls
from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

CONCURRENT_EXECUTIONS = 1000
_GIGABYTE = 1024**3
_STORAGE = 75 * _GIGABYTE
_UNZIPPED = 250 * 1024**2
_ZIPPED = 50 * 1024**2


def get_account_settings(self: Any) -> TYPE_RESPONSE:
    """The default quotas, and what the account's functions use of them."""
    functions = list(self.backend.list_functions(None))
    reserved = sum(int(each.reserved_concurrency or 0) for each in functions)
    limit = {
        "TotalCodeSize": _STORAGE,
        "CodeSizeUnzipped": _UNZIPPED,
        "CodeSizeZipped": _ZIPPED,
        "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
        "UnreservedConcurrentExecutions": CONCURRENT_EXECUTIONS - reserved,
    }
    usage = {
        "TotalCodeSize": sum(int(each.code_size) for each in functions),
        "FunctionCount": len(functions),
    }
    return 200, {}, json.dumps({"AccountLimit": limit, "AccountUsage": usage})


def install() -> None:
    """Give moto's Lambda this operation."""
    LambdaResponse.get_account_settings = get_account_settings
    urls.url_paths["{0}/(?P<api_version>[^/]+)/account-settings/?$"] = LambdaResponse.dispatch
