"""Chainguard's registry: the job's OIDC token is exchanged for a token of an assumable identity.

The exchange and its life of an hour are Chainguard's ("Overview of Assumable Identities", "Create
an Assumable Identity for a Kubernetes Pod"), as is the user ``_token`` ("Authenticate to
Chainguard's Registry"); that ``aud=cgr.dev`` asks for a token of the registry, its own example for
pull secrets shows. When it expires, the token says: it is a JSON Web Token.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar
from urllib.parse import quote

from pydantic import Field

from backends.base import RunContext
from backends.options import EndpointUrl
from generator.errors import AccessDenied
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal
from generator.registries.job_token import OIDC_TOKEN, job_identity, job_token

HOST = "cgr.dev"
ISSUER = "https://issuer.enforce.dev"
USERNAME = "_token"
_REFUSED = Refusal(
    AccessDenied,
    "identity-refused",
    "the job may not assume this identity",
    "check identity:, and the issuer, subject and audience that it trusts",
)
_STS = Issuer("chainguard", "Chainguard", dict.fromkeys((400, 401, 403, 404), _REFUSED))


class ChainguardOptions(ProviderOptions):
    """Options of ``provider: chainguard``."""

    identity: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]
    """The id of the assumable identity, as ``chainctl iam identities list`` shows it."""
    audience: str = "issuer.enforce.dev"
    """Of the job's token, as the identity trusts it."""
    endpoint: EndpointUrl = ISSUER
    """The URL of the issuer, if it is not Chainguard's public one."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class ChainguardProvider:
    """Tokens of an assumable identity; they live an hour."""

    default_server: ClassVar[str] = HOST
    options: ClassVar[type[ProviderOptions]] = ChainguardOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(HOST,),
        lives="1 h",
        example="""\
provider: chainguard
identity: 4a3b2c1d0e/9f8e7d6c5b
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (OIDC_TOKEN,)

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Its token is for one host only."""
        if entry.server in (None, HOST):
            return []
        hint = f"write server: {HOST}; a domain of your own goes under aliases"
        return [Problem(("server",), "not the host of Chainguard's registry", hint)]

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for each identity, and each job that assumes it."""
        options: ChainguardOptions = entry.options
        return GrantKey(
            (
                ("identity", options.identity),
                ("audience", options.audience),
                ("endpoint", options.endpoint),
                *job_identity(entry, options.audience, context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the job's token."""
        options: ChainguardOptions = request.entry.options
        proof = await job_token(request, options.audience, context)
        identity = quote(options.identity, safe="")
        answer = await _STS.ask(
            context,
            "GET",
            f"{options.endpoint.rstrip('/')}/sts/exchange?aud={HOST}&identity={identity}",
            headers={"Authorization": f"Bearer {proof.reveal()}"},
            allow_http=options.allow_http,
        )
        token = answer.token("token")
        endpoint = None if options.endpoint == ISSUER else options.endpoint
        return answer.grant(USERNAME, token, answer.end_of(token), endpoint=endpoint)
