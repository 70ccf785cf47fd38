"""The API by its setting: who may call it, what it may do, and that there is none without."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings import ApiSettings, Settings, TokenIssuer
from tests.infra.synthesized import SynthesizedTemplate, flat, logical_id, synthesize
from vending.api.routes import ROUTES

ISSUER = "https://issuer.example.com/pool"
KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def with_api(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    return synthesize(
        Settings(api=ApiSettings(requests_per_second=7, burst=9), kms_key_arn=KEY),
        tmp_path_factory.mktemp("api"),
    )


def granted(template: SynthesizedTemplate) -> dict[str, list[str]]:
    _, function = template.entrance("ServeApi")
    return {
        action: sorted(statement.resources)
        for statement in template.statements(logical_id(function["Role"]))
        for action in statement.actions
        if not action.startswith(("logs:", "xray:", "kms:"))
    }


def test_there_is_no_api_by_default(template: SynthesizedTemplate) -> None:
    kinds = {resource["Type"] for resource in template.document["Resources"].values()}

    assert not any(kind.startswith("AWS::ApiGateway") for kind in kinds)
    assert "ApiEndpoint" not in template.document["Outputs"]
    assert "api.serve_api.handler" not in json.dumps(template.document)


def test_every_route_of_the_table_needs_iams_authorization(with_api: SynthesizedTemplate) -> None:
    routes = [one["Properties"] for one in with_api.of_type("AWS::ApiGatewayV2::Route").values()]

    assert {one["RouteKey"] for one in routes} == {route.key for route in ROUTES}
    assert {one["AuthorizationType"] for one in routes} == {"AWS_IAM"}
    assert len(with_api.of_type("AWS::ApiGatewayV2::Integration")) == 1


def test_stage_is_throttled_and_logs_who_called(with_api: SynthesizedTemplate) -> None:
    stage = with_api.only("AWS::ApiGatewayV2::Stage")["Properties"]

    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": 7,
        "ThrottlingBurstLimit": 9,
    }
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert logged["caller"] == "$context.identity.userArn"
    group = logical_id(stage["AccessLogSettings"]["DestinationArn"])
    properties = with_api.document["Resources"][group]["Properties"]
    assert properties == {"KmsKeyId": KEY, "RetentionInDays": 365}


def test_only_this_api_may_invoke_the_function(with_api: SynthesizedTemplate) -> None:
    api_id = next(iter(with_api.of_type("AWS::ApiGatewayV2::Api")))
    permissions = [
        one["Properties"]
        for one in with_api.of_type("AWS::Lambda::Permission").values()
        if one["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]

    assert [flat(one["SourceArn"]) for one in permissions] == [
        f"arn:aws:execute-api:us-east-1:${{AWS::AccountId}}:${{{api_id}}}/*/*/*"
    ]


def test_function_may_do_exactly_this(with_api: SynthesizedTemplate) -> None:
    (table,) = with_api.of_type("AWS::DynamoDB::Table")
    states = "arn:aws:states:us-east-1:${AWS::AccountId}"
    machines = [f"{states}:stateMachine:account-{one}" for one in ("retirement", "vending")]
    executions = [f"{states}:execution:account-{one}:*" for one in ("retirement", "vending")]

    assert granted(with_api) == {
        "dynamodb:GetItem": [f"${{{table}.Arn}}"],
        "dynamodb:Query": [f"${{{table}.Arn}}/index/byState"],
        "dynamodb:UpdateItem": [f"${{{table}.Arn}}"],
        "states:DescribeExecution": executions,
        "states:GetExecutionHistory": executions[1:],
        "states:SendTaskSuccess": machines,
        "states:StartExecution": machines,
        "states:StopExecution": executions[1:],
    }


def test_function_reads_requests_and_accounts_and_decides_on_them(
    with_api: SynthesizedTemplate,
) -> None:
    _, function = with_api.entrance("ServeApi")

    rows = [
        (*one.actions, one.condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
        for one in with_api.statements(logical_id(function["Role"]))
        if one.condition and "dynamodb:LeadingKeys" in one.condition.get("Null", {})
    ]

    kept = ["request#*", "record#*", "revision#*", "retirement#*"]
    assert rows == [
        ("dynamodb:GetItem", kept),
        ("dynamodb:GetItem", "token#*"),
        ("dynamodb:UpdateItem", ["request#*", "retirement#*"]),
    ]


def test_function_uses_the_customers_key_for_both_machines(with_api: SynthesizedTemplate) -> None:
    _, function = with_api.entrance("ServeApi")

    (contexts,) = [
        value
        for statement in with_api.statements(logical_id(function["Role"]))
        for condition in statement.condition.values()
        for name, value in condition.items()
        if name == "kms:EncryptionContext:aws:states:stateMachineArn"
    ]

    assert len(contexts) == 2


def test_tokens_authorize_every_route_by_setting(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tokens = TokenIssuer(issuer=ISSUER, audiences=("vending",), claim="cognito:groups")

    made = synthesize(Settings(api=ApiSettings(tokens=tokens)), tmp_path_factory.mktemp("tokens"))

    authorizer = made.only("AWS::ApiGatewayV2::Authorizer")["Properties"]
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {"Audience": ["vending"], "Issuer": ISSUER}
    (authorizer_id,) = made.of_type("AWS::ApiGatewayV2::Authorizer")
    routes = [one["Properties"] for one in made.of_type("AWS::ApiGatewayV2::Route").values()]
    assert len(routes) == len(ROUTES)
    assert all(one["AuthorizationType"] == "JWT" for one in routes)
    assert all(one["AuthorizerId"] == {"Ref": authorizer_id} for one in routes)
    _, function = made.entrance("ServeApi")
    assert function["Environment"]["Variables"]["API_TOKEN_CLAIM"] == "cognito:groups"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"tokens": TokenIssuer(issuer="http://x", audiences=("a",))}, "is not an https address"),
        ({"tokens": TokenIssuer(issuer=ISSUER, audiences=())}, "audiences must have one"),
        ({"tokens": TokenIssuer(issuer=ISSUER, audiences=("",))}, "audiences must have one"),
        ({"tokens": TokenIssuer(issuer=ISSUER, audiences=("a",), claim="")}, "name a claim"),
        ({"requests_per_second": 0}, "api.requests_per_second must be 1 or more"),
        ({"burst": 0}, "api.burst must be 1 or more"),
    ],
)
def test_api_that_answers_nobody_is_refused(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings(api=ApiSettings(**wrong))
