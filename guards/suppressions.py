"""Every finding that is accepted, and why; `make guards` fails on one that is no longer needed.

In `rule` and `where`, `**` stands for any text, everything else for itself.
"""

from guards.findings import Suppression

_ORGANIZATIONS = "AwsSolutions-IAM5[Resource::arn:aws:organizations::<AWS::AccountId>:"
_ID_IS_NOT_KNOWN = (
    "the ids of an organization, its accounts, units and policies are known only when a request "
    "names them; the action is one that the function is there for, and tests/infra/test_grants.py "
    "holds actions, resources and conditions of every role"
)

WILDCARDS = (
    Suppression(
        rule="AwsSolutions-IAM5[Resource::*]",
        where=(
            "**/Grants/Resource",
            "AccountRetirementWorkflow/Role/Resource",
            "CustomAccounts/CustomResourceWorkflow/Role/Resource",
            "OrganizationSetupWorkflow/Role/Resource",
            "VendingWorkflow/Role/Resource",
        ),
        reason="X-Ray, delivery of logs, and actions of AWS Organizations, to which the Service "
        "Authorization Reference gives no resource; tests/infra/test_grants.py names each of them",
    ),
    Suppression(
        rule=f"{_ORGANIZATIONS}account/o-*/*]",
        where=("**/Grants/Resource",),
        reason=_ID_IS_NOT_KNOWN,
    ),
    Suppression(
        rule="AwsSolutions-IAM5[Resource::arn:aws:account::<AWS::AccountId>:account/o-*/*]",
        where=(
            "AcceptPrimaryEmailUpdate/Grants/Resource",
            "DeleteAlternateContact/Grants/Resource",
            "PutAccountName/Grants/Resource",
            "PutAlternateContact/Grants/Resource",
            "Reconciliation/DetectDrift/Grants/Resource",
            "StartPrimaryEmailUpdate/Grants/Resource",
        ),
        reason=_ID_IS_NOT_KNOWN,
    ),
    Suppression(
        rule=f"{_ORGANIZATIONS}ou/o-*/ou-*]",
        where=(
            "AcceptRequest/Grants/Resource",
            "AcceptRetirement/Grants/Resource",
            "CreateOrganizationalUnit/Grants/Resource",
            "MoveAccount/Grants/Resource",
            "Reconciliation/DetectDrift/Grants/Resource",
            "Setup/AttachPolicy/Grants/Resource",
        ),
        reason=_ID_IS_NOT_KNOWN,
    ),
    Suppression(
        rule=f"{_ORGANIZATIONS}root/o-*/r-*]",
        where=(
            "AcceptRequest/Grants/Resource",
            "CreateOrganizationalUnit/Grants/Resource",
            "EnablePolicyType/Grants/Resource",
            "MoveAccount/Grants/Resource",
            "Setup/AttachPolicy/Grants/Resource",
        ),
        reason=_ID_IS_NOT_KNOWN,
    ),
    Suppression(
        rule=f"{_ORGANIZATIONS}policy/o-*/*]",
        where=(
            "AcceptRequest/Grants/Resource",
            "AttachPolicy/Grants/Resource",
            "CreatePolicy/Grants/Resource",
            "DetachPolicy/Grants/Resource",
            "Setup/AttachPolicy/Grants/Resource",
            "Setup/CreatePolicy/Grants/Resource",
        ),
        reason=_ID_IS_NOT_KNOWN,
    ),
    Suppression(
        rule="AwsSolutions-IAM5[Resource::arn:aws:organizations::aws:policy/*]",
        where=(
            "AcceptRequest/Grants/Resource",
            "AttachPolicy/Grants/Resource",
            "CreatePolicy/Grants/Resource",
            "Setup/AttachPolicy/Grants/Resource",
            "Setup/CreatePolicy/Grants/Resource",
        ),
        reason="policies that AWS manages, such as FullAWSAccess, whose ids have no account",
    ),
    Suppression(
        rule=f"{_ORGANIZATIONS}handshake/o-*/invite/h-*]",
        where=(
            "AcceptHandshake/Grants/Resource",
            "CancelHandshake/Grants/Resource",
            "DescribeHandshake/Grants/Resource",
            "InvitationAnswers/AnswerHandshake/Grants/Resource",
            "InviteAccountToOrganization/Grants/Resource",
        ),
        reason="an invitation's id is AWS's, made when it is sent",
    ),
    Suppression(
        rule=f"{_ORGANIZATIONS}handshake/o-*/**_all_features/h-*]",
        where=("Setup/AcceptHandshake/Grants/Resource",),
        reason="the id of the handshake that enables all features is AWS's, made when it is begun",
    ),
    Suppression(
        rule="AwsSolutions-IAM5[Resource::arn:aws:states:us-east-1:<AWS::AccountId>:"
        "execution:account-vending:*]",
        where=("**/Grants/Resource",),
        reason="executions of the state machine that vends, whose names are their requests'",
    ),
    Suppression(
        rule="AwsSolutions-IAM5[Resource::arn:aws:states:us-east-1:<AWS::AccountId>:"
        "execution:account-retirement:*]",
        where=(
            "AcceptRetirement/Grants/Resource",
            "Api/ServeApi/Grants/Resource",
            "CloseAccount/Grants/Resource",
            "CustomAccounts/DescribeCustomAccount/Grants/Resource",
            "DescribeClosure/Grants/Resource",
            "RecordRetirement/Grants/Resource",
            "ReserveClosing/Grants/Resource",
        ),
        reason="executions of the state machine that retires, whose names EventBridge gives them",
    ),
    Suppression(
        rule="AwsSolutions-IAM5[Resource::arn:aws:cloudformation:us-east-1:<AWS::AccountId>:"
        "stack/*]",
        where=("CustomAccounts/RequestCustomAccount/Grants/Resource",),
        reason="whoever may invoke the custom resource deploys stacks of any name; they are looked "
        "at, and nothing else",
    ),
)

