"""One lock for each grant, so that jobs which start together fetch it once.

It is flock(2) on a descriptor of our own: it ends with the descriptor, whatever its holder dies
of, and lock files are never unlinked, as that would split those who wait over two of them. Polling
keeps the waiting cancellable without a thread.
"""

import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio

from generator.cache.errors import CacheUnavailable
from generator.cache.private import words_of
from generator.cache.volume import CacheVolume

_FIRST_DELAY_S = 0.010
_LONGEST_DELAY_S = 0.150
_GROWTH = 1.5


@asynccontextmanager
async def grant_lock(
    volume: CacheVolume,
    name: str,
    *,
    patience_s: float = 10.0,
    sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
) -> AsyncIterator[bool]:
    """Hold the lock of a grant; yields ``False`` if it can not be had.

    That is so when somebody else keeps it for ``patience_s``, or, with a remark, when the volume
    can not lock. Whoever gets ``False`` goes on without.
    """
    descriptor = _open(volume, name)
    if descriptor is None:
        yield False
        return
    try:
        yield await _wait(volume, descriptor, patience_s, sleep)
    finally:
        os.close(descriptor)


@contextmanager
def lock_if_free(volume: CacheVolume, name: str) -> Iterator[bool]:
    """Hold the lock of a grant if nobody else does; never waits."""
    descriptor = _open(volume, name)
    if descriptor is None:
        yield False
        return
    try:
        yield _lock(volume, descriptor) is True
    finally:
        os.close(descriptor)


async def _wait(
    volume: CacheVolume,
    descriptor: int,
    patience_s: float,
    sleep: Callable[[float], Awaitable[object]],
) -> bool:
    waited_s, delay_s = 0.0, _FIRST_DELAY_S
    while (held := _lock(volume, descriptor)) is False and waited_s < patience_s:
        # Not all at once: those who started together would keep asking together.
        pause_s = min(delay_s * random.uniform(0.5, 1), patience_s - waited_s)  # noqa: S311 - no secret
        await sleep(pause_s)
        waited_s += pause_s
        delay_s = min(delay_s * _GROWTH, _LONGEST_DELAY_S)
    return held is True


def _open(volume: CacheVolume, name: str) -> int | None:
    try:
        return volume.open_lock(name)
    except CacheUnavailable as error:
        volume.remark("cache-not-writable", error.reason)
        return None


def _lock(volume: CacheVolume, descriptor: int) -> bool | None:
    """Return whether the lock is held now, ``None`` if this file system has no locks."""
    from filelock import lock_descriptor  # noqa: PLC0415 - a warm run takes no lock

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as error:
        volume.remark(
            "cache-not-lockable",
            f"cache folder {volume.path} can not be locked: {words_of(error)}; "
            "jobs that start together may each fetch the same grant",
        )
        return None
