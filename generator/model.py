"""The nouns that travel through a run; plain frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backends.base import IdentityPart, Secret, SecretRef

DOCKER_HUB = "https://index.docker.io/v1/"
"""The server address of Docker Hub, the only one that is no bare host."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with what the user wrote.

    ``path`` leads to the setting from where it is reported: ``("server",)`` below an entry,
    ``("registries", "prod", "server")`` in a config. The message says what is wrong, the hint what
    to do; neither echoes a value.
    """

    path: tuple[str, ...]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secret references of an entry.

    ``document`` is bound as a whole: its fields by name, or its text to the provider's primary
    field. ``fields`` are bound one by one and win over the document.
    """

    document: SecretRef | None = None
    fields: Mapping[str, SecretRef] = field(default_factory=dict)

    @property
    def references(self) -> Sequence[SecretRef]:
        """All references, in a stable order."""
        whole = [self.document] if self.document else []
        return [*whole, *(self.fields[name] for name in sorted(self.fields))]


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """One block under ``registries:``, validated.

    ``server`` and ``aliases`` are canonical server addresses (`generator.addresses`);
    ``server`` is ``None`` where the provider learns it from the answer. ``options`` is the
    provider's own options model.
    """

    name: str
    provider: str
    server: str | None
    options: Any
    aliases: tuple[str, ...] = ()
    optional: bool = False
    credentials: Credentials = Credentials()


@dataclass(frozen=True, slots=True)
class GrantKey:
    """What decides whose token a provider would fetch, beside the entry's secret references.

    Entries of one provider with equal keys and equal references share one grant. ``parts`` hold
    account or tenant, region, role, endpoint, ambient identity …: whatever makes the token
    another one. Text counts as it is, a `Secret` only by a keyed fingerprint.
    """

    parts: tuple[IdentityPart, ...]


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """What a provider gets to fetch a grant.

    ``entry`` stands for all entries that share the grant. ``credentials`` are its resolved
    secrets, by the names of the provider's credential fields.
    """

    entry: RegistryEntry
    credentials: Mapping[str, Secret] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """The result of one upstream call: the stored, locked and shared unit.

    ``requested_at`` and ``expires_at`` are aware UTC by this machine's clock: a provider that saw
    the server's clock has already corrected them, and leaves the difference in ``clock_skew_s``
    (seconds that the server is ahead). ``expires_at`` is ``None`` for a secret without expiry.
    ``server_addresses`` are those the answer named; ``endpoint`` is the URL that answered, if it
    is not the vendor's own. ``username`` may be a token as well (DigitalOcean's is).
    """

    username: str = field(repr=False)
    secret: Secret
    requested_at: datetime
    expires_at: datetime | None
    server_addresses: tuple[str, ...] = ()
    endpoint: str | None = None
    clock_skew_s: float = 0.0
