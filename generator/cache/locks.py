"""One lock for each grant, so that jobs which start together fetch it once.

It is flock(2) on a descriptor of our own: it ends with the descriptor, whatever its holder dies
of. Polling keeps the waiting cancellable without a thread.

A lock file can be removed, or ten thousand grants of last year would leave ten thousand of them.
That splits nobody over two files, because of two rules: who has locked a file holds the lock only
if the name still leads to that very file (`CacheVolume.is_lock`), else it tries again with the one
that does; and only who holds the lock removes the file. While somebody holds it nobody else may
move the name away from it, so a second holder can not be.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio

from generator.cache.errors import CacheUnavailable
from generator.cache.private import close, words_of
from generator.cache.volume import CacheVolume

PATIENCE_S = 10.0
"""Longer than an ordinary fetch, shorter than a job's own deadline."""

_FIRST_DELAY_S = 0.010
_LONGEST_DELAY_S = 0.150
_GROWTH = 1.5


@asynccontextmanager
async def grant_lock(
    volume: CacheVolume,
    name: str,
    *,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
) -> AsyncIterator[bool]:
    """Hold the lock of a grant; yields ``False`` if it can not be had.

    That is so when somebody else keeps it for ``patience_s``, or, with a remark, when the volume
    can not lock. Whoever gets ``False`` goes on without. What counts is how long we meant to sleep:
    where the machine is too busy to wake us in time the holder is slow for the same reason, and if
    all who wait then fetched as well, it would be slower still.
    """
    left_s, delay_s = patience_s, _FIRST_DELAY_S
    while (lock := _try(volume, name)) == _TAKEN and left_s > 0:
        # Not all at once: those who started together would keep asking together.
        pause_s = min(delay_s * random.uniform(0.5, 1), left_s)  # noqa: S311 - no secret
        await sleep(pause_s)
        left_s -= pause_s
        delay_s = min(delay_s * _GROWTH, _LONGEST_DELAY_S)
    with _released(lock) as held:
        yield held


@contextmanager
def lock_if_free(volume: CacheVolume, name: str) -> Iterator[bool]:
    """Hold the lock of a grant if nobody else does; never waits."""
    with _released(_try(volume, name)) as held:
        yield held


_TAKEN, _UNABLE = -1, -2
"""What stands for a descriptor when somebody else has the lock, and when nobody can have it."""


@contextmanager
def _released(lock: int) -> Iterator[bool]:
    if lock < 0:
        yield False
        return
    try:
        yield True
    finally:
        close(lock)


def _try(volume: CacheVolume, name: str) -> int:
    """Return the descriptor of the locked file, `_TAKEN` or, with a remark, `_UNABLE`."""
    from filelock import lock_descriptor  # noqa: PLC0415 - a warm run takes no lock

    try:
        descriptor = volume.open_lock(name)
    except CacheUnavailable as error:
        volume.remark("cache-not-writable", error.reason)
        return _UNABLE
    outcome = _UNABLE
    try:
        held = lock_descriptor(descriptor, blocking=False)
        outcome = descriptor if held and volume.is_lock(name, descriptor) else _TAKEN
    except OSError as error:
        volume.remark(
            "cache-not-lockable",
            f"cache folder {volume.path} can not be locked: {words_of(error)}; "
            "jobs that start together may each fetch the same grant",
        )
    finally:
        if outcome != descriptor:
            close(descriptor)
    return outcome
