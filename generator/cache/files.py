"""Writing one file of the cache folder without trusting what lies there.

Every function takes the folder's descriptor and a name in it, so that no path is walked twice.
Reading one is `generator.cache.private`'s work.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from generator.cache.errors import UnusableFile
from generator.cache.layout import TEMPORARY_PREFIX
from generator.cache.private import SAFELY, close, is_our_file

PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What is known of a file without opening it; moments are seconds since the epoch.

    ``changed_at`` is when the file system last changed anything about it, which nobody can set.
    """

    name: str
    size: int
    modified_at: float
    changed_at: float
    is_ours: bool


def write_whole(
    folder: int, name: str, content: bytes, *, modified_at: float | None = None
) -> None:
    """Put ``content`` in place of whatever ``name`` is, whole or not at all.

    ``modified_at`` is what the file is to say of itself, in seconds since the epoch.

    Raises:
        OSError: if it can not be done; nothing is left behind.
    """
    with _temporary(folder, content, modified_at) as temporary:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def create_whole(folder: int, name: str, content: bytes) -> None:
    """Make the file ``name`` if there is nothing of that name; of several processes one wins.

    Raises:
        OSError: if it can not be done; nothing is left behind.
    """
    with _temporary(folder, content) as temporary, suppress(FileExistsError):
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)


def open_private(folder: int, name: str) -> int:
    """Open a file of ours for reading and writing, made if it is absent, never truncated.

    Raises:
        UnusableFile: if something else lies there.
        OSError: if it can not be opened or made.
    """
    flags = os.O_RDWR | os.O_CREAT | SAFELY
    try:
        descriptor = os.open(name, flags, PRIVATE_FILE, dir_fd=folder)
    except OSError:
        if may_replace(folder, name):
            raise
        raise UnusableFile("is no file of ours") from None
    if not is_our_file(os.fstat(descriptor)):
        close(descriptor)
        raise UnusableFile("is no file of ours")
    return descriptor


def statuses(folder: int) -> Sequence[FileStatus]:
    """Return what is known of every file in the folder, foreign ones too.

    Raises:
        OSError: if the folder can not be listed.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a neighbour has just removed it
                status = entry.stat(follow_symlinks=False)
                found.append(
                    FileStatus(
                        entry.name,
                        status.st_size,
                        status.st_mtime,
                        status.st_ctime,
                        is_our_file(status),
                    )
                )
    return found


def is_named(folder: int, name: str, descriptor: int) -> bool:
    """Return whether ``name`` leads to the very file that the descriptor has open."""
    status = _status(folder, name)
    return status is not None and os.path.samestat(status, os.fstat(descriptor))


def may_replace(folder: int, name: str) -> bool:
    """Return whether ``name`` is free, or a file that we made ourselves."""
    status = _status(folder, name)
    return status is None or is_our_file(status)


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


@contextmanager
def _temporary(folder: int, content: bytes, modified_at: float | None = None) -> Iterator[str]:
    name = TEMPORARY_PREFIX + secrets.token_hex(16)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY
    descriptor = os.open(name, flags, PRIVATE_FILE, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            if modified_at is not None:
                with suppress(OSError):  # not every file system keeps it; it is a hint only
                    os.utime(descriptor, (modified_at, modified_at))
        yield name
    finally:
        with suppress(OSError):  # renamed already, or the file system is gone
            os.unlink(name, dir_fd=folder)
