"""Removing from a volume what nobody will load again.

Quietly: a file that no run asked for is nothing that a user has to hear of.
"""

from generator.cache import layout
from generator.cache.codec import decode_grant
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.locks import lock_if_free
from generator.cache.volume import CacheVolume

STALE_TEMPORARY_S = 3600.0
"""No write takes that long; what is older was left by a process that was killed."""

STALE_UNREADABLE_S = 7 * 86400.0
"""Long enough for a neighbour of another version, to whom it is readable, to be done with it."""

MOST_DOCUMENTS = 64
"""Each set of inputs has a document of its own: a key that is another in each job would fill a
disk with them."""


def prune_volume(volume: CacheVolume, now: float, *, limit: int) -> int:
    """Remove expired grants and stale files of ours; return how many grants were removed.

    Args:
        volume: that it is about; one that can only be read stays as it is.
        now: seconds since the epoch.
        limit: the largest size of a grant, in bytes.
    """
    if not volume.writable:
        return 0
    removed = 0
    try:
        for name in volume.names():
            if name.startswith(layout.TEMPORARY_PREFIX):
                _remove_if_older(volume, name, now - STALE_TEMPORARY_S)
            elif layout.is_grant_name(name):
                removed += _remove_if_spent(volume, name, now, limit)
            elif layout.is_index_name(name):
                # each run that leaves a document writes its index anew
                _remove_if_older(volume, name, now - STALE_UNREADABLE_S)
        prune_documents(volume, now)
    except CacheUnavailable:
        pass  # removing less is no harm, and whoever stores is told why it can not be done
    return removed


def prune_documents(volume: CacheVolume, now: float) -> None:
    """Remove the finished documents that are of no use any more, and the oldest beyond a number.

    Raises:
        CacheUnavailable: if the folder can not be listed or written.
    """
    kept = []
    for name in volume.names():
        if not layout.is_document_name(name):
            continue
        written_at = volume.modified_at(name)
        if written_at is None:
            continue
        if _is_past(volume, name, now):
            volume.remove(name)
        else:
            kept.append((written_at, name))
    for _, name in sorted(kept, reverse=True)[MOST_DOCUMENTS:]:
        volume.remove(name)


def _is_past(volume: CacheVolume, name: str, now: float) -> bool:
    try:
        content = volume.peek(name, limit=layout.LARGEST_DOCUMENT)
    except UnusableFile:
        content = b""
    end = None if content is None else _end_of(content)
    if end is None:
        return _is_older(volume, name, now - STALE_UNREADABLE_S)
    return end <= now


def _end_of(content: bytes) -> float | None:
    """Return until when a document is of use, by its own unproven word: enough to remove it."""
    header, word, rest = content.partition(layout.DOCUMENT_HEADER)
    try:
        return float(rest[:40].split(b" ")[0]) if word and not header else None
    except ValueError:
        return None


def _remove_if_spent(volume: CacheVolume, name: str, now: float, limit: int) -> bool:
    if not _is_spent(volume, name, now, limit):
        return False
    # Whoever holds the lock is about to put a fresh grant there; look again once it is ours.
    with lock_if_free(volume, name) as held:
        return held and _is_spent(volume, name, now, limit) and volume.remove(name)


def _is_spent(volume: CacheVolume, name: str, now: float, limit: int) -> bool:
    try:
        content = volume.peek(name, limit=limit)
        if content is None:
            return False
        grant = decode_grant(content, name=name, key=volume.key).grant
    except UnusableFile:
        return _is_older(volume, name, now - STALE_UNREADABLE_S)
    return grant.expires_at is not None and grant.expires_at.timestamp() <= now


def _remove_if_older(volume: CacheVolume, name: str, moment: float) -> None:
    if _is_older(volume, name, moment):
        volume.remove(name)


def _is_older(volume: CacheVolume, name: str, moment: float) -> bool:
    modified_at = volume.modified_at(name)
    return modified_at is not None and modified_at < moment
