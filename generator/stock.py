"""What lies in a cache, for people: each stored grant without its secret, and removing it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from generator.cache import layout
from generator.cache.codec import GrantUse, decode_grant
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.freshness import FreshnessRule, fresh_until, is_fresh
from generator.cache.locks import grant_lock
from generator.cache.store import LARGEST_GRANT
from generator.cache.volume import CacheVolume, look_into_volume, open_volume
from generator.errors import CacheError, OutputError

PATIENCE_S = 3.0
"""How long removing waits for a run that fetches; most are done by then."""

StockState = Literal["fresh", "stale", "expired", "sealed", "unreadable"]
"""``stale``: still valid, but the next run fetches another; ``sealed``: its key is not set."""


_NO_USE = GrantUse("", ())


@dataclass(frozen=True, slots=True)
class Stocked:
    """One stored grant, without its secret; times are aware UTC.

    ``size`` is in bytes. Of one that can not be read nothing else is known than ``reason``, which
    completes the sentence "the stored token …".
    """

    name: str
    size: int
    state: StockState
    use: GrantUse = _NO_USE
    server_addresses: tuple[str, ...] = ()
    """Those of its entries, and those that the answer named."""
    requested_at: datetime | None = None
    expires_at: datetime | None = None
    fresh_until: datetime | None = None
    reason: str = ""


@contextmanager
def opened_to_look(folder: Path) -> Iterator[CacheVolume | None]:
    """Open a cache to look only, ``None`` if there is none yet.

    Raises:
        CacheError: if it can not be read, or can not be trusted.
    """
    try:
        volume = look_into_volume(folder)
    except CacheUnavailable as error:
        raise _unusable(error) from None
    with _closed(volume):
        yield volume


@contextmanager
def opened_to_remove(folder: Path) -> Iterator[CacheVolume | None]:
    """Open a cache to remove from it, ``None`` if there is none yet.

    Raises:
        CacheError: if it can not be read, or can not be trusted.
        OutputError: if it can only be read.
    """
    with opened_to_look(folder) as looked_at:
        if looked_at is None:
            yield None
            return
    try:
        volume = open_volume(folder)
    except CacheUnavailable as error:
        raise _unusable(error) from None
    with volume:
        if not volume.writable:
            raise _read_only(folder)
        yield volume


def stocked(volume: CacheVolume, now: float, rule: FreshnessRule) -> list[Stocked]:
    """Return all stored grants, by name.

    Args:
        volume: that they lie in.
        now: seconds since the epoch.
        rule: what a fresh one must still be good for.

    Raises:
        CacheError: if the folder can not be listed.
    """
    found = (_stocked(volume, name, now, rule) for name in _names(volume))
    return [grant for grant in found if grant is not None]


async def remove(volume: CacheVolume, name: str) -> bool:
    """Remove a grant and what goes with it, under its lock; ``False`` if a run keeps that locked.

    Raises:
        OutputError: if it can not be removed.
    """
    async with grant_lock(volume, name, patience_s=PATIENCE_S) as held:
        if not held:
            return False
        for file in _files(volume):
            if file.partition(".")[0] == name and not file.endswith(layout.LOCK_SUFFIX):
                _unlink(volume, file)
    return True


def remove_documents(volume: CacheVolume) -> None:
    """Remove all finished documents: each may hold any grant's token.

    Raises:
        OutputError: if one can not be removed.
    """
    for file in _files(volume):
        if file.startswith(layout.DOCUMENT_PREFIX) and not file.endswith(layout.LOCK_SUFFIX):
            _unlink(volume, file)


def _stocked(volume: CacheVolume, name: str, now: float, rule: FreshnessRule) -> Stocked | None:
    size = 0
    try:
        content = volume.peek(name, limit=LARGEST_GRANT)
        if content is None:  # a neighbour has just removed it
            return None
        size = len(content)
        stored = decode_grant(content, name=name, key=volume.key)
    except UnusableFile as error:
        return Stocked(name, size, "unreadable", reason=error.reason)
    grant, use = stored.grant, stored.use
    assert grant.expires_at is not None, "only what expires is stored"
    life = grant.requested_at.timestamp(), grant.expires_at.timestamp()
    return Stocked(
        name,
        size,
        _state(now, *life, rule),
        use,
        tuple(dict.fromkeys((*use.server_addresses, *grant.server_addresses))),
        grant.requested_at,
        grant.expires_at,
        datetime.fromtimestamp(fresh_until(*life, rule), UTC),
    )


def _state(now: float, requested_at: float, expires_at: float, rule: FreshnessRule) -> StockState:
    if expires_at <= now:
        return "expired"
    return "fresh" if is_fresh(now, requested_at, expires_at, rule) else "stale"


def _names(volume: CacheVolume) -> list[str]:
    return sorted(name for name in _files(volume) if layout.is_grant_name(name))


def _files(volume: CacheVolume) -> list[str]:
    """Return the names of the files in the folder that we made ourselves."""
    try:
        return [name for name in volume.names() if volume.modified_at(name) is not None]
    except CacheUnavailable as error:
        raise _unusable(error) from None


def _unlink(volume: CacheVolume, name: str) -> None:
    try:
        volume.remove(name)
    except CacheUnavailable as error:
        raise OutputError("cache-not-writable", error.reason, "see that it can be") from None


@contextmanager
def _closed(volume: CacheVolume | None) -> Iterator[None]:
    try:
        yield
    finally:
        if volume is not None:
            volume.close()


def _unusable(error: CacheUnavailable) -> CacheError:
    return CacheError("cache-unavailable", error.reason, "mend that, or name another folder")


def _read_only(folder: Path) -> OutputError:
    return OutputError(
        "cache-not-writable",
        f"cache folder {folder} can only be read",
        "mount it writable, or run as its owner",
    )