FUNCTIONS = (
    Suppression(
        rule="AwsSolutions-L1",
        where=("**/Function/Resource",),
        reason="Python 3.13 is supported by AWS, and is the newest version on which a laptop runs "
        "these tests: the functions are tested on the version that they run on",
    ),
    Suppression(
        rule="NIST.800.53.R5-LambdaInsideVPC",
        where=("**/Function/Resource",),
        reason="the functions call AWS's own endpoints alone and nothing calls them but AWS; a VPC "
        "would add a NAT gateway, whose price is per hour, and guard nothing",
    ),
    Suppression(rule="CKV_AWS_117", where=("**Function**",), reason="as LambdaInsideVPC"),
    Suppression(
        rule="NIST.800.53.R5-LambdaConcurrency",
        where=("**/Function/Resource",),
        reason="a reservation takes from the account's limit, 10 in a new account, which "
        "these functions would exceed; ReserveCreation bounds what is created at once",
    ),
    Suppression(rule="CKV_AWS_115", where=("**Function**",), reason="as LambdaConcurrency"),
    Suppression(
        rule="NIST.800.53.R5-LambdaDLQ",
        where=("**/Function/Resource",),
        reason="invoked by a state machine, which waits for the answer, retries and records the "
        "failure; the functions that events invoke have the dead-letter queue",
    ),
    Suppression(rule="CKV_AWS_116", where=("**Function**",), reason="as LambdaDLQ"),
    Suppression(
        rule="CKV_AWS_173",
        where=("**Function**",),
        reason="environment variables hold names, limits and ARNs, no secret, and are encrypted "
        "with AWS's key",
    ),
    Suppression(
        rule="NIST.800.53.R5-IAMNoInlinePolicy",
        where=(
            "**/Grants/Resource",
            "AccountRetirementWorkflow/Role/Resource",
            "CustomAccounts/CustomResourceWorkflow/Role/Resource",
            "OrganizationSetupWorkflow/Role/Resource",
            "RequestBus/StartRetirementRole/Resource",
            "RequestBus/StartRole/Resource",
            "VendingWorkflow/Role/Resource",
        ),
        reason="each role's grants are its own and go with it; a managed policy could be attached "
        "to other roles and has a quota",
    ),
)

