"""Reading and writing one file of the cache folder without trusting what lies there.

Every function takes the folder's descriptor and a name in it, so that no path is walked twice.
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from generator.cache.errors import UnusableFile
from generator.cache.layout import TEMPORARY_PREFIX

PRIVATE_FILE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# O_NONBLOCK: opening a FIFO that nobody writes to must not hang.
_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read_private(folder: int, name: str, *, limit: int, links: int = 1) -> bytes | None:
    """Return the content of a file that only we could have written, ``None`` if there is none.

    Args:
        folder: descriptor of the folder.
        name: of the file.
        limit: in bytes.
        links: how many names the file may have.

    Raises:
        UnusableFile: if it is anything else than a private regular file of ours or root's, or
            larger than ``limit``, or can not be read.
    """
    try:
        descriptor = os.open(name, os.O_RDONLY | _SAFELY, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFile(_why_not_opened(folder, name, error)) from None
    try:
        with open(descriptor, "rb", closefd=False) as file:
            _check(os.fstat(descriptor), links=links)
            content = file.read(limit + 1)
    except OSError as error:
        raise UnusableFile(f"can not be read: {words_of(error)}") from None
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise UnusableFile("is too large")
    return content


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
    flags = os.O_RDWR | os.O_CREAT | _SAFELY
    try:
        descriptor = os.open(name, flags, PRIVATE_FILE, dir_fd=folder)
    except OSError:
        if may_replace(folder, name):
            raise
        raise UnusableFile("is no file of ours") from None
    if not _is_our_file(os.fstat(descriptor)):
        os.close(descriptor)
        raise UnusableFile("is no file of ours")
    return descriptor


def modified_at(folder: int, name: str) -> float | None:
    """Return when a file of ours was written, ``None`` if there is none or it is not ours."""
    status = _status(folder, name)
    return status.st_mtime if status and _is_our_file(status) else None


def may_replace(folder: int, name: str) -> bool:
    """Return whether ``name`` is free, or a file that we made ourselves."""
    status = _status(folder, name)
    return status is None or _is_our_file(status)


def words_of(error: OSError) -> str:
    """Return what went wrong in the system's words, without a path."""
    return os.strerror(error.errno).lower() if error.errno else "unknown error"


def _check(status: os.stat_result, *, links: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFile("is no regular file")
    if status.st_uid not in {os.geteuid(), 0}:
        raise UnusableFile(f"belongs to uid {status.st_uid}")
    if status.st_mode & _OTHERS:
        raise UnusableFile(f"has mode {stat.S_IMODE(status.st_mode):04o} where 0600 is safe")
    if status.st_nlink > links:
        raise UnusableFile("has a second name (a hard link)")


def _is_our_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _why_not_opened(folder: int, name: str, error: OSError) -> str:
    with suppress(OSError):
        status = _status(folder, name)
        if status and stat.S_ISLNK(status.st_mode):
            return "is a symbolic link"
    return f"can not be opened: {words_of(error)}"


@contextmanager
def _temporary(folder: int, content: bytes) -> Iterator[str]:
    name = TEMPORARY_PREFIX + secrets.token_hex(16)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY
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
