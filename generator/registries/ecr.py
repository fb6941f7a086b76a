"""Amazon Elastic Container Registry, private registries.

One `GetAuthorizationToken` call gives a token for every registry that the identity may use in the
region, so entries of one identity and region share one grant, whatever their accounts. User name,
token and expiry come from the answer (ECR API reference, 2015-09-21).
"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from backends.aws_options import EndpointUrl, ExternalId, Region, RoleArn, SessionName, is_region
from backends.aws_session import AwsCredentials, AwsRole, vendor_endpoint
from backends.base import IdentityPart, RunContext, Secret
from generator.errors import ImplausibleAnswer, Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, ProviderOptions

# Anchored by fullmatch; suffixes per partition as AWS's endpoint rules list them.
_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\."
    r"(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)",
    re.ASCII,
)


class EcrOptions(ProviderOptions):
    """Options of ``provider: ecr``."""

    region: Region | None = None
    """Only where no server is named: the account's own registry there."""
    role_arn: RoleArn | None = None
    """A role to assume first."""
    external_id: ExternalId | None = None
    role_session_name: SessionName | None = None
    endpoint: EndpointUrl | None = None
    """The URL of the ECR API, if it is not AWS's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class EcrProvider:
    """Tokens of private ECR registries; they live 12 hours."""

    options: ClassVar[type[ProviderOptions]] = EcrOptions
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("access_key_id", ("aws_access_key_id", "access_key"), required=False),
        CredentialField(
            "secret_access_key", ("aws_secret_access_key", "secret_key"), required=False
        ),
        CredentialField("session_token", ("aws_session_token", "security_token"), required=False),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check host, region, role and keys against each other."""
        return [*_server_problems(entry), *_role_problems(entry), *_key_problems(entry)]

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell tokens apart by region, role, endpoint and, without credentials, the AWS chain."""
        options = entry.options
        parts: list[IdentityPart] = [
            ("region", _region(entry, context)),
            ("role_arn", options.role_arn or ""),
            ("external_id", options.external_id or ""),
            ("role_session_name", options.role_session_name or ""),
            ("endpoint", options.endpoint or ""),
            *context.aws.endpoint_identity(["ecr", "sts"] if options.role_arn else ["ecr"]),
        ]
        if not entry.credentials.references:
            parts += [(f"aws.{name}", value) for name, value in context.aws.identity()]
        return GrantKey(tuple(parts))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for an authorization token, as a role if one is named."""
        options: EcrOptions = request.entry.options
        region = _region(request.entry, context)
        credentials = _credentials(request.credentials)
        if options.role_arn:
            credentials = await context.aws.assume_role(
                AwsRole(options.role_arn, options.external_id, options.role_session_name),
                region=region,
                credentials=credentials,
                allow_http=options.allow_http,
            )
        async with context.aws.client(
            "ecr",
            what=f"ECR in {region}",
            region=region,
            credentials=credentials,
            endpoint=options.endpoint,
            allow_http=options.allow_http,
        ) as client:
            requested_at = context.clock()
            answer = await client.get_authorization_token()
            url = client.meta.endpoint_url
            skew = context.aws.clock_skew_s(answer, context.clock())
        endpoint = None if vendor_endpoint(url) else url
        return _grant(answer, f"ECR in {region}", requested_at, skew, endpoint)


def parse_host(host: str) -> tuple[str, str] | None:
    """Return account and region of a registry's host, ``None`` if it is none of ECR's."""
    match = _HOST.fullmatch(host)
    return (match["account"], match["region"]) if match else None


def _server_problems(entry: RegistryEntry) -> list[Problem]:
    region = entry.options.region
    if entry.server is None:
        return []
    registry = parse_host(entry.server)
    if registry is None:
        return [
            Problem(
                ("server",),
                "not the host of an ECR registry",
                "write ACCOUNT.dkr.ecr.REGION.amazonaws.com with the account's 12 digits; "
                "a domain of your own goes under aliases",
            )
        ]
    if region is not None and region != registry[1]:
        return [Problem(("region",), "contradicts the region in the server's name", "drop region:")]
    return []


