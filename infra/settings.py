"""What may differ between two installations of this product, in one place."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from aws_cdk.aws_logs import RetentionDays

from infra.service_principals import DOCUMENTED_SERVICE_PRINCIPALS
from infra.settings_problems import problems


@dataclass(frozen=True, kw_only=True)
class BaselinePolicy:
    """A policy that is there already, by the name and type that a request would give."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class DiscoveredAccountBaseline:
    """What accounts made elsewhere are given: a request's keys, without its account.

    Without an `organizational_unit` they stay where they are.
    """

    organizational_unit: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[BaselinePolicy, ...] = ()
    service_access: tuple[str, ...] = ()
    root_access: tuple[Literal["RootSessions", "RootCredentialsManagement"], ...] = ()

    def as_request(self) -> dict[str, Any]:
        """The keys of a request that are set."""
        keys = {
            "organizationalUnit": self.organizational_unit,
            "tags": dict(self.tags),
            "policies": [asdict(policy) for policy in self.policies],
            "serviceAccess": list(self.service_access),
            "rootAccess": list(self.root_access),
        }
        return {key: value for key, value in keys.items() if value}


@dataclass(frozen=True, kw_only=True)
class SignedCode:
    """The functions' zip where AWS Signer has put it, in a bucket of the stack's region."""

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class TokenIssuer:
    """Who issues the JSON Web Tokens by which the API knows its callers: any OIDC issuer.

    `issuer` is its URL, as tokens have it in `iss`. `audiences` are those of which a token must
    have one in `aud`, or in `client_id`. `claim` is the claim whose values, such as groups, are
    senders of the request policy; its values may have no spaces.
    """

    issuer: str
    audiences: tuple[str, ...]
    claim: str = "groups"


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """The API, whose callers IAM authorizes, or a token of `tokens`.

    `requests_per_second` and `burst` are what API Gateway lets through, of all callers together.
    """

    requests_per_second: float = 20
    burst: int = 40
    tokens: TokenIssuer | None = None


@dataclass(frozen=True, kw_only=True)
class CustomResourceSettings:
    """The custom resource Custom::Account of CloudFormation (docs/cloudformation.md).

    `on_delete` says what becomes of an account whose resource is deleted: `keep` changes nothing,
    `retire` begins its retirement, which closes it at the end of the grace period unless it is
    restored. A rollback keeps it in any case.
    """

    on_delete: Literal["keep", "retire"] = "keep"


