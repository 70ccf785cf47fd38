"""The portal: the page's files in a private bucket, and the distribution that serves them with the
API below `/api/`, so that the page calls nothing but its own origin and the token endpoint.

Nothing of it costs anything while nobody opens it. `vend portal` puts the files into the bucket
once the stack is deployed: they are no part of the template, and need no function to copy them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.api import PORTAL_STAGE
from infra.settings import PortalSettings, Settings, TokenIssuer

HSTS_SECONDS = 63_072_000
"""Two years, which browsers' preload lists ask for."""


class Portal(Construct):
    """The bucket and the distribution; `url` is where people open the page."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        portal: PortalSettings,
        tokens: TokenIssuer,
        http_api: apigateway.HttpApi,
    ) -> None:
        super().__init__(scope, id_)
        self._portal, self._tokens = portal, tokens
        # By S3's own keys whatever `kms_key_arn` says: the page is for everybody to read.
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        headers = self._headers(settings)
        region = Stack.of(self).region
        api_domain = f"{http_api.api_id}.execute-api.{region}.amazonaws.com"
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Account vending",
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=headers,
                compress=True,
            ),
            additional_behaviors={
                f"{PORTAL_STAGE}/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(
                        api_domain, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
                    ),
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                    response_headers_policy=headers,
                )
            },
            domain_names=[portal.domain_name] if portal.domain_name else None,
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", portal.certificate_arn
            )
            if portal.certificate_arn
            else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021
            if portal.certificate_arn
            else None,
        )
        host = portal.domain_name or self.distribution.distribution_domain_name
        self.url = f"https://{host}/"

    @property
    def outputs(self) -> Mapping[str, str]:
        """What `vend portal` reads."""
        return {
            "PortalUrl": self.url,
            "PortalBucketName": self.bucket.bucket_name,
            "PortalSignIn": json.dumps(
                {
                    "authorizationEndpoint": self._portal.authorization_endpoint,
                    "tokenEndpoint": self._portal.token_endpoint,
                    "clientId": self._tokens.audiences[0],
                    "scope": self._portal.scope,
                    "token": self._portal.token,
                }
            ),
        }

    def _headers(self, settings: Settings) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            # Names are one account's, whatever the region.
            response_headers_policy_name=f"{settings.name_prefix}account-vending-portal",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(self._portal), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.seconds(HSTS_SECONDS),
                    include_subdomains=True,
                    override=True,
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=header, value=value, override=True)
                    for header, value in (
                        ("cross-origin-opener-policy", "same-origin"),
                        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
                    )
                ]
            ),
        )


def content_security_policy(portal: PortalSettings) -> str:
    """What the page may load and call: its own files, its own API, and the token endpoint.

    Content Security Policy Level 3 and Trusted Types, W3C.
    """
    tokens = urlsplit(portal.token_endpoint)
    said = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {tokens.scheme}://{tokens.netloc}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in said.items())
