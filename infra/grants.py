"""What each operation may do on AWS, beyond its own logs and traces: all of it, in one place.

Actions that know no resources are granted on "*", as the Service Authorization Reference, "Actions,
resources, and condition keys for AWS Organizations" (and "for AWS Identity and Access Management"),
says. An organization's id is not known before deployment, hence `o-*`; all its ARNs carry the
management account's id, which is the account of this stack.
"""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn

from infra.ledger import BY_STATE
from infra.operation_function import OperationFunction
from infra.settings import Settings
from infra.vending_workflow import STATE_MACHINE_NAME

# The tag that CreateAccount puts on every account; adopting a lost creation depends on it.
REQUEST_ID_TAG = "account-vending:request-id"

LOCKS = ("account#*", "email#*")
INVITATION_POINTERS = ("handshake#*", "invited#*")
# No account without its request's id: what a lost answer leaves behind must be recognisable.
_CARRIES_REQUEST_ID = {"Null": {f"aws:RequestTag/{REQUEST_ID_TAG}": "false"}}


def grant_to_operations(
    functions: Mapping[str, OperationFunction],
    *,
    ledger: dynamodb.ITable,
    bus: events.IEventBus,
    settings: Settings,
) -> None:
    """Grant to each of `functions`, by operation name, exactly what it calls."""
    _grant_bookkeeping(functions, ledger=ledger, bus=bus)
    _grant_preflight(functions["AcceptRequest"], ledger=ledger, settings=settings)
    _grant_locks(functions, ledger=ledger)
    _grant_turns(functions, ledger=ledger, settings=settings)
    _grant_creation(functions)
    _grant_invitation(functions, settings=settings)
    _grant_corridor(functions, ledger=ledger)
    _grant_policies(functions, settings=settings)
    _grant_organization_settings(functions, settings=settings)
    _grant_all_features(functions)


def grant_to_answer_handshake(function: OperationFunction, *, ledger: dynamodb.ITable) -> None:
    """Grant to AnswerHandshake to look at invitations and to end the steps that wait for them."""
    organization = _organizations_arn(function)
    function.may_use_ledger(
        ledger, operations=["GetItem"], rows=["request#*", *INVITATION_POINTERS]
    )
    function.may(
        "LookAtInvitation",
        actions=["organizations:DescribeHandshake"],
        resources=[f"{organization}:handshake/o-*/invite/h-*"],
    )
    function.may(
        "DescribeAccount",
        actions=["organizations:DescribeAccount"],
        resources=[f"{organization}:account/o-*/*"],
    )
    function.may("FindAccount", actions=["organizations:ListAccounts"], resources=["*"])
    # Tokens are secrets of the ledger; the actions know no resources.
    function.may(
        "EndWaitingStep",
        actions=["states:SendTaskFailure", "states:SendTaskSuccess"],
        resources=["*"],
    )


def grant_to_discover_account(
    function: OperationFunction,
    *,
    ledger: dynamodb.ITable,
    bus: events.IEventBus,
    settings: Settings,
) -> None:
    """Grant to DiscoverAccount what it looks up, and what the setting has it do with strangers."""
    records = settings.discovered_accounts == "record"
    function.may_use_ledger(ledger, operations=["GetItem", *(["PutItem"] if records else [])])
    function.may(
        "FindRequests",
        actions=["dynamodb:Query"],
        resources=[f"{ledger.table_arn}/index/{BY_STATE}"],
    )
    function.may(
        "RecognizeAccount",
        actions=["organizations:DescribeAccount", "organizations:ListTagsForResource"],
        resources=[f"{_organizations_arn(function)}:account/o-*/*"],
    )
    if not records:
        function.may_announce_on(bus)


def grant_to_record_execution_end(
    function: OperationFunction,
    *,
    ledger: dynamodb.ITable,
    bus: events.IEventBus,
    settings: Settings,
) -> None:
    """Grant to RecordExecutionEnd the rows, and to read an input that no event can carry."""
    function.may_use_ledger(ledger, operations=["GetItem", "PutItem", "UpdateItem"])
    _grant_to_give_back(function, ledger=ledger, settings=settings)
    function.may_announce_on(bus)


