"""Clients that AWS services use on behalf of a role: for tasks and for event targets.

Making a client costs a tenth of a second of CPU and is cheap only for the second one of a service,
so all come from one session and are kept for the life of the embedded AWS.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from embedded import REGION
from embedded.core.context import current
from embedded.core.in_process import attach
from embedded.core.sessions import AGENT, DIRECT, isolated_core

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from embedded.core.context import Context

_CONFIG = Config(
    retries={"total_max_attempts": 1},
    parameter_validation=False,
    proxies=DIRECT,
    user_agent=AGENT,
)
_SERVICE: dict[str, Any] = {"aws_access_key_id": "service", "aws_secret_access_key": "service"}

_lock = threading.Lock()
_session = functools.cache(isolated_core)
_clients: dict[tuple[str, str, str | None], Any] = {}
_owner: list[Context] = []


def client(
    service: str, *, role_arn: str | None = None, region: str = REGION, session_name: str
) -> Any:
    """The client of `service` with a session of the role; without one, as an AWS service itself.

    Raises:
        ValueError: `role_arn` is not the ARN of a role.
    """
    context = current()
    key = (service, region, role_arn)
    with _lock:
        if not _owner or _owner[0] is not context:
            _owner[:] = [context]
            _clients.clear()
        known = _clients.get(key)
        if known is None:
            keys = _SERVICE if role_arn is None else _keys(context, role_arn, session_name)
            made = _session().create_client(
                service,
                region_name=region,
                endpoint_url=context.endpoint_url,
                config=_CONFIG,
                **keys,
            )
            known = _clients[key] = attach(made, context)
        return known


@functools.lru_cache(maxsize=64)
def service_model(service: str) -> ServiceModel:
    """The model of the service with this boto3 name."""
    with _lock:
        return _session().get_service_model(service)


def _keys(context: Context, role_arn: str, session_name: str) -> dict[str, Any]:
    issued = context.credentials.issue(role_arn, session_name)
    return {
        "aws_access_key_id": issued.access_key_id,
        "aws_secret_access_key": issued.secret_access_key,
        "aws_session_token": issued.session_token,
    }
