"""Docker Hub by an OIDC connection: the CI's own token is exchanged for one of an organisation's.

``POST /oauth/token`` of identity.docker.com, an exchange after RFC 8693 with the connection and the
wanted lifetime beside it; the answer holds ``access_token``, which is the password of a user that
is called as the organisation (github.com/docker/login-action, ``src/dockerhub.ts``; Docker's
manual, "OIDC connections"). It is marked as beta there, and GitHub is the only CI that it knows.
Personal and organisation access tokens are passwords: they are ``provider: static``.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from backends.base import RunContext
from backends.options import Duration, EndpointUrl
from generator.errors import AccessDenied
from generator.model import DOCKER_HUB, Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal
from generator.registries.job_token import OIDC_TOKEN, job_identity, job_token

IDENTITY = "https://identity.docker.com"
# Hardened images are of another host; both take the same token.
_REGISTRIES = (DOCKER_HUB, "dhi.io")
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
_SUBJECT_TYPE = "urn:ietf:params:oauth:token-type:id_token"
_REFUSED = Refusal(
    AccessDenied,
    "token-refused",
    "the job's token is not taken for this connection",
    "check connection_id, that the connection is active and one of its rulesets matches the job's "
    "subject, and audience: if one is written",
)
_DOCKER = Issuer("dockerhub", "Docker Hub", dict.fromkeys((400, 401, 403), _REFUSED))


class DockerHubOptions(ProviderOptions):
    """Options of ``provider: dockerhub``."""

    organization: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    """The organisation that has the connection; also the user name that is written."""
    connection_id: Annotated[
        str, Field(pattern=r"^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$")
    ]
    """The connection's ID, as Docker shows it."""
    audience: str = IDENTITY
    """Of the job's own token."""
    expires_in: Annotated[Duration, Field(ge=300, le=21600)] = 300.0
    """How long the token is to live, from ``5m``, which is the default, to ``6h``."""
    endpoint: EndpointUrl = IDENTITY
    """The URL that exchanges tokens, if it is not Docker's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class DockerHubProvider:
    """Tokens of an organisation on Docker Hub, for the CI's own (beta)."""

    default_server: ClassVar[str] = DOCKER_HUB
    options: ClassVar[type[ProviderOptions]] = DockerHubOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("docker.io", "dhi.io"),
        lives="5 min to 6 h; beta",
        example="""\
provider: dockerhub
organization: acme
connection_id: 11111111-2222-3333-4444-555555555555
expires_in: 30m
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (OIDC_TOKEN,)

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """The token is for Docker's own registries, and nobody else is to have it."""
        hint = "write docker.io or dhi.io, or leave it out"
        places = {"server": (entry.server,), "aliases": entry.aliases}
        return [
            Problem((place,), "not a registry of Docker's", hint)
            for place, addresses in places.items()
            if not set(addresses) <= set(_REGISTRIES)
        ]

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for all of Docker's registries, told apart by connection and subject."""
        options: DockerHubOptions = entry.options
        return GrantKey(
            (
                ("endpoint", options.endpoint),
                ("organization", options.organization),
                ("connection_id", options.connection_id),
                ("expires_in", f"{options.expires_in:g}"),
                *job_identity(entry, options.audience, context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the job's token."""
        options: DockerHubOptions = request.entry.options
        subject = await job_token(request, options.audience, context)
        lives_s = int(options.expires_in)
        answer = await _DOCKER.ask(
            context,
            "POST",
            f"{options.endpoint.rstrip('/')}/oauth/token",
            form={
                "grant_type": _GRANT_TYPE,
                "subject_token_type": _SUBJECT_TYPE,
                "subject_token": subject.reveal(),
                "connection_id": options.connection_id,
                "expires_in": str(lives_s),
            },
            allow_http=options.allow_http,
        )
        token = answer.token("access_token")
        told = answer.body.get("expires_in")
        return answer.grant(
            options.organization,
            token,
            # it need not say how long: then it is what was asked for
            answer.end_of_any(token, lives_s if told is None else told),
            endpoint=None if options.endpoint == IDENTITY else options.endpoint,
        )
