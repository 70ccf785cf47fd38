"""The audit trail: a locked bucket, the function that writes it, and its setting."""

import json
from importlib import import_module

import pytest

from infra.settings import Settings
from tests.infra.synthesized import SynthesizedTemplate, flat, logical_id


def test_bucket_is_versioned_locked_closed_and_outlives_the_stack(
    template: SynthesizedTemplate,
) -> None:
    bucket = template.only("AWS::S3::Bucket")
    properties = bucket["Properties"]

    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Days": 365, "Mode": "GOVERNANCE"}},
    }
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_bucket_takes_no_request_without_tls(template: SynthesizedTemplate) -> None:
    policy = template.only("AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]

    (denied,) = policy["Statement"]

    assert (denied["Effect"], denied["Action"]) == ("Deny", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_function_may_do_exactly_this(template: SynthesizedTemplate) -> None:
    _, function = template.entrance("ArchiveAudit")
    (table_id,) = template.of_type("AWS::DynamoDB::Table")
    (bucket_id,) = template.of_type("AWS::S3::Bucket")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    granted = {
        action: sorted(statement.resources)
        for statement in template.statements(logical_id(function["Role"]))
        for action in statement.actions
        if statement.sid not in {"WriteOwnLogs", "WriteTraces"}
    }

    stream = [f"${{{table_id}.StreamArn}}"]
    assert granted == {
        "s3:PutObject": [f"${{{bucket_id}.Arn}}/*"],
        "dynamodb:DescribeStream": stream,
        "dynamodb:GetRecords": stream,
        "dynamodb:GetShardIterator": stream,
        "dynamodb:ListStreams": ["*"],
        "sqs:SendMessage": [f"${{{queue_id}.Arn}}"],
    }
    assert {"s3:PutObject"} == import_module("events.archive_audit").CALLS


def test_changes_of_requests_are_delivered_until_they_are_kept_or_dead_lettered(
    template: SynthesizedTemplate,
) -> None:
    function_id, _ = template.entrance("ArchiveAudit")
    (queue_id,) = template.of_type("AWS::SQS::Queue")
    mapping = template.only("AWS::Lambda::EventSourceMapping")["Properties"]
    (wanted,) = mapping["FilterCriteria"]["Filters"]

    assert logical_id(mapping["FunctionName"]) == function_id
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert "MaximumRetryAttempts" not in mapping
    # The stream keeps them for 24 hours.
    assert mapping["MaximumRecordAgeInSeconds"] < 24 * 3_600
    assert flat(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == f"${{{queue_id}.Arn}}"
    assert json.loads(wanted["Pattern"]) == {
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "request#"}, {"prefix": "retirement#"}]}}}
    }


def test_stream_shows_what_rows_were_and_are(template: SynthesizedTemplate) -> None:
    table = template.only("AWS::DynamoDB::Table")["Properties"]

    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_trail_is_a_setting(bare: SynthesizedTemplate) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::Lambda::EventSourceMapping"):
        assert not bare.of_type(kind)
    assert "StreamSpecification" not in bare.only("AWS::DynamoDB::Table")["Properties"]
    assert "AuditBucketName" not in bare.document["Outputs"]
    assert "ArchiveAudit" not in json.dumps(bare.document)


def test_lock_that_nobody_opens_is_a_setting(full: SynthesizedTemplate) -> None:
    lock = full.only("AWS::S3::Bucket")["Properties"]["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"] == {"Days": 3650, "Mode": "COMPLIANCE"}


def test_retention_of_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="audit_retention_days"):
        Settings(audit_retention_days=0)
