"""Templates that CloudFormation reads from S3, by every kind of address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.embedded.cloudformation_template import NAME

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]

TEMPLATE = (
    '{"Resources": {"Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": '
    '"/one", "Type": "String", "Value": "1"}}}}'
)


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.us-east-1.amazonaws.com/templates/a/one.json",
        "https://s3.amazonaws.com/templates/a/one.json",
        "https://templates.s3.us-east-1.amazonaws.com/a/one.json",
        "https://templates.s3.amazonaws.com/a/one.json",
        "{endpoint}/templates/a/one.json",
        "http://localhost:80/templates/a/one.json",
    ],
)
@pytest.mark.parametrize("way", ["CreateStack", "CreateChangeSet"])
def test_template_is_read_from_its_url(empty_cloud: Aws, way: str, url: str) -> None:
    cloudformation: Any = empty_cloud.client("cloudformation")
    given = {"StackName": NAME, "TemplateURL": url.format(endpoint=empty_cloud.endpoint_url)}
    put(empty_cloud)

    if way == "CreateStack":
        cloudformation.create_stack(**given)
    else:
        cloudformation.create_change_set(**given, ChangeSetName="one", ChangeSetType="CREATE")
        cloudformation.execute_change_set(StackName=NAME, ChangeSetName="one")

    assert empty_cloud.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert empty_cloud.client("ssm").get_parameter(Name="/one")["Parameter"]["Value"] == "1"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.com/templates/a/one.json", "TemplateURL must be a supported URL."),
        ("s3://templates/a/one.json", "TemplateURL must be a supported URL."),
        ("https://s3.amazonaws.com/templates", "TemplateURL must be a supported URL."),
        (
            "https://s3.amazonaws.com/templates/none.json",
            "S3 error: The specified key does not exist.",
        ),
        (
            "https://s3.amazonaws.com/nowhere/one.json",
            "S3 error: The specified bucket does not exist",
        ),
    ],
)
def test_template_that_is_not_in_s3_is_refused(empty_cloud: Aws, url: str, message: str) -> None:
    put(empty_cloud)

    with pytest.raises(ClientError) as caught:
        empty_cloud.client("cloudformation").create_stack(StackName=NAME, TemplateURL=url)

    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationError", message)


def put(aws: Aws) -> None:
    """The template in a bucket of its own."""
    aws.client("s3").create_bucket(Bucket="templates")
    aws.client("s3").put_object(Bucket="templates", Key="a/one.json", Body=TEMPLATE)
