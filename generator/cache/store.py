"""Loading and storing grants; a cache never fails a run, at worst it misses and warns once."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from generator.cache.codec import GrantUse, decode_grant, encode_grant
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.locks import grant_lock
from generator.cache.prune import prune_volume
from generator.cache.volume import CacheVolume
from generator.model import Grant

LARGEST_GRANT = 256 * 1024


class GrantCache(Protocol):
    """Keeps grants by name, for later runs and for the jobs beside this one."""

    @property
    def key(self) -> bytes:
        """What `generator.cache.names.grant_name` keys the names with."""
        ...

    def load(self, name: str) -> Grant | None:
        """Return a grant, fresh or not, ``None`` if there is none."""
        ...

    def store(self, name: str, grant: Grant, use: GrantUse) -> None:
        """Keep a grant in place of the one of that name; one without expiry is not kept."""
        ...

    def prune(self, now: float) -> int:
        """Remove what has expired at ``now`` (epoch seconds); return how many grants that were."""
        ...

    def lock(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Wait for the right to fetch a grant, for a while; yield whether we have it alone."""
        ...


class GrantStore:
    """Grants in a volume.

    ``warn`` is called with a reference and a message, once a run for each kind of trouble.
    """

    def __init__(self, volume: CacheVolume, warn: Callable[[str, str], None]) -> None:
        self.volume = volume
        self._warn = warn

    @property
    def key(self) -> bytes:
        """The volume's key."""
        return self.volume.key

    def load(self, name: str) -> Grant | None:
        """Return the grant of that name; what can not be read or trusted is a miss."""
        grant = self._decoded(name)
        self._hand_on_remarks()
        return grant

    def store(self, name: str, grant: Grant, use: GrantUse) -> None:
        """Keep the grant, if it expires; a folder that can not be written is worth a warning."""
        if grant.expires_at is None:
            return
        try:
            content = encode_grant(grant, grant.expires_at, use, name=name, key=self.key)
            self._write(name, content)
        except CacheUnavailable as error:
            self.volume.remark("cache-not-writable", error.reason)
        except ValueError as error:
            self.volume.remark("cache-grant-not-stored", f"{name} was not stored: {error}")
        self._hand_on_remarks()

    def prune(self, now: float) -> int:
        """Remove the grants that have expired, and what killed processes left behind."""
        return prune_volume(self.volume, now, limit=LARGEST_GRANT)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        """Take the lock of the grant's name across processes; see `grant_lock`."""
        async with grant_lock(self.volume, name) as held:
            self._hand_on_remarks()
            yield held

    def _decoded(self, name: str) -> Grant | None:
        content = self.volume.read(name, limit=LARGEST_GRANT)
        if content is None:
            return None
        try:
            return decode_grant(content, name=name, key=self.key).grant
        except UnusableFile as error:
            self.volume.remark_unusable(name, error)
            return None

    def _write(self, name: str, content: bytes) -> None:
        if len(content) > LARGEST_GRANT:
            raise ValueError(f"it is larger than {LARGEST_GRANT // 1024} KiB")
        self.volume.write(name, content)

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

    def store(self, name: str, grant: Grant, use: GrantUse) -> None:
        """Keep nothing."""

    def prune(self, now: float) -> int:  # noqa: ARG002 - a null object asks for nothing
        """Remove nothing."""
        return 0

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:  # noqa: ARG002 - as above
        """Wait for nobody, and hold nothing."""
        yield False
