"""What lies in a cache, for people: each stored grant without its secret, and removing it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from generator.cache import layout
from generator.cache.codec import GrantUse
from generator.cache.errors import CacheUnavailable, SealedFile, UnusableFile
from generator.cache.files import FileStatus
from generator.cache.freshness import CLOCK_STEP_S, FreshnessRule, fresh_until
from generator.cache.locks import grant_lock
from generator.cache.prune import remove_locked
from generator.cache.sealing import CacheKeys
from generator.cache.store import read_grant
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

    ``size`` is in bytes. A secret without expiry has in ``expires_at`` until when it is kept. Of a
    grant that can not be read nothing else is known than ``reason``, which completes the sentence
    "the stored token …".
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


def stocked(
    volume: CacheVolume, now: float, rule: FreshnessRule, keys: CacheKeys | None = None
) -> list[Stocked]:
    """Return all stored grants, by name.

    Args:
        volume: that they lie in.
        now: seconds since the epoch.
        rule: what a fresh one must still be good for.
        keys: what they may be encrypted with.

    Raises:
        CacheError: if the folder can not be listed.
    """
    grants = [file for file in _files(volume) if layout.is_grant_name(file.name)]
    found = (_stocked(volume, file, now, rule, keys) for file in grants)
    return sorted((grant for grant in found if grant is not None), key=lambda g: g.name)


async def remove(volume: CacheVolume, name: str) -> bool:
    """Remove a grant and what goes with it, under its lock; ``False`` if a run keeps that locked.

    Raises:
        OutputError: if it can not be removed.
    """
    async with grant_lock(volume, name, patience_s=PATIENCE_S) as held:
        if not held:
            return False
        try:
            remove_locked(volume, name)
        except CacheUnavailable as error:
            raise _not_removed(error) from None
    return True


def remove_documents(volume: CacheVolume) -> None:
    """Remove all finished documents: each may hold any grant's token.

    Raises:
        OutputError: if one can not be removed.
    """
    for file in _files(volume):
        name = file.name
        if name.startswith(layout.DOCUMENT_PREFIX) and not name.endswith(layout.LOCK_SUFFIX):
            _unlink(volume, name)


def _stocked(
    volume: CacheVolume, file: FileStatus, now: float, rule: FreshnessRule, keys: CacheKeys | None
) -> Stocked | None:
    try:
        stored = read_grant(volume, file.name, keys)
    except UnusableFile as error:
        state: StockState = "sealed" if isinstance(error, SealedFile) else "unreadable"
        return Stocked(file.name, file.size, state, reason=error.reason)
    if stored is None:  # a neighbour has just removed it
        return None
    grant, use = stored.grant, stored.use
    requested_at, end = grant.requested_at.timestamp(), stored.keep_until.timestamp()
    until = end if grant.expires_at is None else fresh_until(requested_at, end, rule)
    return Stocked(
        file.name,
        file.size,
        _state(now, requested_at, end, until),
        use,
        tuple(dict.fromkeys((*use.server_addresses, *grant.server_addresses))),
        grant.requested_at,
        stored.keep_until,
        datetime.fromtimestamp(until, UTC),
    )


def _state(now: float, requested_at: float, end: float, until: float) -> StockState:
    if end <= now:
        return "expired"
    return "fresh" if requested_at - CLOCK_STEP_S <= now < until else "stale"


def _files(volume: CacheVolume) -> list[FileStatus]:
    """Return the files in the folder that we made ourselves."""
    try:
        return [file for file in volume.statuses() if file.is_ours]
    except CacheUnavailable as error:
        raise _unusable(error) from None


def _unlink(volume: CacheVolume, name: str) -> None:
    try:
        volume.remove(name)
    except CacheUnavailable as error:
        raise _not_removed(error) from None


@contextmanager
def _closed(volume: CacheVolume | None) -> Iterator[None]:
    try:
        yield
    finally:
        if volume is not None:
            volume.close()


def _unusable(error: CacheUnavailable) -> CacheError:
    return CacheError("cache-unavailable", error.reason, "mend that, or name another folder")


def _not_removed(error: CacheUnavailable) -> OutputError:
    return OutputError("cache-not-writable", error.reason, "see that it can be")


def _read_only(folder: Path) -> OutputError:
    return OutputError(
        "cache-not-writable",
        f"cache folder {folder} can only be read",
        "mount it writable, or run as its owner",
    )
