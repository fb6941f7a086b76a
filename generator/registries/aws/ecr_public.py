"""Amazon ECR Public.

One region answers for the whole world, us-east-1, and one token serves every public registry (ECR
Public API reference, 2020-10-30).
"""

from collections.abc import Sequence
from typing import ClassVar

from backends.aws_session import vendor_endpoint
from backends.base import RunContext
from backends.errors import SecretDenied
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.aws.entry import (
    AWS_KEYS,
    AwsProviderOptions,
    credentials_for,
    identity_parts,
    identity_problems,
)
from generator.registries.aws.token import make_grant
from generator.registries.base import CredentialField, KindDocs, ProviderOptions

REGION = "us-east-1"
HOSTS = ("public.ecr.aws", "ecr-public.aws.com")
_SERVICE = "ecr-public"
_WHAT = "ECR Public"


class EcrPublicProvider:
    """Tokens of ECR Public; they live 12 hours."""

    default_server: ClassVar[str] = HOSTS[0]
    options: ClassVar[type[ProviderOptions]] = AwsProviderOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=HOSTS,
        lives="12 h",
        example="""\
server: public.ecr.aws
credentials: {access_key_id: env:AWS_ACCESS_KEY_ID, secret_access_key: env:AWS_SECRET_ACCESS_KEY}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = AWS_KEYS

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check host, role and keys."""
        problems = list(identity_problems(entry))
        if entry.server is not None and entry.server not in HOSTS:
            problems.append(
                Problem(("server",), "not a host of ECR Public", f"write server: {HOSTS[0]}")
            )
        return problems

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell tokens apart by role, endpoint and, without credentials, the AWS chain."""
        return GrantKey(tuple(identity_parts(entry, context, [_SERVICE])))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for an authorization token, as a role if one is named."""
        options: AwsProviderOptions = request.entry.options
        credentials = await credentials_for(request, REGION, context)
        try:
            async with context.aws.client(
                _SERVICE,
                what=_WHAT,
                region=REGION,
                profile=options.profile,
                credentials=credentials,
                endpoint=options.endpoint,
                allow_http=options.allow_http,
            ) as client:
                requested_at = context.clock()
                answer = await client.get_authorization_token()
                url = client.meta.endpoint_url
                skew_s = context.aws.clock_skew_s(answer, context.clock())
        except SecretDenied as error:
            raise _with_both_permissions(error) from None
        return make_grant(
            answer.get("authorizationData"),
            _WHAT,
            requested_at=requested_at,
            skew_s=skew_s,
            endpoint=None if vendor_endpoint(url) else url,
            server_addresses=(HOSTS[0],),
        )


def _with_both_permissions(error: SecretDenied) -> SecretDenied:
    """Name both actions that a policy must allow: a denial tells of one at a time."""
    if error.reference != "aws-access-denied":
        return error
    return SecretDenied(
        error.reference,
        error.message,
        "allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken "
        "in the policy of this identity",
    )
