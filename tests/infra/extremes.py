"""Settings by which the stack has everything, and nothing, that settings decide on.

Each that a test looks at is in one of them, where the others do not show: a synthesis takes longer
than all that is looked at in its template.
"""

from __future__ import annotations

from infra.settings import BaselinePolicy, DiscoveredAccountBaseline, Settings, SignedCode

BASELINE = DiscoveredAccountBaseline(
    organizational_unit="/Found",
    tags={"cost-centre": "4711"},
    policies=(BaselinePolicy(name="Guardrails", type="SERVICE_CONTROL_POLICY"),),
    service_access=("guardduty.amazonaws.com",),
    root_access=("RootCredentialsManagement", "RootSessions"),
)
BOUNDARY = "arn:aws:iam::123456789012:policy/boundaries/AccountVending"
CODE_SIGNING = "arn:aws:lambda:us-east-1:111111111111:code-signing-config:csc-0123456789abcdefg"
FORCED = "ipam.amazonaws.com"
ORGANIZATION = "o-exampleorgid"
PARTNER = "444455556666"
SIGNED = SignedCode(bucket="signed-code", key="signed/functions.zip", version="v1")
TABLE = "AccountVending-LedgerTable0-OLD"

FULL = Settings(
    account_drift="repair",
    alarm_emails=("on-call@example.com",),
    audit_lock="COMPLIANCE",
    audit_retention_days=3650,
    code_signing_config_arn=CODE_SIGNING,
    creations_in_progress=20,
    discovered_account_baseline=BASELINE,
    discovered_accounts="baseline",
    ended_rows_expire_days=90,
    forced_service_principals=(FORCED,),
    invited_account_external_id="xyz",
    invited_account_role_names=("Vending", "Joiner"),
    ledger_table_name=TABLE,
    permissions_boundary=BOUNDARY,
    reconcile_every_hours=6,
    requesting_accounts=(PARTNER,),
    signed_code=SIGNED,
    termination_protection=False,
)
BARE = Settings(
    account_drift="ignore",
    alarms=False,
    audit_retention_days=None,
    creation_events=False,
    dashboard=False,
    discovered_accounts="ignore",
    reconcile_every_hours=None,
    requesting_organizations=(ORGANIZATION,),
    retirement_policy_name=None,
    retirement_protected_tag=None,
    termination_protection=False,
)
