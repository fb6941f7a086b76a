"""DigitalOcean's container registry: an API token is exchanged for a login of its own.

``GET /v2/registries/NAME/docker-credentials``, or ``/v2/registry/docker-credentials`` where an
account has one registry only, answers with a Docker config whose login is read-only and never
expires unless the request says otherwise (DigitalOcean API reference, "Get Docker Credentials").
Each call makes another token at DigitalOcean.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from backends.base import RunContext
from backends.options import Duration, EndpointUrl
from generator.errors import AccessDenied, Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.answered_login import login_for
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal

HOST = "registry.digitalocean.com"
API = "https://api.digitalocean.com"
_NOT_TAKEN = Refusal(
    Misconfigured,
    "request-refused",
    "the request is not taken",
    "if the account has several registries, name the one: registry: NAME",
)
_DIGITALOCEAN = Issuer(
    "digitalocean",
    "DigitalOcean",
    {
        **dict.fromkeys((400, 409, 412, 422), _NOT_TAKEN),
        401: Refusal(
            AccessDenied,
            "token-refused",
            "the API token is not accepted",
            "check the token, and that it has neither expired nor been deleted",
        ),
        403: Refusal(
            AccessDenied,
            "denied",
            "the API token may not make logins",
            "give it the scope registry:read, and for read_write registry:update as well",
        ),
        404: Refusal(
            Misconfigured,
            "registry-unknown",
            "there is no such registry",
            "check registry:, and that the token is of the team that has it",
        ),
    },
)


class DigitalOceanOptions(ProviderOptions):
    """Options of ``provider: digitalocean``."""

    registry: Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] | None = None
    """The registry's name; without it, the only one of the account."""
    read_write: bool = False
    """Let the login push as well."""
    expiry: Annotated[Duration, Field(ge=300, le=30 * 86400)] = 3600.0
    """How long the login lives, from 5m to 30d."""
    endpoint: EndpointUrl = API
    """The URL of the API, if it is not DigitalOcean's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class DigitalOceanProvider:
    """Logins of DigitalOcean's registry; they live as long as the entry says."""

    default_server: ClassVar[str] = HOST
    options: ClassVar[type[ProviderOptions]] = DigitalOceanOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(HOST,),
        lives="1 h, or as expiry says",
        example="""\
server: registry.digitalocean.com
registry: acme
read_write: true
credentials: {token: env:DIGITALOCEAN_ACCESS_TOKEN}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "token", ("access_token", "api_token", "api_key", "password"), primary=True
        ),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """The login is for one host, whatever the account."""
        if entry.server != HOST:
            hint = f"write {HOST}; a domain of your own goes under aliases"
            return [Problem(("server",), "not the host of DigitalOcean's registry", hint)]
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One login for a registry, told apart by what it may do and how long."""
        options: DigitalOceanOptions = entry.options
        return GrantKey(
            (
                ("endpoint", options.endpoint.rstrip("/")),
                ("registry", options.registry or ""),
                ("read_write", str(options.read_write)),
                ("expiry", f"{round(options.expiry)}"),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Have a login made, and take it out of the config that it comes in."""
        options: DigitalOceanOptions = request.entry.options
        registry = f"registries/{options.registry}" if options.registry else "registry"
        expiry_s = round(options.expiry)
        answer = await _DIGITALOCEAN.ask(
            context,
            "GET",
            f"{options.endpoint.rstrip('/')}/v2/{registry}/docker-credentials"
            f"?expiry_seconds={expiry_s}&read_write={str(options.read_write).lower()}",
            headers={"Authorization": f"Bearer {request.credentials['token'].reveal()}"},
            allow_http=options.allow_http,
            # a GET, yet it makes a token: one whose answer was lost would stay until it expires
            idempotent=False,
        )
        username, password = login_for(answer, HOST)
        return answer.grant(
            username,
            password,
            answer.after(expiry_s),
            endpoint=None if options.endpoint.rstrip("/") == API else options.endpoint,
        )
