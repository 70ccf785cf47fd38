"""The API: an HTTP API whose routes need IAM's authorization, or a token's by setting, and the
function that answers.

Nothing of it costs anything while nobody calls it. HTTP APIs have no resource policies, so that a
caller from another account takes a role in this one (API Gateway Developer Guide, "Control access
to HTTP APIs with IAM authorization").
"""

from __future__ import annotations

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.encryption import customer_key
from infra.operation_function import OperationFunction
from infra.settings import ApiSettings, Settings
from vending.api.routes import ROUTES

_LOGGED = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
    "sourceIp": "$context.identity.sourceIp",
    "caller": "$context.identity.userArn",
    "latency": "$context.responseLatency",
}
"""Who called what, and how it was answered; neither bodies nor parameters. API Gateway Developer
Guide, "Customize HTTP API access logs"."""


PORTAL_STAGE = "api"
"""The stage that the portal's distribution calls: the first part of a path, which is left out
before routes are looked for."""


class Api(Construct):
    """The API, its access log, and ServeApi."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        api: ApiSettings,
        vending: sfn.IStateMachine,
        retirement: sfn.IStateMachine,
    ) -> None:
        super().__init__(scope, id_)
        self.operation = OperationFunction(
            self, "ServeApi", package="api", code=code, settings=settings
        )
        function = self.operation.function
        function.add_environment("STATE_MACHINE_ARN", vending.state_machine_arn)
        function.add_environment("RETIREMENT_STATE_MACHINE_ARN", retirement.state_machine_arn)
        if api.tokens is not None:
            function.add_environment("API_TOKEN_CLAIM", api.tokens.claim)
        self.http_api = apigateway.HttpApi(
            self,
            "HttpApi",
            api_name=f"{settings.name_prefix}account-vending",
            description="Account vending",
            create_default_stage=False,
            # Of every route, the ones to come included.
            default_authorizer=_authorizer(api),
        )
        integration = integrations.HttpLambdaIntegration(
            "ServeApi",
            function,
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0,
            scope_permission_to_route=False,
        )
        for route in ROUTES:
            self.http_api.add_routes(
                path=route.path,
                methods=[apigateway.HttpMethod[route.method]],
                integration=integration,
            )
        log_group = logs.LogGroup(
            self,
            "AccessLog",
            retention=settings.log_retention,
            encryption_key=customer_key(self, settings),
            removal_policy=RemovalPolicy.RETAIN,
        )
        for construct, name in self._stages(settings).items():
            self._stage(construct, name, api=api, log_group=log_group)

    @staticmethod
    def _stages(settings: Settings) -> dict[str, str]:
        """Names of stages by their construct ids. That of the portal is a path within its origin.

        API Gateway Developer Guide, "Stages for HTTP APIs".
        """
        stages = {"Stage": "$default"}
        return stages if settings.portal is None else stages | {"PortalStage": PORTAL_STAGE}

    def _stage(self, id_: str, name: str, *, api: ApiSettings, log_group: logs.LogGroup) -> None:
        apigateway.CfnStage(
            self,
            id_,
            api_id=self.http_api.api_id,
            stage_name=name,
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=api.requests_per_second,
                throttling_burst_limit=api.burst,
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=json.dumps(_LOGGED)
            ),
        )


def _authorizer(api: ApiSettings) -> apigateway.IHttpRouteAuthorizer:
    tokens = api.tokens
    if tokens is None:
        return authorizers.HttpIamAuthorizer()
    return authorizers.HttpJwtAuthorizer(
        "Tokens", tokens.issuer, jwt_audience=list(tokens.audiences)
    )
