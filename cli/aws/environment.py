"""The AWS that this environment leads to, and what is said where it cannot be used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore import exceptions

from cli.output.failure import EXIT_USAGE, CommandError

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
}
_BAD_CONFIGURATION = (
    exceptions.ConfigNotFound,
    exceptions.ConfigParseError,
    exceptions.InvalidChecksumConfigError,
    exceptions.InvalidConfigError,
    exceptions.InvalidDefaultsMode,
    exceptions.InvalidRegionError,
    exceptions.InvalidRetryConfigurationError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.UnknownRegionError,
)
_NOT_SIGNED_IN = (
    exceptions.CredentialRetrievalError,
    exceptions.NoAuthTokenError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_SIGN_IN = "Sign in again, or choose another profile with AWS_PROFILE"
_CONFIGURATION_REMEDY = (
    "Correct it, or choose another with AWS_PROFILE, AWS_DEFAULT_REGION, AWS_CONFIG_FILE or "
    "AWS_SHARED_CREDENTIALS_FILE"
)
_BAD_ENDPOINT = re.compile(
    r"^Invalid endpoint|^Invalid IPv6 URL|^Port (?:out of|could not)|Not supported URL scheme"
)
"""How botocore, urllib3 and Python's own URLs say that an endpoint is none."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def session_of_environment() -> boto3.session.Session:
    """The session that AWS's variables and profiles lead to; loopback is reached without a proxy.

    Raises:
        CommandError: no credentials, a profile or region that does not exist, a file that cannot
            be read.
    """
    _reach_loopback_directly()
    with explained():
        session = boto3.session.Session()
        if session.region_name:
            session.get_partition_for_region(session.region_name)
        try:
            credentials = session.get_credentials()
            if credentials is None:
                raise exceptions.NoCredentialsError
            # Files and programs that give credentials are read late, with any error they bring.
            credentials.get_frozen_credentials()
        except exceptions.BotoCoreError:
            raise  # some of them are OSError, too
        except (OSError, ValueError) as error:
            raise CommandError(
                f"AWS cannot be used: its credentials cannot be read: {error}",
                remedy=_CONFIGURATION_REMEDY,
                exit_code=EXIT_USAGE,
            ) from error
        return session


@contextmanager
def explained() -> Iterator[None]:
    """Turn what AWS and boto3 raise into one message with a remedy."""
    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(error) from error
    except exceptions.NoCredentialsError as error:
        raise CommandError(
            "there are no AWS credentials here",
            remedy="Sign in and set AWS_PROFILE, or try everything on this machine with `--local`",
        ) from error
    except _NOT_SIGNED_IN as error:
        raise CommandError(f"AWS cannot be used: {error}", remedy=_SIGN_IN) from error
    except exceptions.ProxyConnectionError as error:
        raise CommandError(
            f"the proxy cannot be reached: {error}",
            remedy="Check HTTPS_PROXY and HTTP_PROXY, or list AWS's hosts in NO_PROXY",
        ) from error
    except (exceptions.EndpointConnectionError, exceptions.ConnectionError) as error:
        raise CommandError(
            f"AWS cannot be reached: {error}",
            remedy="Check the network, AWS_DEFAULT_REGION and AWS_ENDPOINT_URL; is `vend local` "
            "still running?",
        ) from error
    except _BAD_CONFIGURATION as error:
        raise CommandError(
            f"AWS cannot be used: {error}", remedy=_CONFIGURATION_REMEDY, exit_code=EXIT_USAGE
        ) from error
    except (ValueError, exceptions.BotoCoreError) as error:
        if _BAD_ENDPOINT.search(str(error)):
            raise CommandError(
                f"AWS cannot be used: {error}",
                remedy="Check AWS_ENDPOINT_URL and every other AWS_ENDPOINT_URL_…, and "
                "endpoint_url in ~/.aws/config: an endpoint is like http://127.0.0.1:5111",
                exit_code=EXIT_USAGE,
            ) from error
        if not isinstance(error, exceptions.BotoCoreError):
            raise
        raise CommandError(
            f"AWS cannot be used: {error}",
            remedy="Check AWS's variables, HTTPS_PROXY and HTTP_PROXY, and ~/.aws/config",
        ) from error


def is_denied(error: exceptions.ClientError) -> bool:
    """Whether the caller lacks the permission."""
    return code_of(error) in _DENIED


def code_of(error: exceptions.ClientError) -> str:
    """The error's code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _refused(error: exceptions.ClientError) -> CommandError:
    message = str(error.response.get("Error", {}).get("Message", "")) or str(error)
    if code_of(error) in _BAD_CREDENTIALS:
        return CommandError(
            f"AWS does not accept these credentials: {message}",
            remedy=_SIGN_IN,
        )
    if is_denied(error):
        return CommandError(
            f"AWS denies {error.operation_name}: {message}",
            remedy="Use a role that may read the stack and the ledger and put events on its bus",
        )
    return CommandError(f"AWS refused {error.operation_name}: {code_of(error)}: {message}")


def _reach_loopback_directly() -> None:
    """Add loopback to NO_PROXY, where there is a proxy: a service's endpoint can be anywhere."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return
    hosts = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if hosts.strip() == "*":
        return
    named = [host.strip() for host in hosts.split(",") if host.strip()]
    missing = [host for host in _LOOPBACK if host not in named]
    # Where both are set, Python reads the lower-case one.
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join([*named, *missing])