def grant_to_reconcile_ledger(
    function: OperationFunction,
    *,
    ledger: dynamodb.ITable,
    bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    settings: Settings,
) -> None:
    """Grant to ReconcileLedger the rows to repair, and to read what it compares them with."""
    # It reads rows and its own item, and writes that item.
    function.may_use_ledger(
        ledger,
        operations=["GetItem", "PutItem", "UpdateItem"],
        rows=["request#*", "reconciliation#*"],
    )
    _grant_to_give_back(function, ledger=ledger, settings=settings)
    function.may(
        "FindRequests",
        actions=["dynamodb:Query"],
        resources=[f"{ledger.table_arn}/index/{BY_STATE}"],
    )
    function.may_announce_on(bus)
    function.may(
        "ListRunningExecutions",
        actions=["states:ListExecutions"],
        resources=[state_machine.state_machine_arn],
    )
    function.may("ListAccounts", actions=["organizations:ListAccounts"], resources=["*"])
    function.may(
        "RecognizeAccount",
        actions=["organizations:DescribeAccount", "organizations:ListTagsForResource"],
        resources=[f"{_organizations_arn(function)}:account/o-*/*"],
    )


def _grant_bookkeeping(
    functions: Mapping[str, OperationFunction], *, ledger: dynamodb.ITable, bus: events.IEventBus
) -> None:
    for name, row_operations in {
        "AcceptRequest": ["GetItem"],
        "ReserveCreation": ["GetItem", "UpdateItem"],
        "CreateGovCloudAccount": ["GetItem", "UpdateItem"],
        "CreateAccount": ["GetItem", "UpdateItem"],
        "DescribeCreateAccountStatus": ["GetItem", "UpdateItem"],
        "RecordVended": ["UpdateItem"],
        # It also remembers requests that were refused before they had a row.
        "RecordFailure": ["GetItem", "PutItem", "UpdateItem"],
    }.items():
        functions[name].may_use_ledger(ledger, operations=row_operations)
        # Whoever changes a request's state says so to everybody else.
        functions[name].may_announce_on(bus)
    # It also looks at the locks that others have on the account.
    describe_account = functions["DescribeAccount"]
    describe_account.may_use_ledger(ledger, operations=["UpdateItem"])
    describe_account.may_use_ledger(
        ledger,
        operations=["GetItem"],
        rows=["request#*", *LOCKS],
        sid="LookAtLocks",
    )
    describe_account.may_announce_on(bus)
    # It also leaves pointers by which an invitation's answer finds its request.
    functions["InviteAccountToOrganization"].may_use_ledger(
        ledger,
        operations=["GetItem", "PutItem", "UpdateItem"],
        rows=["request#*", *INVITATION_POINTERS],
    )
    functions["InviteAccountToOrganization"].may_announce_on(bus)
    functions["CancelHandshake"].may_use_ledger(ledger, operations=["GetItem"])
    functions["DescribeHandshake"].may_use_ledger(ledger, operations=["UpdateItem"])
    # A claim whose execution no longer runs may be taken over.
    functions["AcceptRequest"].may(
        "LookAtClaimingExecution",
        actions=["states:DescribeExecution"],
        resources=[f"{_executions_arn(ledger)}:*"],
    )


def _grant_preflight(
    accept_request: OperationFunction, *, ledger: dynamodb.ITable, settings: Settings
) -> None:
    """What it takes to look, before there is an account, at what a request asks for besides."""
    organization = _organizations_arn(accept_request)
    units = f"{organization}:ou/o-*/ou-*"
    for name, value in {
        "SERVICE_PRINCIPALS": settings.service_principals,
        "FORCED_SERVICE_PRINCIPALS": settings.forced_service_principals,
        "POLICY_TYPES": settings.policy_types,
        "INVITED_ACCOUNT_ROLE_NAMES": settings.invited_account_role_names,
    }.items():
        if value:
            accept_request.function.add_environment(name, " ".join(value))
    accept_request.may_use_ledger(
        ledger, operations=["GetItem", "PutItem"], rows="unit#*", sid="RememberUnits"
    )
    # Policies of every type, because a name is taken for all of them.
    accept_request.may(
        "LookAtOrganization",
        actions=[
            "organizations:DescribeOrganization",
            "organizations:ListAWSServiceAccessForOrganization",
            "organizations:ListPolicies",
            "organizations:ListRoots",
        ],
        resources=["*"],
    )
    accept_request.may(
        "LookForUnits",
        actions=["organizations:ListOrganizationalUnitsForParent"],
        resources=[f"{organization}:root/o-*/r-*", units],
    )
    accept_request.may(
        "LookAtUnits",
        actions=["organizations:DescribeOrganizationalUnit"],
        resources=[units],
    )


