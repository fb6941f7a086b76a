"""What variables and files hold now: presence and content of all that an index lists."""

import os
import stat

from generator.cache.private import read_up_to
from generator.fast.digest import framed

LARGEST_FILE = 1024 * 1024
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
VARIABLE, PREFIX, FILE = b"v", b"p", b"f"
Listed = tuple[bytes, bytes]
"""A kind (`VARIABLE`, `PREFIX`, `FILE`) and a name."""


def current(inputs: list[Listed], environment: dict[bytes, bytes]) -> bytes:
    """Return what all inputs hold, framed.

    Raises:
        UnclearInput: if a file is there that can not be read as one.
    """
    return b"".join([held_by(kind, name, environment) for kind, name in inputs])


def held_by(kind: bytes, name: bytes, environment: dict[bytes, bytes]) -> bytes:
    """Return what one input holds, framed, with its kind and name.

    Raises:
        UnclearInput: if it is a file that can not be read as one.
    """
    begin = framed(kind, name)
    if kind == VARIABLE:
        return begin + framed(b"=", environment.get(name))
    if kind == FILE:
        return begin + framed(b"=", read_file(name))
    found = sorted([item for item in environment.items() if item[0].startswith(name)])
    return begin + b"".join([framed(b"+", key) + framed(b"=", value) for key, value in found])


class UnclearInput(Exception):
    """A path that is no regular file of ordinary size, or may not be read; holds the path."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self.path = path


def read_file(path: bytes) -> bytes | None:
    """Return the content of a file, ``None`` if there is none.

    Raises:
        UnclearInput: if something else is there.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        raise UnclearInput(path) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnclearInput(path)
        content = read_up_to(descriptor, LARGEST_FILE + 1)
    except OSError:
        raise UnclearInput(path) from None
    finally:
        os.close(descriptor)
    if len(content) > LARGEST_FILE:
        raise UnclearInput(path)
    return content
