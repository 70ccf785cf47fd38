"""Service Quotas' view of an organization: how many accounts it may have.

moto has no ListServiceQuotas; of other services this one shows what moto has as their defaults.
Service Quotas API reference, ListServiceQuotas; AWS Organizations user guide, "Quotas and service
limits", which names the quota.
"""

from __future__ import annotations

import json
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse

from embedded.core.principal import caller
from embedded.organizations.state import organization_of

_SERVICE = "organizations"
_CODE = "L-E619E033"


def _list_service_quotas(self: Any) -> str:
    service = str(json.loads(self.body).get("ServiceCode"))
    if service != _SERVICE:
        return json.dumps({"Quotas": self.backend.list_aws_default_service_quotas(service)})
    account_id = caller.get().account_id
    organization = organization_of(account_id)
    quotas = []
    if organization is not None:
        quotas.append(
            {
                "ServiceCode": service,
                "ServiceName": "AWS Organizations",
                "QuotaArn": f"arn:{self.partition}:servicequotas::{account_id}:{service}/{_CODE}",
                "QuotaCode": _CODE,
                "QuotaName": "Default maximum number of accounts",
                "Value": float(organization.settings.account_limit),
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": True,
            }
        )
    return json.dumps({"Quotas": quotas})


def install() -> None:
    """Put this beside moto's operations of Service Quotas."""
    ServiceQuotasResponse.list_service_quotas = _list_service_quotas
