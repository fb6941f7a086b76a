"""Reading what only we could have written; every run begins here, so it imports next to nothing.

Every function takes the folder's descriptor and a name in it, so that no path is walked twice.
"""

import os
import stat

from generator.cache.errors import UnusableFile

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
# O_NONBLOCK: opening a FIFO that nobody writes to must not hang.
SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


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
        descriptor = os.open(name, os.O_RDONLY | SAFELY, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFile(_why_not_opened(folder, name, error)) from None
    try:
        _check(os.fstat(descriptor), links=links)
        content = read_up_to(descriptor, limit + 1)
    except OSError as error:
        raise UnusableFile(f"can not be read: {words_of(error)}") from None
    finally:
        close(descriptor)
    if len(content) > limit:
        raise UnusableFile("is too large")
    return content


def read_up_to(descriptor: int, size: int) -> bytes:
    """Return at most ``size`` bytes of an open file.

    Raises:
        OSError: if it can not be read.
    """
    # one read is all that a file of ordinary size takes
    content = os.read(descriptor, size)
    while content and len(content) < size and (more := os.read(descriptor, size - len(content))):
        content += more
    return content


def is_ours_alone(status: os.stat_result) -> bool:
    """Return whether nobody but the folder's owner, who is us or root, may look into it.

    Root's folder may be looked into, as a volume that is mounted to be read only is.
    """
    if not is_written_by_us(status):
        return False
    return status.st_uid != os.geteuid() or not status.st_mode & OTHERS


def is_written_by_us(status: os.stat_result) -> bool:
    """Return whether nobody but us and root may make files in the folder."""
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & OTHERS_WRITE


def is_our_file(status: os.stat_result) -> bool:
    """Return whether it is a regular file that we made ourselves."""
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def close(descriptor: int) -> None:
    """Close a descriptor; Linux does so even if it says that something failed (close(2))."""
    try:  # noqa: SIM105 - contextlib is an import that a fast run does not make
        os.close(descriptor)
    except OSError:
        pass  # what was read is read, and what counts was synchronised before


def words_of(error: OSError) -> str:
    """Return what went wrong in the system's words, without a path."""
    return os.strerror(error.errno).lower() if error.errno else "unknown error"


def _check(status: os.stat_result, *, links: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFile("is no regular file")
    if status.st_uid not in (os.geteuid(), 0):
        raise UnusableFile(f"belongs to uid {status.st_uid}")
    if status.st_mode & OTHERS:
        raise UnusableFile(f"has mode {stat.S_IMODE(status.st_mode):04o} where 0600 is safe")
    if status.st_nlink > links:
        raise UnusableFile("has a second name (a hard link)")


def _why_not_opened(folder: int, name: str, error: OSError) -> str:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        mode = 0
    return "is a symbolic link" if stat.S_ISLNK(mode) else f"can not be opened: {words_of(error)}"
