"""Removing from a volume what nobody will load again, and what is too much.

It is done in passing, so it opens next to nothing: a grant's file says by its modification time
when nobody will load it any more. That is a hint; only what the content says is removed at once.
Quietly: a file that no run asked for is nothing that a user has to hear of.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from generator.cache import layout
from generator.cache.codec import StoredGrant
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.files import FileStatus
from generator.cache.locks import lock_if_free
from generator.cache.volume import CacheVolume

STALE_S = 3600.0
"""No write takes that long, no lock is kept that long: what is older was left by a killed one."""

STALE_UNREADABLE_S = 7 * 86400.0
"""Long enough for a neighbour of another version, to whom it is readable, to be done with it."""

MOST_DOCUMENTS = 64
"""Each set of inputs has a document of its own: a key that is another in each job would fill a
disk with them."""

MOST_INDEXES = 256
"""Each config has an index of its own, and so has each folder that a config lies in."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a cache holds at most, and how much one run removes, so that none pays for all."""

    grants: int = 2000
    size: int = 64 * 1024 * 1024
    removals: int = 200
    documents: int = MOST_DOCUMENTS


BOUNDS = Bounds()
ENCRYPTED = Bounds(documents=0)
"""A run with a key leaves no document: those that lie there hold tokens in clear."""

Read = Callable[[str], StoredGrant | None]


def prune_volume(volume: CacheVolume, now: float, read: Read, bounds: Bounds = BOUNDS) -> int:
    """Remove expired grants, those beyond the bounds, and stale files of ours.

    Beyond the bounds go those that were stored longest ago: to know which were not used for long a
    warm run would have to write.

    Args:
        volume: that it is about; one that can only be read stays as it is.
        now: seconds since the epoch.
        read: gives the grant of a name; raises `UnusableFile` if that is none.
        bounds: how much there may be.

    Returns:
        How many grants were removed.
    """
    if not volume.writable:
        return 0
    gone: set[str] = set()
    try:
        files = [status for status in volume.statuses() if status.is_ours]
        grants = [status for status in files if layout.is_grant_name(status.name)]
        _prune_documents(volume, files, now, bounds.documents)
        _remove_leftovers(volume, files, {grant.name for grant in grants}, now)
        for grant in _spent(grants, now)[: bounds.removals]:
            if _remove_if_spent(volume, grant, now, read):
                gone.add(grant.name)
        left = [grant for grant in grants if grant.name not in gone]
        for grant in _surplus(left, bounds)[: bounds.removals]:
            if remove_grant(volume, grant.name):
                gone.add(grant.name)
    except CacheUnavailable:
        pass  # removing less is no harm, and whoever stores is told why it can not be done
    return len(gone)


def remove_grant(volume: CacheVolume, name: str, still: Callable[[], bool] = lambda: True) -> bool:
    """Remove a grant and what goes with it; ``False`` if it is gone, or being renewed.

    ``still`` is asked once nobody else can be renewing it.

    Raises:
        CacheUnavailable: if the folder can not be written.
    """
    with lock_if_free(volume, name) as held:
        return held and still() and remove_locked(volume, name)


def remove_locked(volume: CacheVolume, name: str) -> bool:
    """Remove a grant and what goes with it, by the holder of its lock; whether it was there.

    Raises:
        CacheUnavailable: if the folder can not be written.
    """
    removed = volume.remove(name)
    if removed:
        volume.remove(name + layout.FAILURE_SUFFIX)
    volume.remove(name + layout.LOCK_SUFFIX)  # last: see `generator.cache.locks`
    return removed


def prune_documents(volume: CacheVolume, now: float) -> None:
    """Remove the finished documents and indexes that are of no use, and those beyond a number.

    Raises:
        CacheUnavailable: if the folder can not be listed or written.
    """
    files = [status for status in volume.statuses() if status.is_ours]
    _prune_documents(volume, files, now, BOUNDS.documents)


def _prune_documents(
    volume: CacheVolume, files: Sequence[FileStatus], now: float, most: int
) -> None:
    documents = [file for file in files if layout.is_document_name(file.name)]
    indexes = [file for file in files if layout.is_index_name(file.name)]
    _keep_newest(volume, documents, most, now, lambda file: _is_past(volume, file, now))
    # each run that leaves a document writes its index anew
    _keep_newest(
        volume,
        indexes,
        MOST_INDEXES,
        now,
        lambda file: file.modified_at < now - STALE_UNREADABLE_S,
    )


def _keep_newest(
    volume: CacheVolume,
    files: Iterable[FileStatus],
    most: int,
    now: float,
    is_past: Callable[[FileStatus], bool],
) -> None:
    kept = []
    for file in files:
        # A clock that was ahead when it was left would have it be among the newest for as long.
        if file.modified_at > now + STALE_S or is_past(file):
            volume.remove(file.name)
        else:
            kept.append((file.modified_at, file.name))
    for _, name in sorted(kept, reverse=True)[most:]:
        volume.remove(name)


def _is_past(volume: CacheVolume, file: FileStatus, now: float) -> bool:
    try:
        content = volume.peek(file.name, limit=layout.LARGEST_DOCUMENT)
    except UnusableFile:
        content = b""
    end = None if content is None else _end_of(content)
    if end is None:
        return file.modified_at < now - STALE_UNREADABLE_S
    return end <= now


def _end_of(content: bytes) -> float | None:
    """Return until when a document is of use, by its own unproven word: enough to remove it."""
    header, word, rest = content.partition(layout.DOCUMENT_HEADER)
    try:
        return float(rest[:40].split(b" ")[0]) if word and not header else None
    except ValueError:
        return None


def _spent(grants: Iterable[FileStatus], now: float) -> Sequence[FileStatus]:
    return sorted((g for g in grants if g.modified_at <= now), key=lambda g: g.modified_at)


def _surplus(grants: Sequence[FileStatus], bounds: Bounds) -> Sequence[FileStatus]:
    """Return what goes for the rest to be within the bounds; a tenth more, so that it lasts."""
    count, size = len(grants), sum(grant.size for grant in grants)
    if count <= bounds.grants and size <= bounds.size:
        return []
    surplus = []
    for grant in sorted(grants, key=lambda g: g.changed_at):
        if count <= 0.9 * bounds.grants and size <= 0.9 * bounds.size:
            break
        surplus.append(grant)
        count, size = count - 1, size - grant.size
    return surplus


def _remove_if_spent(volume: CacheVolume, file: FileStatus, now: float, read: Read) -> bool:
    def is_spent() -> bool:
        try:
            stored = read(file.name)
        except UnusableFile:
            return file.modified_at < now - STALE_UNREADABLE_S
        return stored is not None and stored.keep_until.timestamp() <= now

    return is_spent() and remove_grant(volume, file.name, is_spent)


def _remove_leftovers(
    volume: CacheVolume, files: Iterable[FileStatus], grants: set[str], now: float
) -> None:
    """Remove what was left by processes that were killed, and locks of grants that are gone."""
    for file in files:
        grant, _, suffix = file.name.partition(".")
        if file.modified_at >= now - STALE_S:
            continue
        if file.name.startswith(layout.TEMPORARY_PREFIX):
            volume.remove(file.name)
        elif not layout.is_grant_name(grant):
            continue
        elif f".{suffix}" == layout.FAILURE_SUFFIX:
            volume.remove(file.name)
        elif f".{suffix}" == layout.LOCK_SUFFIX and grant not in grants:
            with lock_if_free(volume, grant) as held:
                if held:
                    volume.remove(file.name)
