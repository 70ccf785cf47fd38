"""The types that the stack does not have today: made, changed in place, and removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from moto.apigatewayv2.models import apigatewayv2_backends

from embedded import ACCOUNT_ID, REGION
from embedded.cloudformation.resources import TYPES
from embedded.cloudformation.template_text import parse
from embedded.cloudfront import distributions
from tests.unit.embedded.cloudformation_template import NAME, template, text, trust
from tests.unit.embedded.test_cloudformation_yaml import BOOTSTRAP

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]

GRANT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}],
}
FUNCTION_ARN = {"Fn::GetAtt": ["CreateAccount", "Arn"]}


DISTRIBUTION = {
    "DefaultCacheBehavior": {"TargetOriginId": "one", "ViewerProtocolPolicy": "https-only"},
    "Enabled": True,
    "Origins": [{"Id": "one", "DomainName": "one.s3.us-east-1.amazonaws.com"}],
}


def of_cloudfront(kept_in: str, name: str) -> Callable[[Aws, str], list[Any]]:
    """What a template says by this name of all that is kept of a kind."""
    return lambda _aws, _: [
        one[name] for one in getattr(distributions.kept(ACCOUNT_ID, "aws"), kept_in).values()
    ]


def published_by(service: str) -> dict[str, Any]:
    """A policy that lets the service publish to the topic."""
    who = {"Principal": {"Service": service}, "Resource": {"Ref": "Topic"}}
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sns:Publish", **who}],
    }


def alarms(aws: Aws, _: str) -> list[Any]:
    return [
        (alarm["AlarmName"], alarm["Threshold"], alarm["AlarmActions"], alarm["Dimensions"])
        for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    ]


def watched(aws: Aws, _: str) -> list[Any]:
    """What alarms on expressions look at."""
    return [
        (
            alarm["Threshold"],
            [
                (
                    each["Id"],
                    each.get("Expression"),
                    each.get("MetricStat", {}).get("Metric", {}).get("MetricName"),
                )
                for each in alarm["Metrics"]
            ],
        )
        for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    ]


def dashboards(aws: Aws, _: str) -> list[Any]:
    cloudwatch = aws.client("cloudwatch")
    return [
        cloudwatch.get_dashboard(DashboardName=each["DashboardName"])["DashboardBody"]
        for each in cloudwatch.list_dashboards()["DashboardEntries"]
    ]


def saved_queries(aws: Aws, _: str) -> list[Any]:
    logs = aws.client("logs")
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="vending/")
    return [
        (each["name"], each["queryString"], each["logGroupNames"])
        for each in found["queryDefinitions"]
    ]


def topics(aws: Aws, _: str) -> list[Any]:
    sns = aws.client("sns")
    return [
        (
            sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["DisplayName"],
            [each["Endpoint"] for each in sns.list_subscriptions()["Subscriptions"]],
        )
        for topic in sns.list_topics()["Topics"]
    ]


def topic_policies(aws: Aws, _: str) -> list[Any]:
    """What topics whose policy is not SNS's own let others do."""
    sns, found = aws.client("sns"), []
    for topic in sns.list_topics()["Topics"]:
        attributes = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        (statement,) = json.loads(attributes["Policy"])["Statement"]
        if statement["Principal"] != {"AWS": "*"}:
            found.append(statement["Principal"])
    return found


def schedules(aws: Aws, _: str) -> list[Any]:
    scheduler = aws.client("scheduler")
    return [
        (each["Name"], scheduler.get_schedule(Name=each["Name"])["ScheduleExpression"])
        for each in scheduler.list_schedules()["Schedules"]
    ]


def groups(aws: Aws, _: str) -> list[Any]:
    found = aws.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    return [
        aws.client("scheduler").list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]
        for group in found
        if group["Name"] != "default"
    ]


def bus_statements(aws: Aws, _: str) -> list[Any]:
    bus = aws.client("events").describe_event_bus(Name="account-vending")
    return [
        one["Effect"] for one in json.loads(bus.get("Policy", '{"Statement": []}'))["Statement"]
    ]


def mappings(aws: Aws, _: str) -> list[Any]:
    found = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return [each["BatchSize"] for each in found]


def statements(aws: Aws, function: str) -> list[Any]:
    awslambda = aws.client("lambda")
    try:
        policy = awslambda.get_policy(FunctionName=function)["Policy"]
    except awslambda.exceptions.ResourceNotFoundException:
        return []
    return [each["Principal"] for each in json.loads(policy)["Statement"]]


def managed_policies(aws: Aws, _: str) -> list[Any]:
    iam, found = aws.client("iam"), []
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(
            PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
        )["PolicyVersion"]
        entities = iam.list_entities_for_policy(PolicyArn=policy["Arn"])["PolicyRoles"]
        found.append((version["Document"]["Statement"][0]["Action"], len(entities)))
    return found


