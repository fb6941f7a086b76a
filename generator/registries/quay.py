"""Quay by robot federation: the CI's own token is exchanged for a robot's, for an hour.

``GET /oauth2/federation/robot/token`` takes the robot's name and the job's token as user name and
password; the answer's ``token`` is a JWT, and the robot's password (github.com/quay/quay,
``endpoints/oauth/robot_identity_federation.py``, and for the failures, which are told by words,
``util/security/federated_robot_auth.py``). A robot's own token is a password without expiry: that
is ``provider: static``.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from backends.base import RunContext, Secret
from backends.http_model import HttpAnswer
from backends.jwt_identity import claims_of
from backends.options import EndpointUrl
from generator.errors import AccessDenied, Misconfigured
from generator.model import DOCKER_HUB, Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal
from generator.registries.job_token import OIDC_TOKEN, job_identity, job_token

_IN_FEDERATION = "in the robot's federation settings"
_REFUSED = Refusal(
    AccessDenied,
    "token-refused",
    "the job's token is not taken for this robot",
    f"check issuer, subject and audiences {_IN_FEDERATION}",
)
# What Quay's words mean, the first that is among them.
_WORDS: Sequence[tuple[str, Refusal]] = (
    (
        "could not find robot",
        Refusal(
            Misconfigured,
            "robot-unknown",
            "there is no such robot there",
            "check robot: and server:",
        ),
    ),
    (
        "invalid robot",
        Refusal(Misconfigured, "robot-unknown", "that is no robot", "write robot: NAMESPACE+NAME"),
    ),
    (
        "does not have federated login",
        Refusal(
            AccessDenied,
            "robot-not-federated",
            "the robot takes no tokens of others",
            "set up its federation: the CI's issuer, the job's subject, and audiences",
        ),
    ),
    (
        "not configured for this robot",
        Refusal(
            AccessDenied,
            "issuer-unknown",
            "the robot does not know who issued the job's token",
            f"add the CI's issuer {_IN_FEDERATION}, letter for letter",
        ),
    ),
    (
        "does not match robot",
        Refusal(
            AccessDenied,
            "subject-unknown",
            "the robot is not for the job's subject",
            f"add the job's subject {_IN_FEDERATION}: no wildcards are known there",
        ),
    ),
    (
        "expired",
        Refusal(
            AccessDenied,
            "token-expired",
            "the job's token has expired",
            "have the CI give a token right before it is used",
        ),
    ),
    (
        "audience",
        Refusal(
            AccessDenied,
            "audience-refused",
            "the job's token is for another audience",
            f"write audience: as it stands {_IN_FEDERATION}",
        ),
    ),
)


def _meaning(answer: HttpAnswer) -> Refusal | None:
    if answer.status not in (400, 401):
        return None
    body = answer.json_object()
    words = str(body.get("message") or body.get("error")).lower()
    return next((refusal for part, refusal in _WORDS if part in words), _REFUSED)


_QUAY = Issuer("quay", "Quay")


class QuayOptions(ProviderOptions):
    """Options of ``provider: quay``."""

    robot: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\+[A-Za-z0-9_.-]+$")]
    """The robot, as ``NAMESPACE+NAME``."""
    audience: str | None = None
    """Of the job's own token; without it, the server's host name."""
    endpoint: EndpointUrl | None = None
    """The URL that exchanges tokens, if it is not the server."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""

    def audience_for(self, server: str) -> str:
        """Return the audience that the job's token is to be for."""
        return self.audience or urlsplit(f"//{server}").hostname or server


class QuayProvider:
    """Tokens of a robot on quay.io or a Quay of one's own, for the CI's own."""

    default_server: ClassVar[str] = "quay.io"
    asks_its_server: ClassVar[bool] = True
    options: ClassVar[type[ProviderOptions]] = QuayOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("quay.io", "your own Quay's"),
        lives="1 h",
        example="""\
provider: quay
robot: acme+ci
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (OIDC_TOKEN,)

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Any host may be a Quay, but for Docker Hub, whose address is none."""
        if entry.server == DOCKER_HUB:
            return [Problem(("server",), "Docker Hub is no Quay", "write quay.io, or your own")]
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for one robot of one Quay, told apart by the job's subject."""
        options: QuayOptions = entry.options
        server = entry.server or ""
        return GrantKey(
            (
                ("endpoint", options.endpoint or f"https://{server}"),
                ("robot", options.robot),
                *job_identity(entry, options.audience_for(server), context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the job's token."""
        options: QuayOptions = request.entry.options
        server = request.entry.server or ""
        subject = await job_token(request, options.audience_for(server), context)
        endpoint = options.endpoint or f"https://{server}"
        answer = await _QUAY.ask(
            context,
            "GET",
            f"{endpoint.rstrip('/')}/oauth2/federation/robot/token",
            headers={"Authorization": f"Basic {_basic(options.robot, subject)}"},
            allow_http=options.allow_http,
            meaning=_meaning,
        )
        token = answer.token("token")
        return answer.grant(options.robot, token, answer.end_of(token), endpoint=options.endpoint)


def _basic(robot: str, token: Secret) -> str:
    """Return user name and password of a request.

    Raises:
        Misconfigured: the token is none that Quay could look into.
    """
    if claims_of(token) is None:
        raise Misconfigured(
            "quay-token-no-jwt",
            "the job's token is no JSON Web Token, and Quay takes no others",
            "check what the credentials refer to",
        )
    return b64encode(f"{robot}:{token.reveal()}".encode()).decode()