def _grant_locks(functions: Mapping[str, OperationFunction], *, ledger: dynamodb.ITable) -> None:
    # Taken with the claim in one transaction, which one statement allows as a whole: whether AWS
    # holds each item or all keys together against the condition is not documented.
    functions["AcceptRequest"].may_use_ledger(
        ledger,
        operations=["PutItem", "UpdateItem"],
        rows=["request#*", *LOCKS],
        sid="ClaimWithLocks",
    )
    # Taken away from requests that are over, given back at the end.
    for name in ("AcceptRequest", "RecordVended", "RecordFailure"):
        _grant_to_free_locks(functions[name], ledger=ledger)


def _grant_turns(
    functions: Mapping[str, OperationFunction], *, ledger: dynamodb.ITable, settings: Settings
) -> None:
    for name in (
        "ReserveCreation",
        "CreateAccount",
        "CreateGovCloudAccount",
        "DescribeCreateAccountStatus",
        "RecordFailure",
    ):
        _grant_to_take_turns(functions[name], ledger=ledger, settings=settings)


def _grant_creation(functions: Mapping[str, OperationFunction]) -> None:
    creators = {name: functions[name] for name in ("CreateAccount", "CreateGovCloudAccount")}
    describe_create_account_status = functions["DescribeCreateAccountStatus"]
    accounts = [f"{_organizations_arn(describe_create_account_status)}:account/o-*/*"]

    for name, creator in creators.items():
        creator.may(
            "CreateTaggedAccount",
            # With tags it needs TagResource too (AWS Organizations API Reference, CreateAccount),
            # on a resource that AWS documents nowhere: the account has no ARN yet.
            actions=[f"organizations:{name}", "organizations:TagResource"],
            resources=["*"],
            conditions=_CARRIES_REQUEST_ID,
        )
    describe_create_account_status.may(
        "DescribeCreation",
        actions=["organizations:DescribeCreateAccountStatus"],
        resources=["*"],
    )
    # What an unanswered call left behind shows as a creation of that name and time, or as an
    # account of that email. All look: a creation may also turn out to be an earlier one of ours.
    for finder in (*creators.values(), describe_create_account_status):
        finder.may(
            "FindCreation",
            actions=["organizations:ListCreateAccountStatus", "organizations:ListAccounts"],
            resources=["*"],
        )
        # An account is adopted only when its request tag says that it is ours.
        finder.may(
            "RecognizeAccount",
            actions=["organizations:ListTagsForResource"],
            resources=accounts,
        )


def _grant_invitation(functions: Mapping[str, OperationFunction], *, settings: Settings) -> None:
    invite = functions["InviteAccountToOrganization"]
    describe_handshake = functions["DescribeHandshake"]
    organization = _organizations_arn(invite)
    accounts = [f"{organization}:account/o-*/*"]
    invitations = [f"{organization}:handshake/o-*/invite/h-*"]

    invite.may(
        "InviteTaggedAccount",
        # As CreateAccount; whoever is invited by email has no ARN that could be known.
        actions=["organizations:InviteAccountToOrganization", "organizations:TagResource"],
        resources=["*"],
        conditions=_CARRIES_REQUEST_ID,
    )
    # What an unanswered call sent, or somebody else did, shows among the invitations.
    invite.may(
        "FindInvitation",
        actions=["organizations:ListHandshakesForOrganization", "organizations:ListAccounts"],
        resources=["*"],
    )
    for looker in (invite, describe_handshake):
        looker.may(
            "LookAtInvitation", actions=["organizations:DescribeHandshake"], resources=invitations
        )
    # An account that was invited by email has an id only in the list.
    describe_handshake.may("FindAccount", actions=["organizations:ListAccounts"], resources=["*"])
    describe_handshake.may("EndOwnStep", actions=["states:SendTaskSuccess"], resources=["*"])
    # What ends VENDED was active when it ended, and is looked at again when it is asked for again.
    for looker in (
        invite,
        functions["DescribeAccount"],
        functions["AcceptRequest"],
        functions["RecordVended"],
    ):
        looker.may("DescribeAccount", actions=["organizations:DescribeAccount"], resources=accounts)
    for looker in (functions["AcceptRequest"], functions["RecordVended"]):
        looker.may("FindParent", actions=["organizations:ListParents"], resources=accounts)
    # The tag says whether another request may be looking for the account.
    functions["DescribeAccount"].may(
        "RecognizeAccount", actions=["organizations:ListTagsForResource"], resources=accounts
    )
    functions["CancelHandshake"].may(
        "CancelInvitation", actions=["organizations:CancelHandshake"], resources=invitations
    )
    # The invited account accepts, never this one; its role has to let this function in, too.
    if settings.invited_account_role_names:
        role = f"arn:{Stack.of(invite).partition}:iam::*:role"
        functions["AcceptHandshake"].may(
            "ActInInvitedAccount",
            actions=["sts:AssumeRole"],
            resources=[f"{role}/{name}" for name in settings.invited_account_role_names],
        )


