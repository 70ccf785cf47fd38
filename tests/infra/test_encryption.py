"""A customer's KMS key: what it encrypts, who may use it for what, and that it is a setting."""

import json
from typing import Any

import pytest

from infra.settings import Settings
from tests.infra.synthesized import MACHINES, ROOT, Statement, SynthesizedTemplate, flat, synthesize

KEY = "arn:aws:kms:us-east-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666"
KEY_OF = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Events::EventBus": ("KmsKeyIdentifier",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::S3::Bucket": ("BucketEncryption",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::StepFunctions::StateMachine": ("EncryptionConfiguration", "KmsKeyId"),
}
"""Where each type of resource that keeps data names its key."""

MACHINE = "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:account-vending"
DECRYPT = frozenset({"kms:Decrypt"})
DECRYPT_AND_ENCRYPT = frozenset({"kms:Decrypt", "kms:GenerateDataKey"})


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    return synthesize(Settings(kms_key_arn=KEY), tmp_path_factory.mktemp("encrypted"))


def test_aws_own_keys_encrypt_by_default_and_nobody_is_granted_a_key(
    template: SynthesizedTemplate,
) -> None:
    text = json.dumps(template.document["Resources"]).lower()

    assert "kms" not in text
    assert template.only("AWS::SQS::Queue")["Properties"]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("type_", KEY_OF)
def test_customer_key_encrypts_everything_that_keeps_data(
    encrypted: SynthesizedTemplate, type_: str
) -> None:
    def key(properties: Any) -> Any:
        for name in KEY_OF[type_]:
            properties = properties[name]
        if type_ == "AWS::S3::Bucket":
            (rule,) = properties["ServerSideEncryptionConfiguration"]
            assert rule["BucketKeyEnabled"] is True  # else every object uses the key
            return rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
        return properties

    resources = encrypted.of_type(type_)

    assert resources
    assert {key(one["Properties"]) for one in resources.values()} == {KEY}


def test_bus_keeps_the_events_that_it_cannot_decrypt(encrypted: SynthesizedTemplate) -> None:
    ((bus_id, bus),) = encrypted.of_type("AWS::Events::EventBus").items()
    (queue_id,) = encrypted.of_type("AWS::SQS::Queue")
    policy = encrypted.only("AWS::SQS::QueuePolicy")["Properties"]["PolicyDocument"]

    (allowed,) = (one for one in policy["Statement"] if one.get("Sid") == "AllowEventBus")

    assert flat(bus["Properties"]["DeadLetterConfig"]["Arn"]) == f"${{{queue_id}.Arn}}"
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [bus_id, "Arn"]}}}


def _uses(template: SynthesizedTemplate, role_id: str) -> list[Statement]:
    return [
        one
        for one in template.statements(role_id)
        if any(action.startswith("kms:") for action in one.actions)
    ]


def _uses_of_role(
    template: SynthesizedTemplate, role_id: str
) -> set[tuple[frozenset[str], str, str]]:
    """(actions, service, resource) of each use of the key."""
    uses = set()
    for one in _uses(template, role_id):
        assert one.resources == {KEY}
        ((_, conditions), *more) = one.condition.items()
        conditions = conditions | {key: value for _, each in more for key, value in each.items()}
        service = conditions.pop("kms:ViaService", "itself")
        ((context, resource),) = conditions.items()
        assert context.startswith("kms:EncryptionContext:")
        for each in resource if isinstance(resource, list) else [resource]:
            uses.add((one.actions, service, flat(each)))
    return uses


LEDGER = (DECRYPT, "dynamodb.us-east-1.amazonaws.com", "${LedgerTable}")
LOOKS_AT_EXECUTIONS = (DECRYPT, "states.us-east-1.amazonaws.com", MACHINE)
NOTIFIES_EXECUTIONS = (DECRYPT_AND_ENCRYPT, "states.us-east-1.amazonaws.com", MACHINE)
RETIREMENTS = MACHINE.replace("account-vending", "account-retirement")
LOOKS_AT_RETIREMENTS = (DECRYPT, "states.us-east-1.amazonaws.com", RETIREMENTS)
NOTIFIES_RETIREMENTS = (DECRYPT_AND_ENCRYPT, "states.us-east-1.amazonaws.com", RETIREMENTS)
DEAD_LETTERS = (DECRYPT_AND_ENCRYPT, "sqs.us-east-1.amazonaws.com", "${Queue.Arn}")
TRAIL = (frozenset({"kms:GenerateDataKey"}), "s3.us-east-1.amazonaws.com", "${Bucket.Arn}")
EXPECTED: dict[str, set[tuple[frozenset[str], str, str]]] = {
    "ArchiveAudit": {LEDGER, TRAIL, DEAD_LETTERS},
    "AcceptRequest": {LEDGER, LOOKS_AT_EXECUTIONS},
    "AcceptRetirement": {LEDGER, LOOKS_AT_RETIREMENTS},
    "CloseAccount": {LEDGER, NOTIFIES_RETIREMENTS},
    "DeregisterDelegatedAdministrator": {LEDGER},
    "DescribeClosure": {LEDGER, NOTIFIES_RETIREMENTS},
    "RecordRetirement": {LEDGER, NOTIFIES_RETIREMENTS},
    "ReserveClosing": {LEDGER, NOTIFIES_RETIREMENTS},
    "AnswerCreateAccount": {LEDGER, NOTIFIES_EXECUTIONS, DEAD_LETTERS},
    "AnswerHandshake": {LEDGER, NOTIFIES_EXECUTIONS, DEAD_LETTERS},
    "AwaitApproval": {LEDGER},
    "CancelHandshake": {LEDGER},
    "CreateAccount": {LEDGER, NOTIFIES_EXECUTIONS},
    "CreateGovCloudAccount": {LEDGER, NOTIFIES_EXECUTIONS},
    "CreateOrganizationalUnit": {LEDGER},
    "DescribeAccount": {LEDGER},
    "DescribeCreateAccountStatus": {LEDGER, NOTIFIES_EXECUTIONS},
    "DescribeHandshake": {LEDGER, NOTIFIES_EXECUTIONS},
    "AcceptPrimaryEmailUpdate": {LEDGER},
    "DecideApproval": {LEDGER, NOTIFIES_EXECUTIONS, NOTIFIES_RETIREMENTS, DEAD_LETTERS},
    "DetectDrift": {LEDGER},
    "StartPrimaryEmailUpdate": {LEDGER, NOTIFIES_EXECUTIONS},
    "DiscoverAccount": {LEDGER, DEAD_LETTERS},
    "MoveAccount": {LEDGER},
    "InviteAccountToOrganization": {LEDGER},
    "ReconcileLedger": {LEDGER, NOTIFIES_EXECUTIONS, NOTIFIES_RETIREMENTS},
    "RecordExecutionEnd": {LEDGER, NOTIFIES_EXECUTIONS, DEAD_LETTERS},
    "RecordFailure": {LEDGER, NOTIFIES_EXECUTIONS},
    "RecordVended": {LEDGER},
    "ReserveCreation": {LEDGER, NOTIFIES_EXECUTIONS},
}
"""What each function needs of the key; those that are not here need nothing."""


