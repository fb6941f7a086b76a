"""Putting a finished file in the target's place, in one step; imports next to nothing.

It is what the fast way and all others have in common: `generator.output.files` adds what to do
where it can not be done.
"""

# typeshed has no stubs for it; `signal` itself costs the 4 ms of making its enums
import _signal  # type: ignore[import-not-found]  # typeshed has no stubs for it
import os
import stat

DEFAULT_MODE = 0o600
_HELD = (_signal.SIGTERM, _signal.SIGINT)


def replace(folder_path: str, name: str, content: bytes, mode: int | None) -> None:
    """Write ``content`` to a file beside the target, and rename it to ``name``.

    A new file gets ``mode`` (0600); an existing one keeps owner and mode. A signal waits for the
    end of it, which takes a moment: it would leave a file with secrets behind.

    Raises:
        OSError: if it can not be done; nothing is left behind.
    """
    before = hold_signals()
    try:
        _replace(folder_path, name, content, mode)
    finally:
        release_signals(before)


def hold_signals() -> object:
    """Let signals wait; returns what `release_signals` takes."""
    return _signal.pthread_sigmask(_signal.SIG_BLOCK, _HELD)


def release_signals(before: object) -> None:
    """Let signals come as they did before."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, before)


def write_all(file: int, content: bytes) -> None:
    """Write ``content`` to a descriptor, in as many steps as it takes."""
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


def _replace(folder_path: str, name: str, content: bytes, mode: int | None) -> None:
    folder = os.open(folder_path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    # 255 bytes are the most that a name may have, and a character is up to four
    temporary = f".{name[:50]}.{os.urandom(8).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(temporary, flags, 0o600, dir_fd=folder)
        try:
            try:
                _like_the_old(file, name, folder, mode)
                write_all(file, content)
                os.fsync(file)
            finally:
                os.close(file)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _remove(temporary, folder)
            raise
    finally:
        os.close(folder)


def _like_the_old(file: int, name: str, folder: int, mode: int | None) -> None:
    """Give a file owner and mode of the one that it replaces, or the mode of a new one."""
    try:
        old = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        os.fchmod(file, DEFAULT_MODE if mode is None else mode)
        return
    ours = os.fstat(file)
    if (old.st_uid, old.st_gid) != (ours.st_uid, ours.st_gid):
        os.fchown(file, old.st_uid, old.st_gid)
    os.fchmod(file, stat.S_IMODE(old.st_mode))


def _remove(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        pass
