"""The exchange of a token of Entra ID for one of an Azure registry.

``POST /oauth2/exchange`` answers with a refresh token, a JWT whose ``exp`` says how long it lives
("AAD OAuth" in github.com/Azure/acr). It is the password of a user of zeros.
"""

from dataclasses import dataclass

from backends.base import RunContext, Secret
from backends.errors import BackendUnavailable
from generator.errors import AccessDenied, Misconfigured, Unavailable
from generator.model import Grant
from generator.registries.issuer import Issuer, Refusal

USERNAME = "00000000-0000-0000-0000-000000000000"
NOT_AUTHORIZED = "acr-not-authorized"
"""Reference of the error for a token that the registry does not take."""

_NOT_TAKEN = Refusal(
    AccessDenied,
    NOT_AUTHORIZED.removeprefix("acr-"),
    "the token of Entra ID is not taken",
    "give who asks a role on the registry (AcrPull or AcrPush), and check that both are of one "
    "tenant, and audience: if one is written",
)
_EXCHANGE = Issuer(
    "acr",
    "Azure registry",
    {
        400: _NOT_TAKEN,
        401: _NOT_TAKEN,
        403: Refusal(
            AccessDenied,
            "network-refused",
            "it does not serve this network",
            "allow this machine's address in the registry's network rules, or use its private "
            "endpoint",
        ),
        404: Refusal(
            Misconfigured,
            "registry-unknown",
            "there is no such registry",
            "check the registry's name, with the hash at its end if it has one",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Registry:
    """Where a token is exchanged: ``url`` is asked in the name of ``host``.

    ``shown`` is a URL that is not Microsoft's own and has a say in the token.
    """

    host: str
    url: str
    tenant_id: str | None
    allow_http: bool
    shown: str | None


async def exchange(token: Secret, registry: Registry, context: RunContext) -> Grant:
    """Return the registry's own token for one of Entra ID.

    Raises:
        EntryError: refused, not reached, or an answer that makes no sense.
    """
    form = {
        "grant_type": "access_token",
        "service": registry.host,
        "access_token": token.reveal(),
    }
    if registry.tenant_id is not None:
        form["tenant"] = registry.tenant_id
    try:
        answer = await _EXCHANGE.ask(
            context,
            "POST",
            f"{registry.url.rstrip('/')}/oauth2/exchange",
            form=form,
            allow_http=registry.allow_http,
        )
    except BackendUnavailable as error:
        if error.reference != "host-not-resolved":
            raise
        raise Unavailable(
            "acr-host-unknown",
            error.message,
            "check the registry's name, and if it has a private endpoint only, the name server",
        ) from None
    refresh_token = answer.token("refresh_token")
    return answer.grant(
        USERNAME, refresh_token, answer.end_of(refresh_token), endpoint=registry.shown
    )