def apis(aws: Aws, _: str) -> list[Any]:
    return [
        (each["Name"], each.get("Tags", {}), each["ApiId"] in each["ApiEndpoint"])
        for each in aws.client("apigatewayv2").get_apis()["Items"]
    ]


def of_the_api(kind: str, *members: str) -> Callable[[Aws, str], list[Any]]:
    """What the one API has of a kind, by these members."""

    def look(aws: Aws, _: str) -> list[Any]:
        client = aws.client("apigatewayv2")
        return [
            tuple(each.get(member) for member in members)
            for api in client.get_apis()["Items"]
            for each in getattr(client, f"get_{kind}")(ApiId=api["ApiId"])["Items"]
        ]

    return look


def authorizers(_: Aws, __: str) -> list[Any]:
    """As moto keeps them, which does not list them."""
    return [
        (authorizer.name, authorizer.authorizer_type)
        for api in apigatewayv2_backends[ACCOUNT_ID][REGION].apis.values()
        for authorizer in api.authorizers.values()
    ]


CASES: list[tuple[str, dict[str, Any], dict[str, Any], Callable[[Aws, str], list[Any]], Any]] = [
    (
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "dead-letters",
            "AlarmActions": [{"Ref": "Topic"}],
            "ComparisonOperator": "GreaterThanThreshold",
            "Dimensions": [
                {"Name": "QueueName", "Value": {"Fn::GetAtt": ["DeadLetters", "QueueName"]}}
            ],
            "EvaluationPeriods": 1,
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Namespace": "AWS/SQS",
            "Period": 300,
            "Statistic": "Maximum",
            "Threshold": 0,
            "TreatMissingData": "notBreaching",
        },
        {"Threshold": 5},
        lambda aws, function: [alarm[1] for alarm in alarms(aws, function)],
        ([0.0], [5.0]),
    ),
    (
        "AWS::CloudWatch::Alarm",
        {
            "ComparisonOperator": "LessThanThreshold",
            "EvaluationPeriods": 3,
            "Metrics": [
                {"Id": "sound", "Expression": "runs - 1", "Label": "sound"},
                {
                    "Id": "runs",
                    "MetricStat": {
                        "Metric": {
                            "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
                            "MetricName": "Invocations",
                            "Namespace": "AWS/Lambda",
                        },
                        "Period": 3600,
                        "Stat": "Sum",
                    },
                    "ReturnData": False,
                },
            ],
            "Threshold": 1,
            "TreatMissingData": "breaching",
        },
        {"Threshold": 2},
        watched,
        (
            [(1.0, [("sound", "runs - 1", None), ("runs", None, "Invocations")])],
            [(2.0, [("sound", "runs - 1", None), ("runs", None, "Invocations")])],
        ),
    ),
    (
        "AWS::Events::EventBusPolicy",
        {
            "EventBusName": {"Ref": "Bus"},
            "StatementId": "Requests",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
                "Action": "events:PutEvents",
                "Resource": {"Fn::GetAtt": ["Bus", "Arn"]},
            },
        },
        {
            "Statement": {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": {"Fn::GetAtt": ["Bus", "Arn"]},
            }
        },
        bus_statements,
        (["Allow"], ["Deny"]),
    ),
    (
        "AWS::CloudWatch::Dashboard",
        {"DashboardBody": '{"widgets": []}'},
        {"DashboardBody": '{"widgets": [{"type": "text"}]}'},
        dashboards,
        (['{"widgets": []}'], ['{"widgets": [{"type": "text"}]}']),
    ),
    (
        "AWS::Logs::QueryDefinition",
        {
            "LogGroupNames": ["a", "b"],
            "Name": "vending/slowest",
            "QueryString": "fields @message",
        },
        {"QueryString": "fields @timestamp"},
        saved_queries,
        (
            [("vending/slowest", "fields @message", ["a", "b"])],
            [("vending/slowest", "fields @timestamp", ["a", "b"])],
        ),
    ),
    (
        "AWS::SNS::Topic",
        {
            "DisplayName": "Vending",
            "Subscription": [{"Endpoint": "a@example.com", "Protocol": "email"}],
        },
        {
            "DisplayName": "Alarms",
            "Subscription": [{"Endpoint": "b@example.com", "Protocol": "email"}],
        },
        lambda aws, function: [t for t in topics(aws, function) if t[0]],
        ([("Vending", ["a@example.com"])], [("Alarms", ["b@example.com"])]),
    ),
    (
        "AWS::SNS::Subscription",
        {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "a@example.com"},
        {"Endpoint": "b@example.com"},
        lambda aws, function: topics(aws, function)[0][1],
        (["a@example.com"], ["b@example.com"]),
    ),
    (
        "AWS::SNS::TopicPolicy",
        {"Topics": [{"Ref": "Topic"}], "PolicyDocument": published_by("events.amazonaws.com")},
        {"PolicyDocument": published_by("cloudwatch.amazonaws.com")},
        topic_policies,
        ([{"Service": "events.amazonaws.com"}], [{"Service": "cloudwatch.amazonaws.com"}]),
    ),
    (
        "AWS::Scheduler::Schedule",
        {
            "Name": "reconcile",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ScheduleExpression": "rate(1 hour)",
            "Target": {"Arn": FUNCTION_ARN, "RoleArn": {"Fn::GetAtt": ["StartRole", "Arn"]}},
        },
        {"ScheduleExpression": "rate(2 hours)"},
        schedules,
        ([("reconcile", "rate(1 hour)")], [("reconcile", "rate(2 hours)")]),
    ),
    (
        "AWS::Scheduler::ScheduleGroup",
        {"Tags": [{"Key": "a", "Value": "1"}]},
        {"Tags": [{"Key": "b", "Value": "2"}]},
        groups,
        ([[{"Key": "a", "Value": "1"}]], [[{"Key": "b", "Value": "2"}]]),
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        {
            "EventSourceArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
            "FunctionName": {"Ref": "CreateAccount"},
            "BatchSize": 1,
        },
        {"BatchSize": 5},
        mappings,
        ([1], [5]),
    ),
    (
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": FUNCTION_ARN,
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]},
        },
        {"Principal": "scheduler.amazonaws.com"},
        statements,
        ([{"Service": "events.amazonaws.com"}], [{"Service": "scheduler.amazonaws.com"}]),
    ),
    (
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": GRANT, "Roles": [{"Ref": "StartRole"}]},
        {
            "PolicyDocument": json.loads(json.dumps(GRANT).replace("Publish", "Subscribe")),
            "Roles": [],
        },
        managed_policies,
        ([("sns:Publish", 1)], [("sns:Subscribe", 0)]),
    ),
    (
        "AWS::ApiGatewayV2::Api",
        {"Name": "vending", "ProtocolType": "HTTP", "Tags": {"a": "1"}},
        {"Name": "accounts", "Tags": {"b": "2"}},
        apis,
        ([("vending", {"a": "1"}, True)], [("accounts", {"b": "2"}, True)]),
    ),
    (
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": {"Ref": "Http"},
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://issuer.example.com"},
            "Name": "tokens",
        },
        {"Name": "others"},
        authorizers,
        ([("tokens", "JWT")], [("others", "JWT")]),
    ),
    (
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": {"Ref": "Http"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": FUNCTION_ARN,
            "PayloadFormatVersion": "2.0",
        },
        {"TimeoutInMillis": 5000},
        of_the_api("integrations", "TimeoutInMillis"),
        ([(30000,)], [(5000,)]),
    ),
    (
        "AWS::ApiGatewayV2::Route",
        {"ApiId": {"Ref": "Http"}, "RouteKey": "GET /one", "AuthorizationType": "NONE"},
        {"AuthorizationType": "AWS_IAM", "RouteKey": "GET /two"},
        of_the_api("routes", "RouteKey", "AuthorizationType"),
        ([("GET /one", "NONE")], [("GET /two", "AWS_IAM")]),
    ),
    (
        "AWS::ApiGatewayV2::Stage",
        {"ApiId": {"Ref": "Http"}, "StageName": "$default", "AutoDeploy": True},
        {"DefaultRouteSettings": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1}},
        of_the_api("stages", "StageName", "AutoDeploy"),
        ([("$default", True)], [("$default", True)]),
    ),
    (
        "AWS::CloudFront::Distribution",
        {"DistributionConfig": {**DISTRIBUTION, "DefaultRootObject": "index.html"}},
        {"DistributionConfig": {**DISTRIBUTION, "DefaultRootObject": "home.html"}},
        of_cloudfront("distributions", "DefaultRootObject"),
        (["index.html"], ["home.html"]),
    ),
    (
        "AWS::CloudFront::OriginAccessControl",
        {"OriginAccessControlConfig": {"Name": "one", "SigningBehavior": "always"}},
        {"OriginAccessControlConfig": {"Name": "two", "SigningBehavior": "always"}},
        of_cloudfront("origin_access_controls", "Name"),
        (["one"], ["two"]),
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        {"ResponseHeadersPolicyConfig": {"Name": "one"}},
        {"ResponseHeadersPolicyConfig": {"Name": "two"}},
        of_cloudfront("response_headers_policies", "Name"),
        (["one"], ["two"]),
    ),
    (
        "AWS::CDK::Metadata",
        {"Analytics": "v2:deflate64:abc"},
        {"Analytics": "v2:deflate64:def"},
        lambda aws, _: [
            each["LogicalResourceId"]
            for each in aws.client("cloudformation").describe_stack_resources(StackName=NAME)[
                "StackResources"
            ]
            if each["LogicalResourceId"] == "Subject"
        ],
        (["Subject"], ["Subject"]),
    ),
]


