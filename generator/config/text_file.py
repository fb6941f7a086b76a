"""Reading a text file that a user named, whatever it turns out to be."""

import errno
import os
import stat
from pathlib import Path

_WORDS = {errno.ENOENT: "does not exist", errno.EACCES: "may not be read"}


def absolute(path: Path) -> Path:
    """Return the path from the root of the file system.

    Raises:
        ValueError: if it is meant from a working directory that somebody has removed.
    """
    try:
        return path.absolute()
    except FileNotFoundError:
        raise ValueError("is meant from a working directory that does not exist any more") from None


def read_text_file(path: Path, *, limit: int) -> str:
    """Return the text of a regular UTF-8 file of at most ``limit`` bytes.

    Raises:
        ValueError: if it is anything else; the message completes the sentence "file PATH …".
    """
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to must not hang
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ValueError(_WORDS.get(error.errno or 0, "can not be read")) from None
    try:
        return _read(descriptor, limit)
    except OSError:
        raise ValueError("can not be read") from None
    finally:
        os.close(descriptor)


def _read(descriptor: int, limit: int) -> str:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ValueError("is not a regular file")
    content = b""
    while chunk := os.read(descriptor, limit + 1):
        content += chunk
        if len(content) > limit:
            raise ValueError(f"is larger than {limit // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