def _grant_corridor(functions: Mapping[str, OperationFunction], *, ledger: dynamodb.ITable) -> None:
    create_organizational_unit = functions["CreateOrganizationalUnit"]
    move_account = functions["MoveAccount"]
    organization = _organizations_arn(move_account)
    accounts = [f"{organization}:account/o-*/*"]
    parents = [f"{organization}:root/o-*/r-*", f"{organization}:ou/o-*/ou-*"]

    # What a path led to, so that it is not searched for among all units again.
    create_organizational_unit.may_use_ledger(
        ledger, operations=["GetItem", "PutItem"], rows="unit#*"
    )
    create_organizational_unit.may("FindRoot", actions=["organizations:ListRoots"], resources=["*"])
    create_organizational_unit.may(
        "EnsurePath",
        actions=[
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:CreateOrganizationalUnit",
        ],
        resources=parents,
    )
    create_organizational_unit.may(
        "VerifyPath",
        actions=["organizations:DescribeOrganizationalUnit"],
        resources=[f"{organization}:ou/o-*/ou-*"],
    )
    move_account.may("FindParent", actions=["organizations:ListParents"], resources=accounts)
    # AWS checks the account, the parent it leaves and the parent it goes to.
    move_account.may(
        "MoveAccount", actions=["organizations:MoveAccount"], resources=[*accounts, *parents]
    )
    functions["TagResource"].may(
        "TagAccount",
        actions=["organizations:ListTagsForResource", "organizations:TagResource"],
        resources=accounts,
    )


def _grant_policies(functions: Mapping[str, OperationFunction], *, settings: Settings) -> None:
    create_policy, attach_policy = functions["CreatePolicy"], functions["AttachPolicy"]
    enable_policy_type = functions["EnablePolicyType"]
    organization = _organizations_arn(create_policy)
    own_policies = f"{organization}:policy/o-*/*"
    # Those that AWS manages belong to no account, and may be attached as well.
    aws_policies = f"arn:{Stack.of(create_policy).partition}:organizations::aws:policy/*"
    root = f"{organization}:root/o-*/r-*"
    targets = [f"{organization}:account/o-*/*", root, f"{organization}:ou/o-*/ou-*"]
    of_allowed_types = {"StringEquals": {"organizations:PolicyType": list(settings.policy_types)}}

    create_policy.may(
        "EnsurePolicy",
        actions=["organizations:ListPolicies", "organizations:CreatePolicy"],
        resources=["*"],
        conditions=of_allowed_types,
    )
    create_policy.may(
        "ComparePolicy",
        actions=["organizations:DescribePolicy"],
        resources=[own_policies, aws_policies],
        conditions=of_allowed_types,
    )
    create_policy.may(
        "UpdatePolicy",
        actions=["organizations:UpdatePolicy"],
        resources=[own_policies],
        conditions=of_allowed_types,
    )
    attach_policy.may(
        "ReadAttachments",
        actions=["organizations:ListPoliciesForTarget"],
        resources=targets,
        conditions=of_allowed_types,
    )
    # AWS checks the policy and its target.
    attach_policy.may(
        "AttachPolicy",
        actions=["organizations:AttachPolicy"],
        resources=[own_policies, aws_policies, *targets],
        conditions=of_allowed_types,
    )
    enable_policy_type.may("FindRoot", actions=["organizations:ListRoots"], resources=["*"])
    enable_policy_type.may(
        "EnablePolicyType",
        actions=["organizations:EnablePolicyType"],
        resources=[root],
        conditions=of_allowed_types,
    )