def test_functions_use_the_key_for_exactly_what_they_call(encrypted: SynthesizedTemplate) -> None:
    (table_id,) = encrypted.of_type("AWS::DynamoDB::Table")
    (queue_id,) = encrypted.of_type("AWS::SQS::Queue")
    (bucket_id,) = encrypted.of_type("AWS::S3::Bucket")
    names = {
        f"${{{table_id}}}": "${LedgerTable}",
        f"${{{queue_id}.Arn}}": "${Queue.Arn}",
        f"${{{bucket_id}.Arn}}": "${Bucket.Arn}",
    }

    granted = {}
    for function in encrypted.of_type("AWS::Lambda::Function").values():
        role_id = function["Properties"]["Role"]["Fn::GetAtt"][0]
        uses = {
            (actions, service, names.get(resource, resource))
            for actions, service, resource in _uses_of_role(encrypted, role_id)
        }
        if uses:
            granted[function["Properties"]["Description"].removeprefix("Account vending: ")] = uses

    assert granted == EXPECTED


@pytest.mark.parametrize("construct", MACHINES)
def test_state_machine_uses_the_key_for_its_own_data_and_log(
    encrypted: SynthesizedTemplate, construct: str
) -> None:
    role_id = encrypted.machine(construct)["RoleArn"]["Fn::GetAtt"][0]
    own = {
        "VendingWorkflow": MACHINE,
        "AccountRetirementWorkflow": RETIREMENTS,
        "OrganizationSetupWorkflow": MACHINE.replace(
            "account-vending", "OrganizationSetupWorkflowStateMachine*"
        ),
    }[construct]

    assert encrypted.machine_id("OrganizationSetupWorkflow").startswith(
        "OrganizationSetupWorkflowStateMachine"
    )
    assert _uses_of_role(encrypted, role_id) == {
        (DECRYPT_AND_ENCRYPT, "itself", own),
        (
            frozenset({"kms:GenerateDataKey"}),
            "itself",
            "arn:aws:logs:us-east-1:${AWS::AccountId}:*",
        ),
    }


def test_rule_may_start_encrypted_executions(encrypted: SynthesizedTemplate) -> None:
    (role_id,) = (
        id_ for id_ in encrypted.of_type("AWS::IAM::Role") if id_.startswith("RequestBusStartRole")
    )
    machine_id = encrypted.machine_id("VendingWorkflow")

    assert _uses_of_role(encrypted, role_id) == {
        (DECRYPT_AND_ENCRYPT, "states.us-east-1.amazonaws.com", f"${{{machine_id}}}")
    }


@pytest.mark.parametrize(
    "arn",
    [
        "alias/vending",
        "arn:aws:kms:eu-west-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666",
        "arn:aws:kms:us-east-1:111111111111:alias/vending",
    ],
)
def test_key_that_is_not_one_of_this_region_is_refused(arn: str) -> None:
    with pytest.raises(ValueError, match="kms_key_arn"):
        Settings(kms_key_arn=arn)


def test_key_policy_of_the_documentation_admits_every_service_that_uses_the_key() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    policy = json.loads(page.partition("```json\n")[2].partition("```")[0])

    services = {
        one["Principal"]["Service"]
        for one in policy["Statement"]
        if "Service" in one["Principal"] and one["Condition"]
    }
    via = {
        one["Condition"]["StringEquals"]["kms:ViaService"]
        for one in policy["Statement"]
        if "kms:ViaService" in one.get("Condition", {}).get("StringEquals", {})
    }

    assert services == {
        "cloudwatch.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "events.amazonaws.com",
        "logs.us-east-1.amazonaws.com",
    }
    assert via == {"dynamodb.us-east-1.amazonaws.com"}