BUCKETS = (
    Suppression(
        rule="AwsSolutions-IAM5[Resource::<AuditTrailBucketA91FD435.Arn>/*]",
        where=("AuditTrail/ArchiveAudit/Grants/Resource",),
        reason="an object's name is that of the change it keeps; the bucket keeps every version, "
        "locked",
    ),
    Suppression(
        rule="AwsSolutions-S1",
        where=("AuditTrail/Bucket/Resource", "Portal/Bucket/Resource"),
        reason="access logs would need a second bucket of the same kind; CloudTrail's data events, "
        "which a company sets for its account, show who read the trail; the portal's bucket has "
        "the page's files alone, which everybody may read",
    ),
    Suppression(
        rule="NIST.800.53.R5-S3BucketLoggingEnabled",
        where=("AuditTrail/Bucket/Resource", "Portal/Bucket/Resource"),
        reason="as AwsSolutions-S1",
    ),
    Suppression(
        rule="CKV_AWS_18",
        where=("AuditTrailBucket**", "PortalBucket**"),
        reason="as AwsSolutions-S1",
    ),
    Suppression(
        rule="NIST.800.53.R5-S3BucketReplicationEnabled",
        where=("AuditTrail/Bucket/Resource", "Portal/Bucket/Resource"),
        reason="where a copy may be is the company's to say; versions are locked and S3 keeps them "
        "in three zones; `make publish-portal` puts the page's files there again",
    ),
    Suppression(
        rule="NIST.800.53.R5-S3DefaultEncryptionKMS",
        where=("AuditTrail/Bucket/Resource", "Portal/Bucket/Resource"),
        reason="encrypted with AWS's key unless a customer managed key is set; the page's files "
        "are no secret",
    ),
)

ALARMS = (
    Suppression(
        rule="NIST.800.53.R5-SNSEncryptedKMS",
        where=("Monitoring/AlarmTopic/Topic/Resource",),
        reason="encrypted where a customer managed key is set, as CloudWatch cannot use AWS's key "
        "of SNS; alarms carry names and numbers of this stack, no request",
    ),
    Suppression(rule="CKV_AWS_26", where=("MonitoringAlarmTopic**",), reason="as SNSEncryptedKMS"),
)

ENCRYPTION = (
    Suppression(
        rule="NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        where=("**/Logs/Resource", "Api/AccessLog/Resource"),
        reason="encrypted with AWS's key unless a customer managed key is set",
    ),
    Suppression(
        rule="CKV_AWS_158",
        where=("**Logs**", "ApiAccessLog**"),
        reason="as CloudWatchLogGroupEncrypted",
    ),
    Suppression(
        rule="CKV_AWS_119",
        where=("LedgerTable**",),
        reason="encrypted with AWS's key unless a customer managed key is set",
    ),
    Suppression(
        rule="CKV_AWS_27",
        where=("RequestBusDeadLetters**",),
        reason="encrypted by SQS's own keys (SSE-SQS), which checkov does not count",
    ),
    Suppression(
        rule="NIST.800.53.R5-DynamoDBInBackupPlan",
        where=("Ledger/Table/Resource",),
        reason="point-in-time recovery is on: 35 days, any second; a backup plan beyond that is "
        "the company's, by tags or organization policy",
    ),
)