def _grant_organization_settings(
    functions: Mapping[str, OperationFunction], *, settings: Settings
) -> None:
    enable_service_access = functions["EnableAWSServiceAccess"]
    enable_service_access.may(
        "ReadServiceAccess",
        actions=["organizations:ListAWSServiceAccessForOrganization"],
        resources=["*"],
    )
    enable_service_access.may(
        "EnableListedServices",
        actions=["organizations:EnableAWSServiceAccess"],
        resources=["*"],
        conditions={
            "StringEquals": {"organizations:ServicePrincipal": list(settings.service_principals)}
        },
    )
    forced = " ".join(settings.forced_service_principals)
    if forced:
        enable_service_access.function.add_environment("FORCED_SERVICE_PRINCIPALS", forced)
    for operation, features in {
        "EnableOrganizationsRootCredentialsManagement": ["RootCredentialsManagement"],
        "EnableOrganizationsRootSessions": ["RootCredentialsManagement", "RootSessions"],
    }.items():
        functions[operation].may(
            "EnsureRootFeatures",
            actions=[
                "iam:ListOrganizationsFeatures",
                *(f"iam:EnableOrganizations{feature}" for feature in features),
            ],
            resources=["*"],
        )
        # Root features need IAM's trusted access first; these functions can enable nobody else's.
        functions[operation].may(
            "EnableServiceAccessForIAM",
            actions=["organizations:EnableAWSServiceAccess"],
            resources=["*"],
            conditions={"StringEquals": {"organizations:ServicePrincipal": "iam.amazonaws.com"}},
        )


def _grant_all_features(functions: Mapping[str, OperationFunction]) -> None:
    enable_all_features = functions["EnableAllFeatures"]
    accept_handshake = functions["AcceptHandshake"]
    organization = _organizations_arn(enable_all_features)
    stack = Stack.of(accept_handshake)
    roles = f"arn:{stack.partition}:iam::{stack.account}:role/aws-service-role"

    enable_all_features.may(
        "MigrateToAllFeatures",
        actions=[
            "organizations:DescribeOrganization",
            "organizations:ListHandshakesForOrganization",
            "organizations:EnableAllFeatures",
        ],
        resources=["*"],
    )
    # A member that declined and left since then is not waited for.
    enable_all_features.may(
        "RecognizeMember",
        actions=["organizations:DescribeAccount"],
        resources=[f"{organization}:account/o-*/*"],
    )
    # AWS's pages disagree on which of the two the management account accepts; no invitation.
    accept_handshake.may(
        "FinalizeAllFeatures",
        actions=["organizations:AcceptHandshake"],
        resources=[
            f"{organization}:handshake/o-*/{action}_all_features/h-*"
            for action in ("approve", "enable")
        ],
    )
    # All features come with Organizations' own role, which AWS makes with the caller's rights.
    accept_handshake.may(
        "CreateRoleOfOrganizations",
        actions=["iam:CreateServiceLinkedRole"],
        resources=[f"{roles}/organizations.amazonaws.com/AWSServiceRoleForOrganizations"],
        conditions={"StringEquals": {"iam:AWSServiceName": "organizations.amazonaws.com"}},
    )


def _grant_to_give_back(
    function: OperationFunction, *, ledger: dynamodb.ITable, settings: Settings
) -> None:
    # A request that ended keeps neither its locks nor its place from others. Taking turns includes
    # looking at executions, of which these functions also read how they ended.
    _grant_to_free_locks(function, ledger=ledger)
    _grant_to_take_turns(function, ledger=ledger, settings=settings)


def _grant_to_free_locks(function: OperationFunction, *, ledger: dynamodb.ITable) -> None:
    function.may_use_ledger(ledger, operations=["DeleteItem"], rows=LOCKS, sid="FreeLocks")


def _grant_to_take_turns(
    function: OperationFunction, *, ledger: dynamodb.ITable, settings: Settings
) -> None:
    stack = Stack.of(ledger)
    place = f"{stack.region}:{stack.account}"
    # Whoever makes room at the creation gate hands the turn to the next, if it is still there.
    function.may_take_turns(
        ledger,
        state_machine_arn=f"arn:{stack.partition}:states:{place}:stateMachine:{STATE_MACHINE_NAME}",
        settings=settings,
    )
    function.may(
        "LookAtExecutions",
        actions=["states:DescribeExecution"],
        resources=[f"{_executions_arn(ledger)}:*"],
    )


def _executions_arn(scope: dynamodb.ITable) -> str:
    stack = Stack.of(scope)
    place = f"{stack.region}:{stack.account}"
    return f"arn:{stack.partition}:states:{place}:execution:{STATE_MACHINE_NAME}"


def _organizations_arn(scope: OperationFunction) -> str:
    stack = Stack.of(scope)
    return f"arn:{stack.partition}:organizations::{stack.account}"
