"""The exchange of a token of Entra ID for one of an Azure registry.

``POST /oauth2/exchange`` answers with a refresh token, a JWT whose ``exp`` says how long it lives
("AAD OAuth" in github.com/Azure/acr). It is the password of a user of zeros.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backends.base import RunContext, Secret
from backends.clock_skew import clock_skew_s
from backends.errors import BackendUnavailable
from backends.http_model import HttpAnswer, HttpOptions
from backends.jwt_identity import claims_of
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    Unavailable,
)
from generator.model import Grant

USERNAME = "00000000-0000-0000-0000-000000000000"
NOT_AUTHORIZED = "acr-not-authorized"
"""Reference of the error for a token that the registry does not take."""

_WHAT = "Azure registry"


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
    requested_at = context.clock()
    try:
        answer = await context.transport.request(
            "POST",
            f"{registry.url.rstrip('/')}/oauth2/exchange",
            form=form,
            what=_WHAT,
            options=HttpOptions(allow_http=registry.allow_http),
        )
    except BackendUnavailable as error:
        if error.reference != "host-not-resolved":
            raise
        raise Unavailable(
            "acr-host-unknown",
            error.message,
            "check the registry's name, and if it has a private endpoint only, the name server",
        ) from None
    if not answer.ok:
        raise _meaning(answer)
    skew_s = clock_skew_s(answer.headers.get("date"), context.clock())
    return _grant(answer.json_object(), requested_at, skew_s, registry)


def _meaning(answer: HttpAnswer) -> EntryError:
    if answer.status in (400, 401):
        return AccessDenied(
            NOT_AUTHORIZED,
            f"{answer.what}: the token of Entra ID is not taken (status {answer.status})",
            "give who asks a role on the registry (AcrPull or AcrPush), and check that both are of "
            "one tenant, and audience: if one is written",
        )
    if answer.status == 403:
        return AccessDenied(
            "acr-network-refused",
            f"{answer.what}: it does not serve this network (status 403)",
            "allow this machine's address in the registry's network rules, or use its private "
            "endpoint",
        )
    if answer.status == 404:
        return Misconfigured(
            "acr-registry-unknown",
            f"{answer.what}: there is no such registry (status 404)",
            "check the registry's name, with the hash at its end if it has one",
        )
    if answer.status in (408, 429) or answer.status >= 500:
        return Unavailable(
            "acr-unavailable",
            f"{answer.what}: no token now (status {answer.status})",
            "try again later",
        )
    return _implausible(f"status {answer.status}")


def _grant(
    body: Mapping[str, Any], requested_at: datetime, skew_s: float, registry: Registry
) -> Grant:
    token = body.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise _implausible("it holds no token")
    expires_at = (claims_of(Secret(token)) or {}).get("exp")
    if not isinstance(expires_at, int | float) or isinstance(expires_at, bool):
        raise _implausible("its token says no time of expiry")
    # milliseconds would be a year of five digits, and what is larger no number of seconds at all
    lives_s = expires_at - skew_s - requested_at.timestamp() if 0 < expires_at < 1e11 else 0.0
    if not 0 < lives_s < 366 * 86400:
        raise _implausible("its token's time of expiry is past, or too far off to be seconds")
    return Grant(
        username=USERNAME,
        secret=Secret(token),
        requested_at=requested_at,
        expires_at=datetime.fromtimestamp(expires_at - skew_s, UTC),
        endpoint=registry.shown,
        clock_skew_s=skew_s,
    )


def _implausible(why: str) -> ImplausibleAnswer:
    return ImplausibleAnswer(
        "acr-answer-implausible",
        f"{_WHAT}: the answer makes no sense: {why}",
        "check the endpoint, and whether a proxy answers in its place",
    )