PORTAL = (
    Suppression(
        rule="AwsSolutions-CFR1",
        where=("Portal/Distribution/Resource",),
        reason="where its people are is the company's to say; the page has nothing to show to who "
        "is not signed in",
    ),
    Suppression(
        rule="AwsSolutions-CFR2",
        where=("Portal/Distribution/Resource",),
        reason="a web ACL costs by the month; API Gateway throttles the API and refuses every call "
        "without a token, and all else is files that do not change",
    ),
    Suppression(rule="CKV_AWS_68", where=("PortalDistribution**",), reason="as AwsSolutions-CFR2"),
    Suppression(
        rule="AwsSolutions-CFR3",
        where=("Portal/Distribution/Resource",),
        reason="who called the API is in its access log, which stays; who read the page's files "
        "says nothing",
    ),
    Suppression(rule="CKV_AWS_86", where=("PortalDistribution**",), reason="as AwsSolutions-CFR3"),
    Suppression(
        rule="AwsSolutions-CFR4",
        where=("Portal/Distribution/Resource",),
        reason="CloudFront's own certificate, for its own host, leaves no choice; with a host of "
        "the company's it is TLS 1.2",
    ),
    Suppression(rule="CKV_AWS_174", where=("PortalDistribution**",), reason="as AwsSolutions-CFR4"),
)

CODE = (
    Suppression(
        rule="B101",
        where=("functions/**", "infra/**", "embedded/**"),
        reason="assertions show the type checker what the code has made sure of; nothing is "
        "validated by them, and Lambda runs without -O",
    ),
    Suppression(
        rule="B105",
        where=(
            "bench/fleet.py",
            "cli/dry_run/walk.py",
            "embedded/cloud.py",
            "embedded/core/role_clients.py",
            "embedded/organizations/errors.py",
            "embedded/people/issuer.py",
            "functions/vending/ledger/changes.py",
        ),
        reason="no secrets: names of an attribute and of a kind of token, task tokens of a dry "
        "run, keys that the embedded AWS takes from anybody on this machine, and AWS's own "
        "messages",
    ),
    Suppression(
        rule="B106",
        where=("embedded/core/sessions.py",),
        reason="keys that the embedded AWS takes from anybody on this machine",
    ),
    Suppression(
        rule="B113",
        where=(
            "embedded/authorization/service_authorization/data.py",
            "embedded/moto_patches/dynamodb_checks.py",
        ),
        reason="a variable named `requests`, not the HTTP library",
    ),
    Suppression(
        rule="B311",
        where=(
            "bench/**",
            "embedded/eventbridge/delivery.py",
            "embedded/jsonata/functions.py",
            "functions/vending/queueing/slots.py",
        ),
        reason="spreads retries or repeats an experiment; nothing is kept secret by it",
    ),
    Suppression(
        rule="B404",
        where=(
            "bench/cold_start.py",
            "bench/embedded_cost.py",
            "embedded/lambda_runtime/processes.py",
            "guards/advisories.py",
            "guards/tools.py",
            "infra/bundling.py",
            "infra/bytecode.py",
        ),
        reason="runs on the machine of who builds or tests, never on AWS; no shell",
    ),
    Suppression(
        rule="B603",
        where=(
            "bench/cold_start.py",
            "bench/embedded_cost.py",
            "embedded/lambda_runtime/processes.py",
            "guards/advisories.py",
            "guards/tools.py",
            "infra/bundling.py",
            "infra/bytecode.py",
        ),
        reason="a list of words that this repository wrote, no shell",
    ),
    Suppression(
        rule="B403",
        where=("embedded/stepfunctions/kept.py",),
        reason="only what this repository wrote into its own build folder is read",
    ),
    Suppression(
        rule="B301",
        where=("embedded/stepfunctions/kept.py",),
        reason="only what this repository wrote into its own build folder is read",
    ),
    Suppression(
        rule="B406",
        where=("bench/plot.py", "embedded/protocols/errors.py"),
        reason="escapes text for XML; nothing is parsed",
    ),
    Suppression(
        rule="B506",
        where=("embedded/cloudformation/template_text.py",),
        reason="the loader is a subclass of yaml.SafeLoader, which bandit does not see",
    ),
)

SUPPRESSIONS = (
    *WILDCARDS,
    *FUNCTIONS,
    *BUCKETS,
    *ALARMS,
    *ENCRYPTION,
    *PORTAL,
    *CODE,
)
