"""Where the dockercfg is to go, and whether it can: looked at before anything is fetched."""

import errno
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.errors import OutputError

Kind = Literal["descriptor", "stream", "file"]
_DESCRIPTOR = re.compile(r"/(?:proc/self|dev)/fd/(\d{1,4})", re.ASCII)
_CHOWN_AND_FOWNER = 1 << 0 | 1 << 3  # linux/capability.h


@dataclass(frozen=True, slots=True)
class Target:
    """A place to write to.

    A ``descriptor`` is open already (stdout); a ``stream`` is a pipe or a character device: both
    are written, never replaced. ``path`` has no symbolic link at its end any more.
    """

    kind: Kind
    path: Path
    descriptor: int = -1


def check_target(path: str, *, merge: bool) -> Target:
    """Return the target that ``path`` names, if it can be written.

    Raises:
        OutputError: with what stands in the way, and what to do about it.
    """
    target = _target(path)
    if merge and target.kind != "file":
        raise OutputError(
            "merge-into-stream",
            f"{path} is a stream: there is nothing to merge into",
            "drop --merge, or name a file",
        )
    if target.kind == "file":
        _check_file(target.path)
    return target


def _target(path: str) -> Target:
    if path == "-":
        return _stdout()
    place = _follow(Path(path))
    # Its own file must not be looked up: a redirection's file would be replaced under the shell.
    if match := _DESCRIPTOR.fullmatch(str(place)):
        return Target("descriptor", place, int(match[1]))
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return Target("file", place)
    except OSError as error:
        raise unwritable(place, error) from None
    if stat.S_ISREG(mode):
        return Target("file", place)
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return Target("stream", place)
    kind = "a folder" if stat.S_ISDIR(mode) else "neither a file nor a stream"
    raise OutputError("output-not-a-file", f"{path} is {kind}", "name the file to write")


def _stdout() -> Target:
    # Python has none where the caller closed it; the descriptor may be anything by now
    if sys.stdout is None:
        raise OutputError("stdout-closed", "stdout is closed", "open it, or name a file")
    return Target("descriptor", Path("stdout"), 1)


def _follow(path: Path) -> Path:
    """Return where a symbolic link leads, if whoever made it may decide that."""
    if _DESCRIPTOR.fullmatch(str(path)) or not path.is_symlink():
        return path
    if path.lstat().st_uid not in (0, os.geteuid()):
        raise OutputError(
            "output-foreign-symlink",
            f"{path} is a symbolic link of another user",
            "remove it, or name the file that it leads to",
        )
    if _DESCRIPTOR.fullmatch(str(path.readlink())):
        return path.readlink()
    try:
        return path.resolve(strict=False)
    except (OSError, RuntimeError):
        raise OutputError(
            "output-symlink-loop", f"{path} is a symbolic link that leads nowhere", "remove it"
        ) from None


def _check_file(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(
            "output-folder-missing",
            f"the folder {folder} does not exist",
            "create it, or mount a volume there",
        )
    try:
        # As writing in place would: modes and uids alone do not tell what capabilities, a sticky
        # folder's rules or a server of files will say. Nothing is truncated.
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        os.close(os.open(path, flags))
    except FileNotFoundError:
        pass
    except OSError as error:
        if not _replaceable(path, error):
            raise unwritable(path, error) from None
    else:
        return
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        code = errno.EROFS if os.statvfs(folder).f_flag & os.ST_RDONLY else errno.EACCES
        raise unwritable(path, OSError(code, ""))


def _replaceable(path: Path, error: OSError) -> bool:
    """Tell whether a file that can not be opened may be replaced, if its folder lets us."""
    if error.errno not in (errno.EACCES, errno.ETXTBSY):
        return False
    # the file that takes its place has to get its owner, and a sticky folder has to let it go
    return path.lstat().st_uid == os.geteuid() or _may_act_for_other_users()


def _may_act_for_other_users() -> bool:
    """Tell whether we may give files away (CAP_CHOWN) and change others' (CAP_FOWNER)."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return effective is not None and int(effective[1], 16) & _CHOWN_AND_FOWNER == _CHOWN_AND_FOWNER


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error for a path that can not be written."""
    words, hint = {
        errno.EROFS: ("lies on a read-only file system", "mount the volume writable"),
        errno.ENOSPC: ("lies on a full file system", "make room"),
        errno.EDQUOT: ("is over the quota", "make room"),
        errno.EPIPE: ("has no reader any more", "keep what reads it running"),
    }.get(error.errno or 0, ("can not be written", "check the file system that it lies on"))
    if error.errno in (errno.EACCES, errno.EPERM):
        words, hint = _forbidden(path)
    code = errno.errorcode.get(error.errno or 0, "unknown error")
    return OutputError("output-not-writable", f"{path} {words} ({code})", hint)


def _forbidden(path: Path) -> tuple[str, str]:
    """Return what keeps this user from writing, and what helps."""
    uid = os.geteuid()
    try:
        owner = path.lstat().st_uid
    except OSError:
        owner = uid
    if owner == uid:
        return (
            f"may not be written by uid {uid}",
            f"run as the owner of {path.parent} (docker run --user), or change its mode",
        )
    rights = ", with root's rights (no --cap-drop)" if uid == 0 else ""
    return (
        f"belongs to uid {owner} and may not be written by uid {uid}",
        f"run as that user (docker run --user {owner}){rights}, or remove the file",
    )