@pytest.mark.parametrize(
    ("kind", "properties", "change", "look", "seen"), CASES, ids=[case[0] for case in CASES]
)
def test_resource_is_made_changed_and_removed(
    cloud: Aws,
    kind: str,
    properties: dict[str, Any],
    change: dict[str, Any],
    look: Callable[[Aws, str], list[Any]],
    seen: tuple[list[Any], list[Any]],
) -> None:
    cloudformation = cloud.client("cloudformation")
    topic = {"Type": "AWS::SNS::Topic"}
    http = {
        "Type": "AWS::ApiGatewayV2::Api",
        "Properties": {"Name": "http", "ProtocolType": "HTTP"},
    }
    others = {"Topic": topic} | ({"Http": http} if "ApiId" in properties else {})
    subject = {"Type": kind, "Properties": properties}
    changed = {"Type": kind, "Properties": properties | change}

    cloudformation.create_stack(StackName=NAME, TemplateBody=text(**others, Subject=subject))
    found = cloudformation.describe_stack_resources(StackName=NAME)["StackResources"]
    (function,) = [
        each["PhysicalResourceId"] for each in found if each["LogicalResourceId"] == "CreateAccount"
    ]
    made = look(cloud, function)
    cloudformation.update_stack(StackName=NAME, TemplateBody=text(**others, Subject=changed))
    then = look(cloud, function)
    cloudformation.update_stack(StackName=NAME, TemplateBody=text(**others))
    finally_ = look(cloud, function)

    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert (made, then) == seen
    assert finally_ == []


