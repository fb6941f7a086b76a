"""Opening the cache folder, and deciding whether it can be trusted."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from generator.cache import files, layout
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.private import OTHERS, OTHERS_WRITE, read_private, words_of

_PRIVATE_FOLDER = 0o700
_IGNORE_EVERYTHING = b"*\n"


def open_existing(path: Path) -> int | None:
    """Return a descriptor of the folder, ``None`` if there is none; nothing is made.

    Raises:
        CacheUnavailable: if it is no folder, or a symbolic link, or can not be opened.
    """
    try:
        return _open(path)
    except FileNotFoundError:
        return None
    except OSError:
        return open_folder(path)  # which says what is wrong with it


def open_folder(path: Path) -> int:
    """Return a descriptor of the folder; its last component is made if it is missing.

    Raises:
        CacheUnavailable: if it is no folder, or a symbolic link, or can not be opened or made.
    """
    try:
        try:
            return _open(path)
        except FileNotFoundError:
            _make(path)
            return _open(path)
    except NotADirectoryError:
        what = "a symbolic link, name the folder itself" if path.is_symlink() else "no folder"
        raise CacheUnavailable(f"cache folder {path} is {what}") from None
    except FileNotFoundError:
        raise CacheUnavailable(
            f"cache folder {path} can not be made: the folder that it is to lie in does not exist"
        ) from None
    except OSError as error:
        raise unusable(path, error) from None


def make_private(path: Path, folder: int) -> None:
    """Check that only we can write to the folder, and close it to everybody else.

    Raises:
        CacheUnavailable: if somebody else owns it or may write to it, or if it holds other things
            that others may be meant to read.
    """
    mode, owner = check_trusted(path, folder)
    if mode & OTHERS and owner == os.geteuid():
        _close_to_others(path, folder, mode)


def check_trusted(path: Path, folder: int) -> tuple[int, int]:
    """Return mode and owner of a folder that only we can write to; it stays as it is.

    Raises:
        CacheUnavailable: if somebody else owns it or may write to it.
    """
    status = os.fstat(folder)
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in {os.geteuid(), 0}:
        raise CacheUnavailable(
            f"cache folder {path} belongs to uid {status.st_uid}, and we run as {os.geteuid()}: "
            "run as its owner, or name a folder of our own"
        )
    if mode & OTHERS_WRITE:
        raise CacheUnavailable(
            f"cache folder {path} has mode {mode:04o}, others may write to it: "
            "name a folder inside it, or take the right away"
        )
    return mode, status.st_uid


def is_writable(folder: int) -> bool:
    """Return whether files can be made in the folder, as far as can be told without trying."""
    return os.access(".", os.W_OK, dir_fd=folder, effective_ids=True)


def volume_key(path: Path, folder: int, *, writable: bool) -> bytes:
    """Return the key of the volume; the first process to come makes it.

    Raises:
        CacheUnavailable: if there is none and none can be made, or if what lies there is none.
            It is left alone, for it may be a key to something else.
        OSError: if making it failed.
    """
    key = existing_key(path, folder)
    if key is None and writable:
        files.create_whole(folder, layout.KEY_FILE, os.urandom(layout.KEY_LENGTH))
        key = existing_key(path, folder)
    if key is None:
        raise CacheUnavailable(f"cache folder {path} holds no cache and can only be read")
    return key


def existing_key(path: Path, folder: int) -> bytes | None:
    """Return the key of the volume, ``None`` if it has none yet.

    Raises:
        CacheUnavailable: if what lies there is none.
    """
    try:
        key = read_private(folder, layout.KEY_FILE, limit=layout.KEY_LENGTH, links=layout.KEY_LINKS)
        if key is None or len(key) == layout.KEY_LENGTH:
            return key
        reason = "is no key of this cache"
    except UnusableFile as error:
        reason = error.reason
    raise CacheUnavailable(
        f"cache folder {path}: file {layout.KEY_FILE} {reason}; "
        "remove it if nothing else needs it, or name another folder"
    )


def hide_from_git(folder: int) -> None:
    """Make sure that a checkout around the folder never takes it in.

    Raises:
        OSError: if that failed.
    """
    try:  # every run comes here: looking at one name costs the same however many there are
        os.stat(layout.IGNORE_FILE, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        files.create_whole(folder, layout.IGNORE_FILE, _IGNORE_EVERYTHING)


def unusable(path: Path, error: OSError) -> CacheUnavailable:
    """Return the system's refusal as the cache's."""
    return CacheUnavailable(f"cache folder {path} can not be used: {words_of(error)}")


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _make(path: Path) -> None:
    with suppress(FileExistsError):  # a neighbour that started with us was faster
        path.mkdir(_PRIVATE_FOLDER)


def _close_to_others(path: Path, folder: int, mode: int) -> None:
    if not all(layout.is_ours(name) for name in os.listdir(folder)):
        raise CacheUnavailable(
            f"cache folder {path} has mode {mode:04o} and holds other files: "
            "name a folder that is used for nothing else"
        )
    try:
        os.fchmod(folder, _PRIVATE_FOLDER)
    except OSError as error:
        # Its names tell nothing, and each file has a mode of its own that is looked at.
        if error.errno != errno.EROFS:
            raise