@dataclass(frozen=True, kw_only=True)
class PortalSettings:
    """The page for people, who sign in at the issuer of the API's tokens.

    `authorization_endpoint` and `token_endpoint` are the issuer's, as its discovery document has
    them: the page signs in by authorization code with PKCE, as a public client whose id is the
    first of the API's audiences, for the scopes of `scope`. `token` says which of the issuer's
    tokens it calls the API with. `domain_name` is the page's own host, with the certificate of
    AWS Certificate Manager in us-east-1; without them it is CloudFront's.
    """

    authorization_endpoint: str
    token_endpoint: str
    scope: str = "openid"
    token: Literal["access_token", "id_token"] = "access_token"  # noqa: S105 -- a name
    domain_name: str | None = None
    certificate_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The stack's settings; the defaults are those of the documentation.

    `function_timeout_seconds` stays below the 60 seconds that the state machine gives each task, so
    that a slow function ends by its own time-out, which is logged, not by the state machine's.
    `service_principals` are the AWS services that a request's `serviceAccess` may name: the role of
    EnableAWSServiceAccess can enable no other. `forced_service_principals` are those of them that
    are enabled through AWS Organizations even where AWS wants the service itself to do it.
    `policy_types` are the types of policies that requests and organization documents may use.
    `requesting_accounts` are the ids of other accounts whose principals may put requests on the
    bus, and `requesting_organizations` the ids of organizations whose accounts may. Their own
    policies have to let them, too.
    `invited_account_role_names` are the roles that a request's `account.roleName` may name: by one
    of them AcceptHandshake acts in an invited account, which has made that role for this alone
    ("The role that accepts", docs/sources.md). None by default: the account's owner accepts.
    `invited_account_external_id` is what AcceptHandshake then passes to the role, which needs it.

    `permissions_boundary` is the ARN of a policy that bounds every role of the stack. `name_prefix`
    is what the names of the bus, the state machine, the state machines' log groups and the roles
    begin with; without one, roles have the names that CloudFormation makes.

    `api` makes the API (docs/api.md). None: there is none. `custom_resource` makes the custom
    resource of CloudFormation (docs/cloudformation.md). None: there is none.

    `log_retention` is how long the logs of the functions and state machines are kept. They outlive
    the stack.

    `kms_key_arn` is a symmetric KMS key of this account and region that encrypts the ledger, the
    queue, the bus, the logs and the state machines. Its policy must let their services use it
    (docs/security.md). None: AWS's own keys do, at no cost.

    `ended_rows_expire_days` is after how many days the ledger's row of a request goes that was
    REJECTED or FAILED before AWS was asked for anything. All other rows stay, as they keep a second
    account from being made (docs/security.md). None: all rows stay.

    `audit_retention_days` is for how many days the objects of the audit trail, which has every
    change of a request's row, are locked; they stay longer unless somebody deletes them. None:
    there is no trail. `audit_lock` says who may delete them before: with GOVERNANCE whoever has
    `s3:BypassGovernanceRetention`, with COMPLIANCE nobody, not even AWS.

    `ledger_table_name` is for a new stack that takes over the table that an earlier one left (see
    "Reinstalling" in docs/deploy.md), and stays set from then on. None: CloudFormation names the
    table of a new ledger.

    `reconcile_every_hours` is how often ReconcileLedger looks for what is stuck; it repairs what
    no event reported, so it seldom finds anything. None: it is invoked by hand only.

    `account_drift` says what happens to accounts that differ from the documents of their last
    revisions, because somebody else moved, tagged or renamed them: `ignore` (no function), `report`
    (the event AccountDrifted, the account's record and `vend drift` say so) or `repair` (besides,
    the account's own document is asked for again, so that the workflow puts back what it says).

    `creation_events` is whether events report that AWS has made an account, so that the workflow
    need not look again and again. They come where a trail of the management account logs management
    events in us-east-1 (docs/deploy.md). Without one, and with False, all goes on by looking.

    `discovered_accounts` says what happens to an account that somebody else created or invited:
    `ignore` (no rule, no function), `record` (the ledger gets a row for it, the account is not
    changed) or `baseline` (it is vended with source `existing` and `discovered_account_baseline`).

    `alarms` makes the alarms of docs/runbook.md. They notify a topic of the stack's own, to which
    `alarm_emails` are subscribed (each confirms by a link), or the topic `alarm_topic_arn`, which
    lets cloudwatch.amazonaws.com publish. `alarm_quota_percent` is the part of the organization's
    quota for accounts that is "nearly used", `alarm_queue_backlog` how many requests waiting for
    AWS's creation quota are too many. `dashboard` makes the dashboard. `runbook_url` is where
    docs/runbook.md can be read by those who are woken; without it alarms name the file.

    `notification_emails` are mailed what becomes of requests and accounts,
    `requester_notification_emails` what becomes of those of one requester of the request policy, by
    its name, and `chat_notifications` makes a topic for Amazon Q Developer in chat applications to
    read.

    The `creation_` settings are the organization's quota for creating accounts (AWS Organizations
    User Guide, "Quotas and service limits"): set them to what AWS raised yours to, and it is used.
    The lease is how long a slot is kept before it is looked whether its creation goes on. The
    slack is how much later than its slot's start time a call may reach AWS, by a cold start of its
    function.

    `retirement_organizational_unit` is the path of the unit that accounts are moved to when they
    are retired, made where it is missing. `retirement_policy_name` is the service control policy
    that is attached to them then, made with a text that denies everything where there is none of
    that name; None: what the unit inherits is all that binds them. `retirement_grace_days` is for
    how many days `vend restore` can put them back before they are closed.
    `retirement_protected_tag` is the key of the tag that keeps an account from being retired unless
    its value is false; None: no tag does. The `closing_` settings are the organization's quota for
    closing accounts, as the `creation_` ones; in 30 days it is a fifth of the members where that is
    more than `closings_in_30_days`.

    `termination_protection` refuses to delete the stack until `make unprotect` has allowed it.
    `code_signing_config_arn` is the Lambda code signing configuration of every function; the zip
    that is deployed is then `signed_code`, as AWS Signer left it ("Signed code", docs/deploy.md).
    """

    function_memory_mb: int = 512
    function_timeout_seconds: int = 50
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_retention: RetentionDays = RetentionDays.ONE_YEAR
    kms_key_arn: str | None = None
    ended_rows_expire_days: int | None = None
    audit_retention_days: int | None = 365
    audit_lock: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    service_principals: tuple[str, ...] = DOCUMENTED_SERVICE_PRINCIPALS
    forced_service_principals: tuple[str, ...] = ()
    policy_types: tuple[str, ...] = (
        "SERVICE_CONTROL_POLICY",
        "RESOURCE_CONTROL_POLICY",
        "TAG_POLICY",
        "BACKUP_POLICY",
        "AISERVICES_OPT_OUT_POLICY",
        "CHATBOT_POLICY",
        "DECLARATIVE_POLICY_EC2",
        "SECURITYHUB_POLICY",
        "SECURITYHUB_CSPM_POLICY",
        "INSPECTOR_POLICY",
        "UPGRADE_ROLLOUT_POLICY",
        "BEDROCK_POLICY",
        "S3_POLICY",
        "NETWORK_SECURITY_DIRECTOR_POLICY",
        "GUARDDUTY_POLICY",
    )
    api: ApiSettings | None = None
    custom_resource: CustomResourceSettings | None = None
    portal: PortalSettings | None = None
    permissions_boundary: str | None = None
    name_prefix: str = ""
    ledger_table_name: str | None = None
    reconcile_every_hours: int | None = 1
    requesting_accounts: tuple[str, ...] = ()
    requesting_organizations: tuple[str, ...] = ()
    invited_account_role_names: tuple[str, ...] = ()
    invited_account_external_id: str | None = None
    account_drift: Literal["ignore", "report", "repair"] = "report"
    creation_events: bool = True
    discovered_accounts: Literal["ignore", "record", "baseline"] = "record"
    discovered_account_baseline: DiscoveredAccountBaseline = DiscoveredAccountBaseline()
    termination_protection: bool = True
    code_signing_config_arn: str | None = None
    signed_code: SignedCode | None = None
    alarms: bool = True
    alarm_emails: tuple[str, ...] = ()
    alarm_topic_arn: str | None = None
    alarm_quota_percent: int = 80
    alarm_queue_backlog: int = 50
    dashboard: bool = True
    notification_emails: tuple[str, ...] = ()
    requester_notification_emails: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chat_notifications: bool = False
    runbook_url: str | None = None
    creation_rate_per_second: float = 0.1
    creation_burst: int = 3
    creations_in_progress: int = 5
    creation_lease_seconds: float = 900
    creation_slack_seconds: float = 3
    retirement_organizational_unit: str = "/Suspended"
    retirement_policy_name: str | None = "RetiredAccounts"
    retirement_grace_days: float = 14
    retirement_protected_tag: str | None = "account-vending:protected"
    closing_rate_per_second: float = 0.05
    closings_in_progress: int = 3
    closings_in_30_days: int = 250
    closing_lease_seconds: float = 3_600
    closing_slack_seconds: float = 1

    def __post_init__(self) -> None:
        """Refuse, before anything is deployed, what no request could be granted or all could.

        Raises:
            ValueError: names every problem.
        """
        if found := list(problems(self)):
            raise ValueError("; ".join(found))
