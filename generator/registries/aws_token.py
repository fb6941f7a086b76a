"""What AWS's registries have in common: keys and roles in, a token of USER:PASSWORD out."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backends.aws_options import ExternalId, RoleArn, SessionName
from backends.aws_session import AwsCredentials, AwsRole
from backends.base import IdentityPart, RunContext, Secret
from backends.options import EndpointUrl
from generator.errors import ImplausibleAnswer, Misconfigured
from generator.model import Grant, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, ProviderOptions

AWS_KEYS = (
    CredentialField("access_key_id", ("aws_access_key_id", "access_key"), required=False),
    CredentialField("secret_access_key", ("aws_secret_access_key", "secret_key"), required=False),
    CredentialField("session_token", ("aws_session_token", "security_token"), required=False),
)


class AwsProviderOptions(ProviderOptions):
    """Options of every registry of AWS."""

    role_arn: RoleArn | None = None
    """A role to assume first."""
    external_id: ExternalId | None = None
    role_session_name: SessionName | None = None
    endpoint: EndpointUrl | None = None
    """The URL of the registry's API, if it is not AWS's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


def identity_problems(entry: RegistryEntry) -> Sequence[Problem]:
    """Return what is wrong with an entry's role and keys."""
    return [*_role_problems(entry), *_key_problems(entry)]


def identity_parts(
    entry: RegistryEntry, context: RunContext, services: Sequence[str]
) -> list[IdentityPart]:
    """Return what tells tokens apart: role, endpoint and, without credentials, the AWS chain."""
    options: AwsProviderOptions = entry.options
    asked = [*services, "sts"] if options.role_arn else services
    parts: list[IdentityPart] = [
        ("role_arn", options.role_arn or ""),
        ("external_id", options.external_id or ""),
        ("role_session_name", options.role_session_name or ""),
        ("endpoint", options.endpoint or ""),
        *context.aws.endpoint_identity(asked),
    ]
    if not entry.credentials.references:
        parts += [(f"aws.{name}", value) for name, value in context.aws.identity()]
    return parts


async def credentials_for(
    request: GrantRequest, region: str, context: RunContext
) -> AwsCredentials | None:
    """Return the keys to sign with, a role's if one is named; ``None`` means the AWS chain.

    Raises:
        Misconfigured: if a key is incomplete.
        BackendError: from STS.
    """
    options: AwsProviderOptions = request.entry.options
    credentials = _keys(request.credentials)
    if not options.role_arn:
        return credentials
    return await context.aws.assume_role(
        AwsRole(options.role_arn, options.external_id, options.role_session_name),
        region=region,
        credentials=credentials,
        allow_http=options.allow_http,
    )


def make_grant(
    data: Any,
    what: str,
    *,
    requested_at: datetime,
    skew_s: float,
    endpoint: str | None,
    server_addresses: tuple[str, ...] = (),
) -> Grant:
    """Return a grant from one block of authorization data, every key of it checked.

    Raises:
        ImplausibleAnswer: if it can not be used.
    """
    if not isinstance(data, dict):
        raise implausible(what, "it holds no authorization data")
    username, secret = _pair(data.get("authorizationToken"), what)
    expires_at = data.get("expiresAt")
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise implausible(what, "it says no time of expiry")
    local_expiry = datetime.fromtimestamp(expires_at.timestamp() - skew_s, UTC)
    if local_expiry <= requested_at:
        raise implausible(what, f"its token expired at {expires_at:%Y-%m-%dT%H:%M:%SZ}")
    return Grant(
        username=username,
        secret=secret,
        requested_at=requested_at,
        expires_at=local_expiry,
        server_addresses=server_addresses,
        endpoint=endpoint,
        clock_skew_s=skew_s,
    )


def implausible(what: str, why: str) -> ImplausibleAnswer:
    """Return the error for an answer that makes no sense."""
    return ImplausibleAnswer(
        "ecr-answer-implausible",
        f"{what}: the answer makes no sense: {why}",
        "check the endpoint, and whether a proxy answers in its place",
    )


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


def _keys(secrets: Mapping[str, Secret]) -> AwsCredentials | None:
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


def _pair(token: object, what: str) -> tuple[str, Secret]:
    if not isinstance(token, str):
        raise implausible(what, "it holds no authorization token")
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError:
        raise implausible(what, "its authorization token is not base64 text") from None
    username, colon, password = text.partition(":")
    if not (username and colon and password):
        raise implausible(what, "its authorization token is not USER:PASSWORD")
    return username, Secret(password)
