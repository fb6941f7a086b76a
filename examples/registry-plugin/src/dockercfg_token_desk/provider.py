"""Tokens of a registry whose logins a token desk hands out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from backends.base import RunContext, Secret
from backends.clock_skew import clock_skew_s
from backends.http_model import HttpAnswer
from backends.options import EndpointUrl
from generator.errors import AccessDenied, ImplausibleAnswer, SecretMissing, Unavailable
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, ProviderOptions


class TokenDeskOptions(ProviderOptions):
    """Options of ``provider: token-desk``."""

    desk: EndpointUrl
    """The URL of the token desk."""


class TokenDeskProvider:
    """Asks the desk for one token for each server."""

    options: ClassVar[type[ProviderOptions]] = TokenDeskOptions
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("key", aliases=("api_key",), primary=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check that a server is named: the desk does not know which one is meant."""
        if entry.server is None:
            return [Problem(("server",), "no server is named", "write server: HOST[:PORT]")]
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell tokens apart by desk and server; the key behind the reference counts anyway."""
        return GrantKey((("desk", entry.options.desk), ("server", entry.server or "")))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for a token.

        Raises:
            EntryError: refused, unknown, failing, or an answer that makes no sense.
            BackendError: not reached.
        """
        desk = request.entry.options.desk.rstrip("/")
        requested_at = context.clock()
        answer = await context.transport.request(
            "POST",
            f"{desk}/v1/registry-tokens",
            headers={"Authorization": f"Bearer {request.credentials['key'].reveal()}"},
            json={"registry": request.entry.server},
            what="the token desk",
        )
        _refuse_failure(answer)
        skew_s = clock_skew_s(answer.headers.get("date"), context.clock())
        return _grant(answer.json_object(), answer.what, requested_at, skew_s)


def _refuse_failure(answer: HttpAnswer) -> None:
    if answer.ok:
        return
    place = f"{answer.what} (status {answer.status})"
    if answer.status in (401, 403):
        raise AccessDenied("token-desk-denied", f"{place} refuses the key", "check the key")
    if answer.status == 404:
        raise SecretMissing(
            "token-desk-unknown", f"{place} knows no such registry", "check server:"
        )
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable("token-desk-failing", f"{place} gives no token now", "try again later")
    raise _implausible(answer.what, f"status {answer.status}")


def _grant(body: Mapping[str, Any], what: str, requested_at: datetime, skew_s: float) -> Grant:
    username, token = body.get("username"), body.get("token")
    if not (isinstance(username, str) and username and ":" not in username):
        raise _implausible(what, "it names no user")
    if not (isinstance(token, str) and token):
        raise _implausible(what, "it holds no token")
    try:
        there = datetime.fromisoformat(body.get("expires_at", ""))
        expires_at = datetime.fromtimestamp(there.timestamp() - skew_s, UTC)
    except (TypeError, ValueError, OverflowError):
        raise _implausible(what, "it says no time of expiry") from None
    if there.tzinfo is None or expires_at <= requested_at:
        raise _implausible(what, "its time of expiry is past, or of no time zone")
    return Grant(
        username=username,
        secret=Secret(token),
        requested_at=requested_at,
        expires_at=expires_at,
        clock_skew_s=skew_s,
    )


def _implausible(what: str, why: str) -> ImplausibleAnswer:
    return ImplausibleAnswer(
        "token-desk-answer-implausible",
        f"{what}: the answer makes no sense: {why}",
        "check desk:, and whether a proxy answers in its place",
    )
