"""The services that AWS documents as integrating with Organizations.

AWS Organizations User Guide, "AWS services that you can use with AWS Organizations". Not every one
ends in amazonaws.com, so nothing may be concluded from a principal's form.
"""

import json
from pathlib import Path

_KNOWN = Path(__file__).parents[1] / "functions" / "vending" / "request" / "service_principals.json"

DOCUMENTED_SERVICE_PRINCIPALS = (
    "access-analyzer.amazonaws.com",
    "account.amazonaws.com",
    "agentless.inspector2.amazonaws.com",
    "auditmanager.amazonaws.com",
    "aws-artifact-account-sync.amazonaws.com",
    "backup.amazonaws.com",
    "billing-cost-management.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "compute-optimizer.amazonaws.com",
    "config-multiaccountsetup.amazonaws.com",
    "config.amazonaws.com",
    "controltower.amazonaws.com",
    "cost-optimization-hub.bcm.amazonaws.com",
    "dashboard.eks.amazonaws.com",
    "detective.amazonaws.com",
    "devops-guru.amazonaws.com",
    "ds.amazonaws.com",
    "ec2.amazonaws.com",
    "ec2.capacitymanager.amazonaws.com",
    "fms.amazonaws.com",
    "guardduty.amazonaws.com",
    "health.amazonaws.com",
    "iam.amazonaws.com",
    "inspector2.amazonaws.com",
    "ipam.amazonaws.com",
    "license-management.marketplace.amazonaws.com",
    "license-manager-linux-subscriptions.amazonaws.com",
    "license-manager.amazonaws.com",
    "license-manager.member-account.amazonaws.com",
    "macie.amazonaws.com",
    "malware-protection.guardduty.amazonaws.com",
    "member.org.stacksets.cloudformation.amazonaws.com",
    "mgn.amazonaws.com",
    "network-security-director.amazonaws.com",
    "networkflowmonitor.amazonaws.com",
    "networkmanager.amazonaws.com",
    "notifications.amazon.com",
    "observabilityadmin.amazonaws.com",
    "opsdatasync.ssm.amazonaws.com",
    "private-marketplace.marketplace.amazonaws.com",
    "procurement-insights.marketplace.amazonaws.com",
    "q.amazonaws.com",
    "ram.amazonaws.com",
    "reachabilityanalyzer.networkinsights.amazonaws.com",
    "reporting.trustedadvisor.amazonaws.com",
    "resource-explorer-2.amazonaws.com",
    "security-ir.amazonaws.com",
    "securityhub.amazonaws.com",
    "securitylake.amazonaws.com",
    "servicecatalog.amazonaws.com",
    "servicequotas.amazonaws.com",
    "ssm.amazonaws.com",
    "sso.amazonaws.com",
    "stacksets.cloudformation.amazonaws.com",
    "storage-lens.s3.amazonaws.com",
    "tagpolicies.tag.amazonaws.com",
    "topology.networkflowmonitor.amazonaws.com",
    "wellarchitected.amazonaws.com",
)

ENABLING_THEMSELVES = frozenset(
    principal
    for principal, known in json.loads(_KNOWN.read_text(encoding="utf-8")).items()
    if known["enableVia"] == "SERVICE_ONLY"
)
"""Those that AWS wants enabled by their own service only; a request that names one is refused."""
