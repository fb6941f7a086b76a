"""Amazon Elastic Container Registry, private registries.

One `GetAuthorizationToken` call gives a token for every registry that the identity may use in the
region, so entries of one identity and region share one grant, whatever their accounts. User name,
token and expiry come from the answer (ECR API reference, 2015-09-21).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from backends.aws_options import Region, is_region
from backends.aws_session import vendor_endpoint
from backends.base import IdentityPart, RunContext
from generator.errors import Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.aws.entry import (
    AWS_KEYS,
    AwsProviderOptions,
    credentials_for,
    identity_parts,
    identity_problems,
)
from generator.registries.aws.token import implausible, make_grant
from generator.registries.base import CredentialField, KindDocs, ProviderOptions

# Anchored by fullmatch; suffixes per partition as AWS's endpoint rules list them.
_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr(?P<dot>[.-])ecr(?P<fips>-fips)?\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\."
    r"(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class EcrHost:
    """What a registry's host says; FIPS and dual-stack hosts have API endpoints of their own."""

    account: str
    region: str
    fips: bool = False
    dual_stack: bool = False


class EcrOptions(AwsProviderOptions):
    """Options of ``provider: ecr``."""

    region: Region | None = None
    """Only where no server is named: the account's own registry there."""


class EcrProvider:
    """Tokens of private ECR registries; they live 12 hours."""

    options: ClassVar[type[ProviderOptions]] = EcrOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("ACCOUNT.dkr.ecr.REGION.amazonaws.com", "their siblings in other partitions"),
        lives="12 h",
        example="""\
server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
role_arn: arn:aws:iam::123456789012:role/ci-push
credentials: {access_key_id: env:AWS_ACCESS_KEY_ID, secret_access_key: env:AWS_SECRET_ACCESS_KEY}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = AWS_KEYS

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check host, region, role and keys against each other."""
        return [*_server_problems(entry), *identity_problems(entry)]

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell tokens apart by region, role, endpoint and, without credentials, the AWS chain."""
        host = _host(entry)
        parts: list[IdentityPart] = [
            ("region", _region(entry, context)),
            ("fips", str(host is not None and host.fips)),
            ("dual_stack", str(host is not None and host.dual_stack)),
        ]
        return GrantKey((*parts, *identity_parts(entry, context, ["ecr"])))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for an authorization token, as a role if one is named."""
        options: EcrOptions = request.entry.options
        region, host = _region(request.entry, context), _host(request.entry)
        what = f"ECR in {region}"
        credentials = await credentials_for(request, region, context)
        async with context.aws.client(
            "ecr",
            what=what,
            region=region,
            profile=options.profile,
            credentials=credentials,
            endpoint=options.endpoint,
            allow_http=options.allow_http,
            fips=host is not None and host.fips,
            dual_stack=host is not None and host.dual_stack,
        ) as client:
            requested_at = context.clock()
            answer = await client.get_authorization_token()
            url = client.meta.endpoint_url
            skew_s = context.aws.clock_skew_s(answer, context.clock())
        data = answer.get("authorizationData")
        if not isinstance(data, list) or not data:
            raise implausible(what, "it holds no authorization data")
        return make_grant(
            data[0],
            what,
            requested_at=requested_at,
            skew_s=skew_s,
            endpoint=None if vendor_endpoint(url) else url,
            server_addresses=_addresses(data, what),
        )


def parse_host(host: str) -> EcrHost | None:
    """Return what a registry's host says, ``None`` if it is none of ECR's."""
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    return EcrHost(match["account"], match["region"], bool(match["fips"]), match["dot"] == "-")


def _host(entry: RegistryEntry) -> EcrHost | None:
    return parse_host(entry.server) if entry.server else None


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
    if region is not None and region != registry.region:
        return [Problem(("region",), "contradicts the region in the server's name", "drop region:")]
    return []


def _region(entry: RegistryEntry, context: RunContext) -> str:
    host = _host(entry)
    region = host.region if host else entry.options.region or context.aws.region()
    if region is None or not is_region(region):
        raise Misconfigured(
            "aws-region-missing",
            "no AWS region is given" if region is None else "AWS_REGION is not a region's name",
            "write region: REGION in the entry, or set AWS_REGION",
        )
    return region


def _addresses(data: Sequence[Any], what: str) -> tuple[str, ...]:
    hosts = []
    for item in data:
        host = urlsplit(
            str(item.get("proxyEndpoint", "") if isinstance(item, dict) else "")
        ).netloc.lower()
        if parse_host(host) is None:
            raise implausible(what, "it names a registry that is not one of ECR's")
        hosts.append(host)
    return tuple(hosts)
