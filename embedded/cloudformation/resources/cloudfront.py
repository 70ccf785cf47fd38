"""AWS::CloudFront::Distribution, OriginAccessControl and ResponseHeadersPolicy."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.moto_api._internal import mock_random

from embedded.cloudformation.resource import Properties, Resource, names
from embedded.cloudfront import distributions

_BEHAVIOR = (
    "AllowedMethods CachePolicyId Compress OriginRequestPolicyId ResponseHeadersPolicyId"
    " TargetOriginId ViewerProtocolPolicy"
)
_HEADERS = (
    "ContentSecurityPolicy.ContentSecurityPolicy ContentTypeOptions FrameOptions.FrameOption"
    " ReferrerPolicy.ReferrerPolicy StrictTransportSecurity.AccessControlMaxAgeSec"
    " StrictTransportSecurity.IncludeSubdomains"
)
_OVERRIDDEN = (
    "ContentSecurityPolicy ContentTypeOptions FrameOptions ReferrerPolicy StrictTransportSecurity"
)


def _within(path: str, listed: str) -> str:
    return " ".join(f"{path}.{name}" for name in listed.split())


class _Kept(Resource):
    """What is kept as the template has it."""

    property_name: ClassVar[str]
    kept_in: ClassVar[str]
    prefix: ClassVar[str] = ""

    def create(self) -> None:
        self.physical_resource_id = f"{self.prefix}{mock_random.get_random_string(13).upper()}"
        self._keep()

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is kept anew
        self._keep()

    def delete(self) -> None:
        self._all().pop(self.physical_resource_id, None)

    def _keep(self) -> None:
        self._all()[self.physical_resource_id] = self.properties[self.property_name]
        self.attributes = {"Id": self.physical_resource_id}

    def _all(self) -> dict[str, Any]:
        kept = distributions.kept(self.place.account_id, self.place.partition)
        found: dict[str, Any] = getattr(kept, self.kept_in)
        return found


class Distribution(_Kept):
    """A distribution, which `embedded.cloudfront.delivery` serves."""

    type: ClassVar[str] = "AWS::CloudFront::Distribution"
    understood = names(
        "DistributionConfig.DefaultRootObject DistributionConfig.Enabled"
        " DistributionConfig.Comment DistributionConfig.CacheBehaviors.PathPattern"
        " DistributionConfig.Origins.DomainName DistributionConfig.Origins.Id"
        " DistributionConfig.Origins.OriginAccessControlId "
        + _within("DistributionConfig.CacheBehaviors", _BEHAVIOR)
        + " "
        + _within("DistributionConfig.DefaultCacheBehavior", _BEHAVIOR)
    )
    attribute_names = names("DomainName Id")
    property_name = "DistributionConfig"
    kept_in = "distributions"
    prefix = "E"

    def _keep(self) -> None:
        super()._keep()
        self.attributes["DomainName"] = f"{self.physical_resource_id.lower()}.cloudfront.net"


class OriginAccessControl(_Kept):
    """What has a distribution sign what it asks of an origin."""

    type: ClassVar[str] = "AWS::CloudFront::OriginAccessControl"
    understood = names("OriginAccessControlConfig")
    attribute_names = names("Id")
    property_name = "OriginAccessControlConfig"
    kept_in = "origin_access_controls"
    prefix = "E"


class ResponseHeadersPolicy(_Kept):
    """Headers that a distribution adds."""

    type: ClassVar[str] = "AWS::CloudFront::ResponseHeadersPolicy"
    understood = names(
        "ResponseHeadersPolicyConfig.Name ResponseHeadersPolicyConfig.CustomHeadersConfig.Items "
        + _within("ResponseHeadersPolicyConfig.SecurityHeadersConfig", _HEADERS)
        + " "
        + _within(
            "ResponseHeadersPolicyConfig.SecurityHeadersConfig",
            " ".join(f"{name}.Override" for name in _OVERRIDDEN.split()),
        )
    )
    attribute_names = names("Id")
    property_name = "ResponseHeadersPolicyConfig"
    kept_in = "response_headers_policies"
