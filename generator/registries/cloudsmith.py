"""Cloudsmith: the CI's own token is exchanged for one of a service account's.

``POST /openid/ORGANISATION/`` answers with ``token``, a JWT that lives about 90 minutes; it is the
password of the user ``token`` (Cloudsmith's documentation, "OpenID Connect" and the API's
``openid_create``; github.com/cloudsmith-io/cloudsmith-cli). An API key is a password of that user
too: that is ``provider: static``.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from backends.base import RunContext
from backends.options import EndpointUrl
from generator.errors import AccessDenied, Misconfigured
from generator.model import DOCKER_HUB, Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal
from generator.registries.job_token import OIDC_TOKEN, job_identity, job_token

API = "https://api.cloudsmith.io"
USERNAME = "token"
_REFUSED = Refusal(
    AccessDenied,
    "token-refused",
    "the job's token is not taken for this service account",
    "check service, and that a provider of the organisation has the CI's URL, this account, and "
    "claims that the job's token meets (audience: among them, if aud is one)",
)
_CLOUDSMITH = Issuer(
    "cloudsmith",
    "Cloudsmith",
    {
        **dict.fromkeys((400, 401, 403, 422), _REFUSED),
        404: Refusal(
            Misconfigured,
            "organization-unknown",
            "there is no such organisation",
            "check organization: it is the name in the organisation's URL",
        ),
    },
)

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class CloudsmithOptions(ProviderOptions):
    """Options of ``provider: cloudsmith``."""

    organization: Slug
    """The organisation, as its URL calls it."""
    service: Slug
    """The service account, as its URL calls it (its slug)."""
    audience: str = "cloudsmith"
    """Of the job's own token."""
    endpoint: EndpointUrl = API
    """The URL of the API, if it is not Cloudsmith's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class CloudsmithProvider:
    """Tokens of a service account on Cloudsmith, for the CI's own."""

    default_server: ClassVar[str] = "docker.cloudsmith.io"
    options: ClassVar[type[ProviderOptions]] = CloudsmithOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("docker.cloudsmith.io", "your own domain"),
        lives="90 min",
        example="""\
provider: cloudsmith
organization: acme
service: ci-a1b2
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (OIDC_TOKEN,)

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Any host may be a domain of the organisation's own, but for Docker Hub."""
        if entry.server == DOCKER_HUB:
            hint = "write docker.cloudsmith.io, or your own domain"
            return [Problem(("server",), "Docker Hub is not Cloudsmith's", hint)]
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for all hosts, told apart by account and subject."""
        options: CloudsmithOptions = entry.options
        return GrantKey(
            (
                ("endpoint", options.endpoint),
                ("organization", options.organization),
                ("service", options.service),
                *job_identity(entry, options.audience, context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the job's token."""
        options: CloudsmithOptions = request.entry.options
        subject = await job_token(request, options.audience, context)
        answer = await _CLOUDSMITH.ask(
            context,
            "POST",
            f"{options.endpoint.rstrip('/')}/openid/{options.organization}/",
            json={"oidc_token": subject.reveal(), "service_slug": options.service},
            allow_http=options.allow_http,
        )
        token = answer.token("token")
        return answer.grant(
            USERNAME,
            token,
            answer.end_of(token),
            endpoint=None if options.endpoint == API else options.endpoint,
        )
