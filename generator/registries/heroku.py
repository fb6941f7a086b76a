"""Heroku's registry: an API key as the password of the user ``_``."""

from collections.abc import Sequence
from typing import ClassVar

from backends.base import RunContext
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions

HOST = "registry.heroku.com"


class HerokuProvider:
    """Hands the API key through; asks nobody, and nothing of it is stored."""

    hands_through: ClassVar[bool] = True
    default_server: ClassVar[str] = HOST
    options: ClassVar[type[ProviderOptions]] = ProviderOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(HOST,),
        lives="as long as its key",
        example="""\
server: registry.heroku.com
credentials: {api_key: env:HEROKU_API_KEY}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("api_key", aliases=("token", "password"), primary=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Nothing can be wrong with a host and a key."""
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One key for one server."""
        return GrantKey((("server", entry.server or HOST),))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Return the key as it is; it has no expiry that we could know."""
        return Grant(
            username="_",
            secret=request.credentials["api_key"],
            requested_at=context.clock(),
            expires_at=None,
            server_addresses=(HOST,),
        )
