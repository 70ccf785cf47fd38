"""AWS::ApiGatewayV2::Api, Authorizer, Integration, Route and Stage, of HTTP APIs."""

from __future__ import annotations

import abc
import re
from typing import Any, ClassVar

from moto.apigatewayv2 import models

from embedded.apigateway import endpoint
from embedded.cloudformation.resource import Place, Properties, Resource, names


class Api(Resource):
    """An HTTP API; its endpoint is where the embedded AWS serves it."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Api"
    understood = names("Description Name ProtocolType Tags")
    attribute_names = names("ApiEndpoint ApiId")
    replaced_by = names("ProtocolType")

    def create(self) -> None:
        api = _backend(self.place).create_api(
            api_key_selection_expression="",
            cors_configuration=None,
            description=self.properties.get("Description", ""),
            disable_schema_validation="",
            disable_execute_api_endpoint="",
            name=self.properties["Name"],
            protocol_type=self.properties["ProtocolType"],
            route_selection_expression="",
            tags=dict(self.properties.get("Tags", {})),
            version="",
        )
        api.api_endpoint = endpoint.url_of(api.api_id, self.place.region)
        self.physical_resource_id = api.api_id
        self.attributes = {"ApiId": api.api_id, "ApiEndpoint": api.api_endpoint}

    def update(self, before: Properties) -> None:
        backend = _backend(self.place)
        api = backend.get_api(self.physical_resource_id)
        api.name = self.properties["Name"]
        api.description = self.properties.get("Description", "")
        backend.untag_resource(api.arn, list(before.get("Tags", {})))
        backend.tag_resource(api.arn, dict(self.properties.get("Tags", {})))

    def delete(self) -> None:
        _backend(self.place).delete_api(self.physical_resource_id)


class _Part(Resource):
    """What belongs to an API, and is made anew under its id where it changes."""

    replaced_by = names("ApiId")
    kept_in: ClassVar[str]
    """Where moto's API keeps such parts, by their ids."""
    id_name: ClassVar[str] = "id"
    """What moto's part calls its id."""

    def create(self) -> None:
        self.physical_resource_id = self.make(self._api())
        self.attributes = dict.fromkeys(self.attribute_names, self.physical_resource_id)

    def update(self, before: Properties) -> None:
        del before
        api, id_ = self._api(), self.physical_resource_id
        made = self.make(api)
        parts = getattr(api, self.kept_in)
        part = parts.pop(made)
        setattr(part, self.id_name, id_)
        parts[id_] = part

    def delete(self) -> None:
        api = _backend(self.place).apis.get(self.properties["ApiId"])
        if api is not None:
            getattr(api, self.kept_in).pop(self.physical_resource_id, None)

    def _api(self) -> Any:
        return _backend(self.place).get_api(self.properties["ApiId"])

    @abc.abstractmethod
    def make(self, api: Any) -> str:
        """Make it of its properties; its id."""


class Authorizer(_Part):
    """Takes an issuer's JSON Web Tokens."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Authorizer"
    understood = names(
        "ApiId AuthorizerType IdentitySource JwtConfiguration.Audience JwtConfiguration.Issuer Name"
    )
    attribute_names = names("AuthorizerId")
    kept_in = "authorizers"

    def make(self, api: Any) -> str:
        given = self.properties
        if given["AuthorizerType"] != "JWT":
            raise models.BadRequestException(
                f"The embedded AWS has no authorizer {given['AuthorizerType']}"
            )
        authorizer = api.create_authorizer(
            auth_creds_arn=None,
            auth_payload_format_version=None,
            auth_result_ttl=None,
            authorizer_type="JWT",
            authorizer_uri=None,
            enable_simple_response=None,
            identity_source=given.get("IdentitySource", []),
            identity_validation_expr=None,
            jwt_config=_lowered(given["JwtConfiguration"]),
            name=given["Name"],
        )
        return str(authorizer.id)


class Integration(_Part):
    """A Lambda function that answers, by payload format 2.0."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Integration"
    understood = names(
        "ApiId Description IntegrationType IntegrationUri PayloadFormatVersion TimeoutInMillis"
    )
    attribute_names = names("IntegrationId")
    kept_in = "integrations"

    def make(self, api: Any) -> str:
        given = self.properties
        kind, version = given["IntegrationType"], given.get("PayloadFormatVersion")
        if kind != "AWS_PROXY" or version != "2.0":
            raise models.BadRequestException(
                f"The embedded AWS has no integration {kind} of payload format {version}"
            )
        integration = api.create_integration(
            connection_type="INTERNET",
            description=given.get("Description", ""),
            integration_method="POST",
            integration_type=kind,
            integration_uri=given["IntegrationUri"],
            payload_format_version=version,
            timeout_in_millis=given.get("TimeoutInMillis"),
        )
        return str(integration.id)


class Route(_Part):
    """A method and a path, or `$default`, with who may call it."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Route"
    understood = names("ApiId AuthorizationType AuthorizerId RouteKey Target")
    attribute_names = names("RouteId")
    kept_in = "routes"
    id_name = "route_id"

    def make(self, api: Any) -> str:
        given = self.properties
        key, authorization = given["RouteKey"], given.get("AuthorizationType", "NONE")
        if not re.fullmatch(r"\$default|[A-Z]+ /[^\s]*", key):
            raise models.BadRequestException(f"The provided route key is not valid: {key}")
        if authorization not in endpoint.AUTHORIZATIONS:
            raise models.BadRequestException(
                f"The embedded AWS has no authorization type {authorization}"
            )
        if any(
            one.route_key == key and one.route_id != self.physical_resource_id
            for one in api.routes.values()
        ):
            raise models.BadRequestException(f"Route with key {key} already exists for this API")
        route = api.create_route(
            api_key_required=False,
            authorization_scopes=[],
            authorization_type=authorization,
            authorizer_id=given.get("AuthorizerId"),
            route_key=key,
            target=given.get("Target", ""),
        )
        return str(route.route_id)


class Stage(_Part):
    """A stage, deployed with every change; its physical id is its name."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Stage"
    understood = names(
        "AccessLogSettings.DestinationArn AccessLogSettings.Format ApiId AutoDeploy"
        " DefaultRouteSettings.ThrottlingBurstLimit DefaultRouteSettings.ThrottlingRateLimit"
        " Description StageName"
    )
    replaced_by = names("ApiId StageName")
    kept_in = "stages"
    id_name = "name"

    def make(self, api: Any) -> str:
        given = self.properties
        if given.get("AutoDeploy") is not True:
            raise models.BadRequestException("The embedded AWS has stages with AutoDeploy alone")
        stage = api.create_stage(
            {
                "accessLogSettings": _lowered(given.get("AccessLogSettings", {})),
                "autoDeploy": True,
                "defaultRouteSettings": _lowered(given.get("DefaultRouteSettings", {})),
                "description": given.get("Description"),
                "stageName": given["StageName"],
            }
        )
        return str(stage.name)


def _lowered(properties: Properties) -> Properties:
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


def _backend(place: Place) -> Any:
    return models.apigatewayv2_backends[place.account_id][place.region]
