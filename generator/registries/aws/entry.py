"""What entries of AWS's registries have in common: keys, roles, and who is asked as whom."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from backends.aws_options import ExternalId, ProfileName, RoleArn, SessionName
from backends.aws_roles import AwsRole, assume_role
from backends.aws_session import AwsCredentials
from backends.base import IdentityPart, RunContext, Secret
from backends.ci_identity import CiIdentity
from backends.options import Duration, EndpointUrl
from generator.errors import Misconfigured
from generator.model import GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, ProviderOptions

AWS_KEYS = (
    CredentialField("access_key_id", ("aws_access_key_id", "access_key"), required=False),
    CredentialField("secret_access_key", ("aws_secret_access_key", "secret_key"), required=False),
    CredentialField("session_token", ("aws_session_token", "security_token"), required=False),
    CredentialField("web_identity_token", required=False, job_token=True),
)
_PAIR = ("access_key_id", "secret_access_key")
_CHAINED_S = 3600


class AwsProviderOptions(ProviderOptions):
    """Options of every registry of AWS."""

    profile: ProfileName | None = None
    """A profile of the AWS config files to use instead of the ordinary chain."""
    role_arn: RoleArn | None = None
    """A role to assume first."""
    role_chain: tuple[RoleArn, ...] = ()
    """Roles to assume one after the other on the way to it."""
    external_id: ExternalId | None = None
    """The external id that the role's owner asks for."""
    role_session_name: SessionName | None = None
    """What AWS's logs call the session of the role."""
    role_duration: Annotated[Duration, Field(ge=900, le=43200)] | None = None
    """How long the role is held: 15m to 12h, as the role allows."""
    audience: str | None = None
    """Assume the role with the CI's own OIDC token for this audience (sts.amazonaws.com)."""
    endpoint: EndpointUrl | None = None
    """The URL of the registry's API, if it is not AWS's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


def identity_problems(entry: RegistryEntry) -> Sequence[Problem]:
    """Return what is wrong with an entry's role, profile and keys."""
    return [*_role_problems(entry), *_key_problems(entry), *_profile_problems(entry)]


def identity_parts(
    entry: RegistryEntry, context: RunContext, services: Sequence[str]
) -> list[IdentityPart]:
    """Return what tells tokens apart: role, endpoint and, without credentials, who is ambient."""
    options: AwsProviderOptions = entry.options
    asked = [*services, "sts"] if options.role_arn else services
    parts: list[IdentityPart] = [
        ("role_arn", options.role_arn or ""),
        ("role_chain", ",".join(options.role_chain)),
        ("external_id", options.external_id or ""),
        ("role_session_name", options.role_session_name or ""),
        ("role_duration", f"{options.role_duration or 0:g}"),
        ("audience", options.audience or ""),
        ("endpoint", options.endpoint or ""),
        *context.aws.endpoint_identity(asked),
    ]
    if entry.credentials.references:
        return parts
    if options.audience is not None:
        ci = CiIdentity(context, context.transport).identity(options.audience)
        return [*parts, *((f"ci.{name}", value) for name, value in ci)]
    ambient = context.aws.identity(options.profile)
    return [*parts, *((f"aws.{name}", value) for name, value in ambient)]


async def credentials_for(
    request: GrantRequest, region: str, context: RunContext
) -> AwsCredentials | None:
    """Return the keys to sign with, a role's if one is named; ``None`` means the AWS chain.

    Raises:
        Misconfigured: if a key is incomplete.
        BackendError: from STS, or from the CI that gives a token.
    """
    options: AwsProviderOptions = request.entry.options
    token = await _web_identity(request, context)
    credentials = None if token else _keys(request.credentials)
    for role in _roles(options, token):
        credentials = await assume_role(
            context.aws,
            role,
            region=region,
            profile=options.profile,
            credentials=credentials,
            allow_http=options.allow_http,
        )
    return credentials


async def _web_identity(request: GrantRequest, context: RunContext) -> Secret | None:
    options: AwsProviderOptions = request.entry.options
    token = request.credentials.get("web_identity_token")
    if token is None and options.audience is not None:
        token = await CiIdentity(context, context.transport).token(options.audience)
    return token


def _roles(options: AwsProviderOptions, token: Secret | None) -> list[AwsRole]:
    """Return the roles in order: the first takes the token, the last the settings."""
    if options.role_arn is None:
        return []
    name = options.role_session_name
    last = len(options.role_chain)
    return [
        AwsRole(
            arn,
            external_id=options.external_id if index == last else None,
            session_name=name,
            duration_s=options.role_duration if index == last else None,
            web_identity=token if index == 0 else None,
        )
        for index, arn in enumerate([*options.role_chain, options.role_arn])
    ]


def _role_problems(entry: RegistryEntry) -> list[Problem]:
    options: AwsProviderOptions = entry.options
    given = [
        name
        for name in ("role_chain", "external_id", "role_session_name", "role_duration", "audience")
        if getattr(options, name)
    ]
    if options.role_arn is None:
        hint = "add role_arn: ARN, or drop it"
        paths: list[tuple[str, ...]] = [(name,) for name in given]
        if "web_identity_token" in entry.credentials.fields:
            paths.append(("credentials", "web_identity_token"))
        return [Problem(path, "means nothing without role_arn", hint) for path in paths]
    if options.role_chain and (options.role_duration or 0) > _CHAINED_S:
        return [Problem(("role_duration",), "is over the hour of a chained role", "write 1h")]
    return []


def _key_problems(entry: RegistryEntry) -> list[Problem]:
    fields = set(entry.credentials.fields)
    if entry.credentials.document or not fields:
        return []
    if "web_identity_token" in fields:
        return [
            Problem(("credentials", name), "is not used beside a web identity token", "drop it")
            for name in sorted(fields - {"web_identity_token"})
        ]
    return [
        Problem(
            ("credentials", name),
            "is missing: access key and secret key belong together",
            f"add {name}: REFERENCE",
        )
        for name in _PAIR
        if name not in fields
    ]


def _profile_problems(entry: RegistryEntry) -> list[Problem]:
    options: AwsProviderOptions = entry.options
    if options.profile is None:
        return []
    others = ["credentials"] if entry.credentials.references else []
    others += ["audience"] if options.audience is not None else []
    return [
        Problem(("profile",), f"contradicts {name}: both say who asks", "keep one of the two")
        for name in others
    ]


def _keys(secrets: Mapping[str, Secret]) -> AwsCredentials | None:
    if not secrets:
        return None
    missing = [name for name in _PAIR if name not in secrets]
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
