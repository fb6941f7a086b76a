"""Writing the dockercfg: all of it or nothing."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import anyio

from generator.errors import OutputError
from generator.output.document import Login, OutputFormat, merge_into
from generator.output.replace import hold_signals, release_signals, replace, write_all
from generator.output.streams import write_descriptor, write_stream
from generator.output.targets import Target, unwritable

LARGEST_EXISTING = 4 * 1024 * 1024
_LOCK_PATIENCE_S = 10.0
_LOCK_DELAY_S = 0.05
# The folder refuses a file of ours beside the target, or the target can not be replaced (a single
# file that is bind-mounted is its own mount point): it may still be writable itself.
_NOT_REPLACEABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV}


async def write(target: Target, content: bytes, *, mode: int | None) -> None:
    """Write ``content``: a file in one step, a stream as its reader takes it.

    A new file gets ``mode`` (0600); an existing one keeps owner and mode.

    Raises:
        OutputError: if it can not be written; an existing file is then as it was.
    """
    try:
        if target.kind == "descriptor":
            await write_descriptor(target.descriptor, content)
        elif target.kind == "stream":
            await write_stream(target.path, content)
        else:
            _write_file(target.path, content, mode)
    except OSError as error:
        raise unwritable(target.path, error) from None


async def write_merged(
    target: Target, logins: Sequence[Login], output_format: OutputFormat, *, mode: int | None
) -> None:
    """Merge ``logins`` into an existing dockercfg, one run after the other.

    Raises:
        OutputError: if the file can not be merged into, locked or written; it is then as it was.
    """
    try:
        # A lock on the folder leaves no file behind.
        folder = os.open(target.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            await _lock(folder, target.path)
            content = merge_into(_existing(target.path), logins, output_format)
            _write_file(target.path, content, mode)
        finally:
            os.close(folder)
    except OSError as error:
        raise unwritable(target.path, error) from None


async def _lock(descriptor: int, path: Path) -> None:
    from filelock import lock_descriptor  # noqa: PLC0415 - few runs merge

    with anyio.move_on_after(_LOCK_PATIENCE_S):
        while not lock_descriptor(descriptor, blocking=False):  # noqa: ASYNC110 - another process
            await anyio.sleep(_LOCK_DELAY_S)
        return
    raise OutputError(
        "output-locked",
        f"another run kept {path} locked for {_LOCK_PATIENCE_S:g} s",
        "let it finish, or write to another path",
    )


def _existing(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_EXISTING + 1)
    except FileNotFoundError:
        return b""
    if len(content) > LARGEST_EXISTING:
        raise OutputError("merge-refused", f"{path} is too large for a dockercfg", "check the path")
    return content


def _write_file(path: Path, content: bytes, mode: int | None) -> None:
    before = hold_signals()
    try:
        replace(str(path.parent), path.name, content, mode)
    except OSError as error:
        if error.errno not in _NOT_REPLACEABLE or not _is_file(path):
            raise
        _overwrite(path, content)
    finally:
        release_signals(before)


def _overwrite(path: Path, content: bytes) -> None:
    """Write in place, for want of a better way: only a crash in the middle could tear it."""
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _reserve(file, len(content))
        write_all(file, content)
        os.ftruncate(file, len(content))
        os.fsync(file)
    finally:
        os.close(file)


def _reserve(file: int, size: int) -> None:
    """Make sure that a file can grow before a byte of its old content is gone."""
    old_size = os.fstat(file).st_size
    if size <= old_size:
        return
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        os.ftruncate(file, old_size)
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
