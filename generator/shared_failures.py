"""A failure is shared by the jobs that were waiting for the same grant: one login, one answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from backends.base import RunContext
from generator.cache.failures import FailureNote
from generator.cache.store import GrantCache
from generator.config.model import BackendSetup
from generator.errors import EntryError, Misconfigured, ProviderBug, Unavailable
from generator.model import Grant, RegistryEntry

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE")
_VAULT = ("CACERT", "CAPATH", "CLIENT_CERT", "CLIENT_KEY", "SKIP_VERIFY", "PROXY_ADDR")
_ROUTE = (
    *_PROXIES,
    *(name.lower() for name in _PROXIES),
    *_CERTIFICATES,
    *(f"{product}_{name}" for product in ("VAULT", "BAO") for name in _VAULT),
)
"""Variables that decide how a request travels, which is no part of whose token it is for."""


@dataclass(frozen=True, slots=True)
class SharedFailures:
    """Notes of failures in the cache, left and taken by one run.

    ``age_s`` says how long ago the run began, by a clock that only passes.
    """

    cache: GrantCache
    context: RunContext
    age_s: Callable[[], float]
    setups: Mapping[str, BackendSetup]

    def is_since(self, grant: Grant) -> bool:
        """Return whether a grant was asked for after this run had begun."""
        now = self._now()
        return now - self.age_s() <= grant.requested_at.timestamp() <= now

    def raise_noted(self, name: str, entry: RegistryEntry) -> None:
        """Take a failure as our own that a neighbour met after this run had begun.

        Raises:
            EntryError: the neighbour's.
        """
        note = self.cache.failure(name)
        now = self._now()
        if note and note.is_for(now - self.age_s(), now, self._circumstances(entry)):
            raise note.error

    def leave(self, name: str, entry: RegistryEntry, error: EntryError, *, per_job: bool) -> None:
        """Tell those who wait for the same grant; the caller holds its lock.

        Where a token of the job's own takes part (``per_job``), a refusal may be about that token:
        the next job has another one, and nobody is locked out for asking with it. Settings that do
        not work are found out here, by files and variables that another job need not have.
        """
        if isinstance(error, Misconfigured):
            return
        if not per_job or isinstance(error, Unavailable | ProviderBug):
            note = FailureNote(error, self._now(), self._circumstances(entry))
            self.cache.note_failure(name, note)

    def _now(self) -> float:
        return self.context.clock().timestamp()

    def _circumstances(self, entry: RegistryEntry) -> str:
        named = sorted({ref.backend for ref in entry.credentials.references})
        settings = [self.setups[name] for name in named if name in self.setups]
        told = [
            repr(entry.options),
            *(f"{setup.type_name} {setup.options!r}" for setup in settings),
            *(f"{name}={self.context.variable(name)}" for name in _ROUTE),
        ]
        content = "\0".join(told).encode("utf-8", "surrogatepass")
        return blake2b(content, digest_size=16, key=self.cache.key).hexdigest()