def _role_problems(entry: RegistryEntry) -> list[Problem]:
    if entry.options.role_arn:
        return []
    return [
        Problem((name,), "means nothing without role_arn", "add role_arn: ARN, or drop it")
        for name in ("external_id", "role_session_name")
        if getattr(entry.options, name) is not None
    ]


def _key_problems(entry: RegistryEntry) -> list[Problem]:
    if entry.credentials.document or not entry.credentials.fields:
        return []
    return [
        Problem(
            ("credentials", name),
            "is missing: access key and secret key belong together",
            f"add {name}: REFERENCE",
        )
        for name in ("access_key_id", "secret_access_key")
        if name not in entry.credentials.fields
    ]


def _region(entry: RegistryEntry, context: RunContext) -> str:
    registry = parse_host(entry.server) if entry.server else None
    region = registry[1] if registry else entry.options.region or context.aws.region()
    if region is None or not is_region(region):
        raise Misconfigured(
            "aws-region-missing",
            "no AWS region is given" if region is None else "AWS_REGION is not a region's name",
            "write region: REGION in the entry, or set AWS_REGION",
        )
    return region


def _credentials(secrets: Mapping[str, Secret]) -> AwsCredentials | None:
    if not secrets:
        return None
    missing = [n for n in ("access_key_id", "secret_access_key") if n not in secrets]
    if missing:
        raise Misconfigured(
            "aws-credentials-incomplete",
            f"the secret has no field {' and no field '.join(missing)}",
            "name the fields: credentials: {from: REFERENCE, fields: {access_key_id: FIELD, …}}",
        )
    return AwsCredentials(
        secrets["access_key_id"].reveal(),
        secrets["secret_access_key"],
        secrets.get("session_token"),
    )


def _grant(
    answer: Mapping[str, Any], what: str, requested_at: datetime, skew: float, endpoint: str | None
) -> Grant:
    data = answer.get("authorizationData")
    if not isinstance(data, list) or not data or not isinstance(data[0], dict):
        raise _implausible(what, "it holds no authorization data")
    username, secret = _pair(data[0].get("authorizationToken"), what)
    expires_at = data[0].get("expiresAt")
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise _implausible(what, "it says no time of expiry")
    local_expiry = datetime.fromtimestamp(expires_at.timestamp() - skew, UTC)
    if local_expiry <= requested_at:
        raise _implausible(what, f"its token expired at {expires_at:%Y-%m-%dT%H:%M:%SZ}")
    return Grant(
        username=username,
        secret=secret,
        requested_at=requested_at,
        expires_at=local_expiry,
        server_addresses=_addresses(data, what),
        endpoint=endpoint,
        clock_skew_s=skew,
    )


def _pair(token: object, what: str) -> tuple[str, Secret]:
    if not isinstance(token, str):
        raise _implausible(what, "it holds no authorization token")
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError:
        raise _implausible(what, "its authorization token is not base64 text") from None
    username, colon, password = text.partition(":")
    if not (username and colon and password):
        raise _implausible(what, "its authorization token is not USER:PASSWORD")
    return username, Secret(password)


def _addresses(data: Sequence[Mapping[str, Any]], what: str) -> tuple[str, ...]:
    hosts = []
    for item in data:
        host = urlsplit(str(item.get("proxyEndpoint", ""))).netloc.lower()
        if parse_host(host) is None:
            raise _implausible(what, "it names a registry that is not one of ECR's")
        hosts.append(host)
    return tuple(hosts)


def _implausible(what: str, why: str) -> ImplausibleAnswer:
    return ImplausibleAnswer(
        "ecr-answer-implausible",
        f"{what}: the answer makes no sense: {why}",
        "check the endpoint, and whether a proxy answers in its place",
    )
