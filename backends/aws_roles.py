"""Taking over roles of AWS, signed or with a web identity token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backends.aws_session import AwsCredentials, AwsSession
from backends.errors import BadAnswer
from backends.secret import Secret

DEFAULT_SESSION_NAME = "dockercfg-generator"
# AssumeRoleWithWebIdentity is not signed: these only keep the SDK from looking for a key.
_NOBODY = AwsCredentials("anonymous", Secret("anonymous"))


@dataclass(frozen=True, slots=True)
class AwsRole:
    """A role to assume; with a ``web_identity`` token no key is needed."""

    arn: str
    external_id: str | None = None
    session_name: str | None = None
    duration_s: float | None = None
    web_identity: Secret | None = field(default=None, repr=False)


async def assume_role(
    aws: AwsSession,
    role: AwsRole,
    *,
    region: str | None,
    profile: str | None = None,
    credentials: AwsCredentials | None = None,
    allow_http: bool = False,
) -> AwsCredentials:
    """Take over a role (STS API reference 2011-06-15, AssumeRole, AssumeRoleWithWebIdentity).

    Args:
        aws: the run's session.
        role: which one, and how.
        region: whose STS is asked.
        profile: a profile to sign with instead of the ordinary chain.
        credentials: a key to sign with instead of the ordinary chain.
        allow_http: whether the endpoint may speak plain http to another host.

    Raises:
        BackendError: one of the tree in `backends.errors`.
    """
    what = f"STS{f' in {region}' if region else ''} for {role.arn}"
    async with aws.client(
        "sts",
        what=what,
        region=region,
        profile=None if role.web_identity else profile,
        credentials=_NOBODY if role.web_identity else credentials,
        allow_http=allow_http,
    ) as client:
        if role.web_identity is None:
            answer = await client.assume_role(**_arguments(role))
        else:
            answer = await client.assume_role_with_web_identity(**_arguments(role))
    return _credentials(answer, what)


def _arguments(role: AwsRole) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "RoleArn": role.arn,
        "RoleSessionName": role.session_name or DEFAULT_SESSION_NAME,
    }
    if role.duration_s is not None:
        arguments["DurationSeconds"] = round(role.duration_s)
    if role.web_identity is not None:
        arguments["WebIdentityToken"] = role.web_identity.reveal()
    elif role.external_id:
        arguments["ExternalId"] = role.external_id
    return arguments


def _credentials(answer: Mapping[str, Any], what: str) -> AwsCredentials:
    keys = answer.get("Credentials") or {}
    values = [keys.get(name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    if not all(isinstance(value, str) and value for value in values):
        raise BadAnswer(
            "aws-answer-implausible",
            f"{what}: the answer holds no credentials",
            "check the endpoint, and whether a proxy answers in its place",
        )
    access_key_id, secret_access_key, token = map(str, values)
    return AwsCredentials(access_key_id, Secret(secret_access_key), Secret(token))
