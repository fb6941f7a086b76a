"""The cache folder: opened once by descriptor, checked, and from then on never walked to again.

It holds ``.gitignore``, ``key`` (32 random bytes that names and MACs are keyed by) and the files
that `generator.cache.layout` names. The key keeps somebody with a copy of a file from guessing a
weak secret; it is no protection against somebody who can read the folder. What else lies in the
folder is never touched.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from generator.cache import files, folder, layout
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.mounts import locks_stay_here
from generator.cache.private import close, read_private, words_of

__all__ = ["CacheUnavailable", "CacheVolume", "Remark", "open_volume"]

_NOT_ALLOWED = {errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a user should hear of, once; never holds a secret."""

    reference: str
    message: str


class CacheVolume:
    """One cache folder; read, write, lock by the names of `generator.cache.layout`."""

    def __init__(self, path: Path, descriptor: int, key: bytes, *, writable: bool) -> None:
        self.path = path
        self.key = key
        self.writable = writable
        self._folder = descriptor
        self._remarks: dict[str, Remark] = {}
        self._taken: set[str] = set()
        self._locks_looked_at = False

    @property
    def descriptor(self) -> int:
        """The folder's descriptor."""
        return self._folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        close(self._folder)

    def read(self, name: str, *, limit: int) -> bytes | None:
        """Return the content of a file, ``None`` if it is absent or, with a remark, unusable."""
        try:
            return read_private(self._folder, name, limit=limit)
        except UnusableFile as error:
            self.remark_unusable(name, error)
            return None

    def peek(self, name: str, *, limit: int) -> bytes | None:
        """Return the content of a file without a remark.

        Raises:
            UnusableFile: if it is not one that `read` would give.
        """
        return read_private(self._folder, name, limit=limit)

    def write(self, name: str, content: bytes, *, modified_at: float | None = None) -> None:
        """Put a file in place whole; what is not ours stays, with a remark.

        Raises:
            CacheUnavailable: if the folder can not be written; nothing is left behind.
        """
        self._check_writable()
        try:
            if files.may_replace(self._folder, name):
                files.write_whole(self._folder, name, content, modified_at=modified_at)
            else:
                self.remark_unusable(name, UnusableFile("is no file of ours and is left alone"))
        except OSError as error:
            raise self._unwritable(error) from None

    def open_lock(self, name: str) -> int:
        """Return a descriptor of the lock file that goes with ``name``; the caller closes it.

        Raises:
            CacheUnavailable: if there is none and none can be made.
        """
        self._check_writable()
        self._remark_locks()
        lock = name + layout.LOCK_SUFFIX
        try:
            return files.open_private(self._folder, lock)
        except OSError as error:
            raise self._unwritable(error) from None
        except UnusableFile as error:
            raise CacheUnavailable(
                f"cache folder {self.path}: file {lock} {error.reason}"
            ) from None

    def is_lock(self, name: str, descriptor: int) -> bool:
        """Return whether the descriptor's file is still the one to lock for ``name``.

        Raises:
            OSError: if that can not be told.
        """
        return files.is_named(self._folder, name + layout.LOCK_SUFFIX, descriptor)

    def statuses(self) -> Sequence[files.FileStatus]:
        """Return what is known of all files in the folder, foreign ones too.

        Raises:
            CacheUnavailable: if the folder can not be listed.
        """
        try:
            return files.statuses(self._folder)
        except OSError as error:
            raise CacheUnavailable(
                f"cache folder {self.path} can not be listed: {words_of(error)}"
            ) from None

    def remove(self, name: str) -> bool:
        """Remove a file of ours; return whether it was there.

        Raises:
            CacheUnavailable: if the folder can not be written.
        """
        try:
            if not files.may_replace(self._folder, name):
                return False
            os.unlink(name, dir_fd=self._folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unwritable(error) from None
        return True

    def remark(self, reference: str, message: str) -> None:
        """Keep a remark; the first of each reference is the one that counts."""
        self._remarks.setdefault(reference, Remark(reference, message))

    def remark_unusable(self, name: str, error: UnusableFile) -> None:
        """Keep the remark that a file counts as absent."""
        self.remark("cache-file-unusable", f"cache folder {self.path}: file {name} {error.reason}")

    def take_remarks(self) -> Sequence[Remark]:
        """Return the remarks that nobody has taken yet."""
        fresh = [r for reference, r in self._remarks.items() if reference not in self._taken]
        self._taken.update(remark.reference for remark in fresh)
        return fresh

    def _remark_locks(self) -> None:
        if self._locks_looked_at:
            return
        self._locks_looked_at = True
        if kind := locks_stay_here(self._folder):
            self.remark(
                "cache-locks-local",
                f"cache folder {self.path} lies on {kind}, whose locks end at this machine: "
                "jobs on other machines may each fetch the same grant",
            )

    def _check_writable(self) -> None:
        if not self.writable:
            raise CacheUnavailable(f"cache folder {self.path} can only be read, nothing is stored")

    def _unwritable(self, error: OSError) -> CacheUnavailable:
        if error.errno in _NOT_ALLOWED:
            self.writable = False
        return CacheUnavailable(f"cache folder {self.path} can not be written: {words_of(error)}")


def look_into_volume(path: Path) -> CacheVolume | None:
    """Open a cache folder to look only, ``None`` if no cache lies there; nothing is written.

    Raises:
        CacheUnavailable: if it can not be read, or can not be trusted.
    """
    descriptor = folder.open_existing(path)
    if descriptor is None:
        return None
    try:
        folder.check_trusted(path, descriptor)
        key = folder.existing_key(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    if key is None:
        os.close(descriptor)
        return None
    return CacheVolume(path, descriptor, key, writable=False)


def open_volume(path: Path) -> CacheVolume:
    """Open a cache folder; its last component is made if it is missing.

    A folder of ours that others may list is closed to them, if it holds nothing but a cache.

    Raises:
        CacheUnavailable: if it can not be used, or can not be trusted.
    """
    descriptor = folder.open_folder(path)
    try:
        folder.make_private(path, descriptor)
        writable = folder.is_writable(descriptor)
        key = folder.volume_key(path, descriptor, writable=writable)
        if writable:
            folder.hide_from_git(descriptor)
        return CacheVolume(path, descriptor, key, writable=writable)
    except OSError as error:
        close(descriptor)
        raise folder.unusable(path, error) from None
    except BaseException:
        close(descriptor)
        raise
