"""Tokens of a registry whose logins a token desk hands out."""

from collections.abc import Sequence
from typing import ClassVar

from backends.base import RunContext
from backends.options import EndpointUrl
from generator.errors import SecretMissing
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal

_EXAMPLE = """\
server: registry.example.com
desk: https://desk.example.com
credentials: {key: env:DESK_KEY}
"""
_UNKNOWN = Refusal(SecretMissing, "unknown", "it knows no such registry", "check server:")
_DESK = Issuer("token-desk", "the token desk", {404: _UNKNOWN})


class TokenDeskOptions(ProviderOptions):
    """Options of ``provider: token-desk``."""

    desk: EndpointUrl
    """The URL of the token desk."""


class TokenDeskProvider:
    """Asks the desk for one token for each server."""

    options: ClassVar[type[ProviderOptions]] = TokenDeskOptions
    docs: ClassVar[KindDocs] = KindDocs((), "1 h", _EXAMPLE)
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
        answer = await _DESK.ask(
            context,
            "POST",
            f"{request.entry.options.desk.rstrip('/')}/v1/registry-tokens",
            headers={"Authorization": f"Bearer {request.credentials['key'].reveal()}"},
            json={"registry": request.entry.server},
        )
        return answer.grant(
            answer.text("username", "user name"),
            answer.token("token"),
            answer.on(answer.body.get("expires_at")),
        )
