"""Loading and storing grants; a cache never fails a run, at worst it misses and warns once."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from typing import Protocol

from generator.cache import layout
from generator.cache.codec import GrantUse, StoredGrant, decode_grant, encode_grant
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.failures import LARGEST_NOTE, FailureNote, decode_note, encode_note
from generator.cache.locks import grant_lock
from generator.cache.prune import BOUNDS, ENCRYPTED, prune_volume
from generator.cache.sealing import OVERHEAD, CacheKeys, seal, unseal
from generator.cache.volume import CacheVolume
from generator.model import Grant

LARGEST_GRANT = 256 * 1024


def read_grant(volume: CacheVolume, name: str, keys: CacheKeys | None) -> StoredGrant | None:
    """Return what is stored under a name, ``None`` if there is nothing.

    Raises:
        SealedFile: if it is encrypted, and not with one of ``keys``.
        UnusableFile: if what lies there is no grant that we can trust.
    """
    content = volume.peek(name, limit=LARGEST_GRANT + OVERHEAD)
    if content is None:
        return None
    return decode_grant(unseal(content, keys, name=name), name=name, key=volume.key)


class GrantCache(Protocol):
    """Keeps grants by name, for later runs and for the jobs beside this one."""

    @property
    def key(self) -> bytes:
        """What `generator.cache.names.grant_name` keys the names with."""
        ...

    def load(self, name: str) -> Grant | None:
        """Return a grant, fresh or not, ``None`` if there is none."""
        ...

    def store(
        self, name: str, grant: Grant, use: GrantUse, *, static_s: float | None = None
    ) -> None:
        """Keep a grant in place of the one of that name.

        One without expiry is kept for ``static_s`` seconds, and only if it is encrypted.
        """
        ...

    def failure(self, name: str) -> FailureNote | None:
        """Return what a failed fetch of the grant has left for those who wait."""
        ...

    def note_failure(self, name: str, note: FailureNote) -> None:
        """Leave a note for those who wait for the grant; the caller holds its lock."""
        ...

    def prune(self, now: float) -> int:
        """Remove what nobody will load after ``now`` (epoch seconds); return how many grants."""
        ...

    def lock(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Wait for the right to fetch a grant, for a while; yield whether we have it alone."""
        ...


class GrantStore:
    """Grants in a volume.

    ``warn`` is called with a reference and a message, once a run for each kind of trouble. With
    ``keys`` all content is encrypted, and what is not counts as absent.
    """

    def __init__(
        self,
        volume: CacheVolume,
        warn: Callable[[str, str], None],
        keys: CacheKeys | None = None,
    ) -> None:
        self.volume = volume
        self._warn = warn
        self._keys = keys

    @property
    def key(self) -> bytes:
        """The volume's key."""
        return self.volume.key

    def load(self, name: str) -> Grant | None:
        """Return the grant of that name; what can not be read or trusted is a miss."""
        grant = None
        try:
            stored = self._read(name)
            grant = stored.grant if stored else None
        except UnusableFile as error:
            self.volume.remark_unusable(name, error)
        self._hand_on_remarks()
        return grant

    def store(
        self, name: str, grant: Grant, use: GrantUse, *, static_s: float | None = None
    ) -> None:
        """Keep the grant, if it expires; a folder that can not be written is worth a warning.

        ``static_s`` is for how long to keep one without expiry, which needs encryption.
        """
        keep_until = grant.expires_at
        if keep_until is None and static_s is not None and self._keys is not None:
            keep_until = grant.requested_at + timedelta(seconds=static_s)
        if keep_until is None:
            return
        try:
            content = self._encoded(StoredGrant(grant, use, keep_until), name)
            self._write(name, content, modified_at=keep_until.timestamp())
        except ValueError as error:
            self.volume.remark("cache-grant-not-stored", f"{name} was not stored: {error}")
        self._hand_on_remarks()

    def failure(self, name: str) -> FailureNote | None:
        """Return the note that a failed fetch of the grant has left; garbage is none."""
        file = name + layout.FAILURE_SUFFIX
        with suppress(UnusableFile):
            content = self.volume.peek(file, limit=LARGEST_NOTE + OVERHEAD)
            if content is not None:
                content = unseal(content, self._keys, name=file)
                return decode_note(content, name=name, key=self.key)
        return None

    def note_failure(self, name: str, note: FailureNote) -> None:
        """Leave a note for those who wait for the grant; the caller holds its lock."""
        with suppress(ValueError):  # who can not be told finds out for himself
            content = encode_note(note, name=name, key=self.key)
            self._write(name + layout.FAILURE_SUFFIX, content)
        self._hand_on_remarks()

    def prune(self, now: float) -> int:
        """Remove what nobody will load again, and what is too much; return how many grants."""
        return prune_volume(self.volume, now, self._read, ENCRYPTED if self._keys else BOUNDS)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        """Take the lock of the grant's name across processes; see `grant_lock`."""
        async with grant_lock(self.volume, name) as held:
            self._hand_on_remarks()
            yield held

    def _read(self, name: str) -> StoredGrant | None:
        return read_grant(self.volume, name, self._keys)

    def _encoded(self, stored: StoredGrant, name: str) -> bytes:
        content = encode_grant(stored, name=name, key=self.key)
        if len(content) > LARGEST_GRANT:
            raise ValueError(f"it is larger than {LARGEST_GRANT // 1024} KiB")
        return content

    def _write(self, file: str, content: bytes, *, modified_at: float | None = None) -> None:
        sealed = seal(content, self._keys, name=file)
        try:
            self.volume.write(file, sealed, modified_at=modified_at)
        except CacheUnavailable as error:
            self.volume.remark("cache-not-writable", error.reason)

    def _hand_on_remarks(self) -> None:
        for remark in self.volume.take_remarks():
            self._warn(remark.reference, remark.message)


class NoStore:
    """What stands in where no cache is asked for, or none can be had."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    @property
    def key(self) -> bytes:
        """A key for the names of this run alone."""
        return self._key

    def load(self, name: str) -> Grant | None:  # noqa: ARG002 - a null object asks for nothing
        """Return nothing."""
        return None

    def store(
        self, name: str, grant: Grant, use: GrantUse, *, static_s: float | None = None
    ) -> None:
        """Keep nothing."""

    def failure(self, name: str) -> FailureNote | None:  # noqa: ARG002 - as above
        """Return nothing."""
        return None

    def note_failure(self, name: str, note: FailureNote) -> None:
        """Tell nobody."""

    def prune(self, now: float) -> int:  # noqa: ARG002 - as above
        """Remove nothing."""
        return 0

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:  # noqa: ARG002 - as above
        """Wait for nobody, and hold nothing."""
        yield False
