"""The cache of a run, or what stands in for it."""

from collections.abc import Callable
from pathlib import Path

from generator.cache.errors import CacheUnavailable
from generator.cache.sealing import CacheKeys
from generator.cache.store import GrantCache, GrantStore, NoStore
from generator.cache.volume import open_volume


def open_cache(
    folder: Path | None, warn: Callable[[str, str], None], keys: CacheKeys | None = None
) -> GrantCache:
    """Return the cache in ``folder``; without one, or if it can not be used, a null object.

    ``warn`` is called with a reference and a message when the folder can not be used. With
    ``keys`` the cache is encrypted.
    """
    if folder is None:
        return NoStore()
    try:
        return GrantStore(open_volume(folder), warn, keys)
    except CacheUnavailable as error:
        warn("cache-unavailable", f"{error.reason}; going on without a cache")
        return NoStore()
