"""Writing one file of the cache folder without trusting what lies there.

Every function takes the folder's descriptor and a name in it, so that no path is walked twice.
Reading one is `generator.cache.private`'s work.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from generator.cache.errors import UnusableFile
from generator.cache.layout import TEMPORARY_PREFIX
from generator.cache.private import SAFELY, is_our_file

PRIVATE_FILE = 0o600


def write_whole(folder: int, name: str, content: bytes) -> None:
    """Put ``content`` in place of whatever ``name`` is, whole or not at all.

    Raises:
        OSError: if it can not be done; nothing is left behind.
    """
    with _temporary(folder, content) as temporary:
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
        os.close(descriptor)
        raise UnusableFile("is no file of ours")
    return descriptor


def modified_at(folder: int, name: str) -> float | None:
    """Return when a file of ours was written, ``None`` if there is none or it is not ours."""
    status = _status(folder, name)
    return status.st_mtime if status and is_our_file(status) else None


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
def _temporary(folder: int, content: bytes) -> Iterator[str]:
    name = TEMPORARY_PREFIX + secrets.token_hex(16)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY
    descriptor = os.open(name, flags, PRIVATE_FILE, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        yield name
    finally:
        with suppress(OSError):  # renamed already, or the file system is gone
            os.unlink(name, dir_fd=folder)
