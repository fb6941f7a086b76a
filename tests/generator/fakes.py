"""Fakes that several tests of the generator share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import anyio

from backends.base import RunContext, Secret
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, ProviderOptions

CANARY = "hunter2-CANARY"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """A clock that tests turn by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class FakeProvider:
    """A provider whose upstream is a function; counts its calls."""

    clock: Clock
    lifetime_s: float | None = 12 * 3600
    respond: Callable[[GrantRequest], Exception | None] = lambda _request: None
    delay_s: float = 0.0
    calls: list[str] = field(default_factory=list)

    options: ClassVar[type[ProviderOptions]] = ProviderOptions
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("password", required=False, primary=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        return GrantKey((("account", (entry.server or "").split(".")[0]),))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        self.calls.append(request.entry.name)
        await anyio.sleep(self.delay_s)
        if (error := self.respond(request)) is not None:
            raise error
        now = self.clock()
        expires_at = now + timedelta(seconds=self.lifetime_s) if self.lifetime_s else None
        number = len(self.calls)
        return Grant("AWS", Secret(f"{CANARY}-{number}"), now, expires_at)


def entry(name: str, server: str | None = None, **changes: object) -> RegistryEntry:
    """Return an entry of the fake provider."""
    values: dict[str, object] = {"options": ProviderOptions(), **changes}
    return RegistryEntry(name, "fake", server or f"{name}.example", **values)  # type: ignore[arg-type] # a test's shorthand
