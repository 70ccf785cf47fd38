"""Templates in YAML, and the types that the template of `cdk bootstrap` has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from embedded.cloudformation.template_text import parse
from tests.unit.embedded.cloudformation_template import NAME

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]

BOOTSTRAP = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {Description: assets}}
  Alias:
    Type: AWS::KMS::Alias
    Properties: {AliasName: alias/assets, TargetKeyId: !Ref Key}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "assets-${AWS::AccountId}"
      VersioningConfiguration: {Status: Enabled}
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Deny
            Action: s3:*
            Resource: !Sub "${Bucket.Arn}/*"
            Principal: "*"
            Condition: {Bool: {aws:SecureTransport: "false"}}
  Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryName: images}}
  Version:
    Type: AWS::SSM::Parameter
    Properties: {Name: /version, Type: String, Value: !GetAtt Key.Arn}
Outputs:
  BucketArn: {Value: !GetAtt Bucket.Arn, Export: {Name: !Sub "${AWS::StackName}-bucket"}}
"""


@pytest.mark.parametrize("way", ["CreateStack", "CreateChangeSet"])
def test_yaml_template_is_deployed_and_removed(empty_cloud: Aws, way: str) -> None:
    cloudformation: Any = empty_cloud.client("cloudformation")
    s3 = empty_cloud.client("s3")

    if way == "CreateStack":
        cloudformation.create_stack(StackName=NAME, TemplateBody=BOOTSTRAP)
    else:
        name = {"StackName": NAME, "ChangeSetName": "one"}
        cloudformation.create_change_set(**name, TemplateBody=BOOTSTRAP, ChangeSetType="CREATE")
        cloudformation.execute_change_set(**name)

    assert empty_cloud.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert empty_cloud.outputs() == {"BucketArn": "arn:aws:s3:::assets-111111111111"}
    s3.put_object(Bucket="assets-111111111111", Key="one", Body=b"1")
    s3.delete_object(
        Bucket="assets-111111111111",
        Key="one",
        VersionId=s3.head_object(Bucket="assets-111111111111", Key="one")["VersionId"],
    )
    parameter = empty_cloud.client("ssm").get_parameter(Name="/version")["Parameter"]["Value"]
    assert parameter.startswith("arn:aws:kms:")
    (export,) = cloudformation.list_exports()["Exports"]
    assert export["Name"] == f"{NAME}-bucket"
    cloudformation.delete_stack(StackName=NAME)
    assert s3.list_buckets()["Buckets"] == []


def test_change_set_of_another_stack_is_not_deleted(empty_cloud: Aws) -> None:
    cloudformation: Any = empty_cloud.client("cloudformation")
    for stack in ("One", "Two"):
        cloudformation.create_change_set(
            StackName=stack, ChangeSetName="same", TemplateBody=BOOTSTRAP, ChangeSetType="CREATE"
        )

    cloudformation.delete_change_set(StackName="One", ChangeSetName="same")
    cloudformation.delete_change_set(StackName="One", ChangeSetName="same")

    kept = cloudformation.describe_change_set(StackName="Two", ChangeSetName="same")
    assert kept["StackName"] == "Two"
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_change_set(StackName="One", ChangeSetName="same")


def test_short_forms_are_the_full_ones() -> None:
    assert parse("a: !Ref B\nb: !GetAtt C.D.E\nc: !If [X, !Sub '${B}', 2012-10-17]") == {
        "a": {"Ref": "B"},
        "b": {"Fn::GetAtt": ["C", "D.E"]},
        "c": {"Fn::If": ["X", {"Fn::Sub": "${B}"}, "2012-10-17"]},
    }


@pytest.mark.parametrize("text", ["a: [", "just text"])
def test_text_that_is_no_template_is_refused(empty_cloud: Aws, text: str) -> None:
    with pytest.raises(ClientError, match="Template format error"):
        empty_cloud.client("cloudformation").create_stack(StackName=NAME, TemplateBody=text)