def test_every_type_is_tried() -> None:
    of_the_stack = {resource["Type"] for resource in template()["Resources"].values()}

    of_the_bootstrap = {each["Type"] for each in parse(BOOTSTRAP)["Resources"].values()}
    assert of_the_stack | of_the_bootstrap | {case[0] for case in CASES} == set(TYPES)


def test_alarm_watches_the_queue_it_names(cloud: Aws) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarms"}}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": CASES[0][1]}

    cloud.client("cloudformation").create_stack(
        StackName=NAME, TemplateBody=text(Topic=topic, Alarm=alarm)
    )

    ((name, threshold, actions, dimensions),) = alarms(cloud, "")
    assert (name, threshold) == ("dead-letters", 0.0)
    assert actions == ["arn:aws:sns:us-east-1:111111111111:alarms"]
    assert dimensions[0]["Value"].startswith("AccountVending-DeadLetters-")


def test_schedule_on_the_default_bus_is_known_by_its_name_alone(cloud: Aws) -> None:
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "ScheduleExpression": "rate(1 day)",
            "Targets": [{"Id": "A", "Arn": FUNCTION_ARN}],
        },
    }

    cloud.client("cloudformation").create_stack(StackName=NAME, TemplateBody=text(Daily=rule))

    (found,) = cloud.client("events").list_rules()["Rules"]
    detail = cloud.client("cloudformation").describe_stack_resource(
        StackName=NAME, LogicalResourceId="Daily"
    )["StackResourceDetail"]
    assert detail["PhysicalResourceId"] == found["Name"]
    assert detail["ResourceStatus"] == "CREATE_COMPLETE"


def test_state_machine_from_a_file_asset_is_read_from_its_bucket(cloud: Aws) -> None:
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed", "Comment": "${Said}"}}}
    cloud.client("s3").create_bucket(Bucket="definitions")
    cloud.client("s3").put_object(
        Bucket="definitions", Key="a.json", Body=json.dumps(definition).encode()
    )
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust("states.amazonaws.com")},
    }
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionS3Location": {"Bucket": "definitions", "Key": "a.json"},
            "DefinitionSubstitutions": {"Said": True},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    }

    cloud.client("cloudformation").create_stack(
        StackName=NAME, TemplateBody=json.dumps({"Resources": {"Machine": machine, "Role": role}})
    )

    (found,) = cloud.client("stepfunctions").list_state_machines()["stateMachines"]
    described = cloud.client("stepfunctions").describe_state_machine(
        stateMachineArn=found["stateMachineArn"]
    )
    assert found["name"].startswith("Machine-")
    assert json.loads(described["definition"])["States"]["End"]["Comment"] == "true"
