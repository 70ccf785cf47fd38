"""The portal by its setting: what it serves, from where, and what the page may load."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings import ApiSettings, PortalSettings, Settings, TokenIssuer
from tests.infra.synthesized import SynthesizedTemplate, flat, logical_id, synthesize

ISSUER = "https://issuer.example.com"
API = ApiSettings(tokens=TokenIssuer(issuer=ISSUER, audiences=("page", "other")))
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1111-2222"


def a_portal(**changes: Any) -> PortalSettings:
    return PortalSettings(
        **{
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": "https://tokens.example.com/token",
            **changes,
        }
    )


@pytest.fixture(scope="module")
def with_portal(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    portal = a_portal(domain_name="accounts.example.com", certificate_arn=CERTIFICATE)
    return synthesize(Settings(api=API, portal=portal), tmp_path_factory.mktemp("portal"))


def distribution(template: SynthesizedTemplate) -> dict[str, Any]:
    found: dict[str, Any] = template.only("AWS::CloudFront::Distribution")["Properties"]
    config: dict[str, Any] = found["DistributionConfig"]
    return config


def test_there_is_no_portal_by_default(template: SynthesizedTemplate) -> None:
    assert not [
        one
        for one in template.document["Resources"].values()
        if one["Type"].startswith("AWS::CloudFront")
    ]
    assert "PortalUrl" not in template.document["Outputs"]


def test_bucket_is_read_by_the_distribution_alone(with_portal: SynthesizedTemplate) -> None:
    (bucket,) = (id_ for id_ in with_portal.of_type("AWS::S3::Bucket") if "Portal" in id_)
    properties = with_portal.document["Resources"][bucket]["Properties"]
    (policy,) = (
        one["Properties"]["PolicyDocument"]["Statement"]
        for one in with_portal.of_type("AWS::S3::BucketPolicy").values()
        if logical_id(one["Properties"]["Bucket"]) == bucket
    )
    (allowed,) = (one for one in policy if one["Effect"] == "Allow")

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert "distribution/" in flat(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    origins = {one["Id"]: one for one in distribution(with_portal)["Origins"]}
    default = distribution(with_portal)["DefaultCacheBehavior"]
    assert origins[default["TargetOriginId"]]["OriginAccessControlId"]


def test_api_is_part_of_the_pages_origin_and_never_cached(with_portal: SynthesizedTemplate) -> None:
    (behavior,) = distribution(with_portal)["CacheBehaviors"]
    stages = [one["Properties"] for one in with_portal.of_type("AWS::ApiGatewayV2::Stage").values()]

    assert behavior["PathPattern"] == "api/*"
    # Amazon CloudFront Developer Guide, "Use managed cache policies": CachingDisabled; "Use managed
    # origin request policies": AllViewerExceptHostHeader.
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert {one["StageName"] for one in stages} == {"$default", "api"}
    assert all(one["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 40 for one in stages)


def test_page_loads_its_own_files_and_calls_its_api_and_the_issuer(
    with_portal: SynthesizedTemplate,
) -> None:
    policy = with_portal.only("AWS::CloudFront::ResponseHeadersPolicy")["Properties"]
    headers = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    said = dict(
        one.split(" ", 1)
        for one in headers["ContentSecurityPolicy"]["ContentSecurityPolicy"].split("; ")
    )

    assert said == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' https://tokens.example.com",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    behaviors = [
        distribution(with_portal)["DefaultCacheBehavior"],
        *distribution(with_portal)["CacheBehaviors"],
    ]
    assert all(one["ResponseHeadersPolicyId"] for one in behaviors)
    assert {one["ViewerProtocolPolicy"] for one in behaviors} == {"redirect-to-https", "https-only"}


def test_own_host_has_its_certificate(with_portal: SynthesizedTemplate) -> None:
    config = distribution(with_portal)

    assert config["Aliases"] == ["accounts.example.com"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    outputs = with_portal.document["Outputs"]
    assert outputs["PortalUrl"]["Value"] == "https://accounts.example.com/"
    assert json.loads(outputs["PortalSignIn"]["Value"]) == {
        "authorizationEndpoint": f"{ISSUER}/authorize",
        "tokenEndpoint": "https://tokens.example.com/token",
        "clientId": "page",
        "scope": "openid",
        "token": "access_token",
    }


@pytest.mark.parametrize(
    ("api", "changes", "problem"),
    [
        (None, {}, "portal needs api.tokens"),
        (ApiSettings(), {}, "portal needs api.tokens"),
        (API, {"token_endpoint": "http://x/token"}, "portal.token_endpoint: .* https address"),
        (API, {"token_endpoint": "https://x/;script-src *"}, "portal.token_endpoint"),
        (API, {"authorization_endpoint": "x"}, "portal.authorization_endpoint"),
        (API, {"domain_name": "accounts.example.com"}, "go together"),
        (
            API,
            {"domain_name": "Accounts!", "certificate_arn": CERTIFICATE},
            "portal.domain_name",
        ),
        (
            API,
            {
                "domain_name": "a.example.com",
                "certificate_arn": CERTIFICATE.replace("us-east-1", "eu-west-1"),
            },
            "certificate in us-east-1",
        ),
    ],
)
def test_portal_where_nobody_could_sign_in_is_refused(
    api: ApiSettings | None, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings(api=api, portal=a_portal(**changes))
