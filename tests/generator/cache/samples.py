"""What the tests of the cache share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from backends.base import Secret
from generator.cache.codec import GrantUse
from generator.cache.sealing import CacheKeys
from generator.cache.store import GrantStore
from generator.cache.volume import CacheVolume
from generator.model import Grant

CANARY = "hunter2-CANARY"
NAME = "grant-" + "0a" * 16
OTHER_NAME = "grant-" + "0b" * 16
NOBODY = 65534
NOW = 1_800_000_000.0
USE = GrantUse("ecr", ("123456789012.dkr.ecr.eu-west-1.amazonaws.com",), {"region": "0badcafe"})


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def make_grant(
    secret: str = CANARY, *, requested_at: float = NOW, expires_at: float | None = NOW + 43200
) -> Grant:
    return Grant(
        username="AWS",
        secret=Secret(secret),
        requested_at=moment(requested_at),
        expires_at=None if expires_at is None else moment(expires_at),
        server_addresses=("123456789012.dkr.ecr.eu-west-1.amazonaws.com",),
        endpoint="https://vpce.example",
        clock_skew_s=-3.5,
    )


@dataclass
class Warnings:
    """Remembers what a store warns of."""

    given: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, reference: str, message: str) -> None:
        self.given.append((reference, message))

    @property
    def references(self) -> list[str]:
        return [reference for reference, _ in self.given]

    @property
    def text(self) -> str:
        return "\n".join(message for _, message in self.given)


def make_store(volume: CacheVolume, keys: CacheKeys | None = None) -> tuple[GrantStore, Warnings]:
    warnings = Warnings()
    return GrantStore(volume, warnings, keys), warnings


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@contextmanager
def unprivileged() -> Iterator[None]:
    """Take root's power to write everywhere away for a moment; nobody else has it anyway."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
