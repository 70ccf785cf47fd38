"""What may differ between two installations of this product, in one place."""

from dataclasses import dataclass
from typing import Literal

from aws_cdk.aws_logs import RetentionDays

from infra.service_principals import DOCUMENTED_SERVICE_PRINCIPALS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Typed knobs of the stack; the defaults are what the documentation describes.

    `function_timeout_seconds` stays below the 60 seconds that the state machine gives each task, so
    that a slow function ends by its own time-out, which is logged, not by the state machine's.
    `service_principals` are the AWS services that a request's `serviceAccess` may name: the role of
    EnableAWSServiceAccess can enable no other.
    """

    function_memory_mb: int = 512
    function_timeout_seconds: int = 50
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_retention: RetentionDays = RetentionDays.SIX_MONTHS
    service_principals: tuple[str, ...] = DOCUMENTED_SERVICE_PRINCIPALS
