"""Whether the locks of the file system that a cache lies on reach beyond this machine.

flock(2) holds among the jobs of one machine on every file system. Among machines it does so on NFS
and SMB, which hand it to their server, unless they are mounted not to; on the file systems below,
which know nothing of it, the kernel keeps it to itself. Sources: nfs(5), mount.cifs(8), and the
FUSE programs' own documentation.
"""

import os
from collections.abc import Iterable
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_LOCAL_OPTIONS = {
    "nfs": {"nolock", "local_lock=all", "local_lock=flock"},
    "nfs4": {"local_lock=all", "local_lock=flock"},
    "cifs": {"nobrl"},
    "smb3": {"nobrl"},
}
_LOCAL_ALWAYS = {
    f"fuse.{program}"
    for program in ("gcsfuse", "goofys", "mount-s3", "rclone", "s3fs", "sshfs", "blobfuse2")
}


def locks_stay_here(folder: int, mounts: Path = MOUNTS) -> str | None:
    """Return the type of the folder's file system if it is shared and its locks are not.

    ``folder`` is a descriptor; ``None`` also stands for what can not be found out.
    """
    try:
        number = os.fstat(folder).st_dev
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    return _kind(f"{os.major(number)}:{os.minor(number)}", lines)


def _kind(device: str, lines: Iterable[str]) -> str | None:
    """Look a device up in lines of proc(5)'s mountinfo."""
    for line in lines:
        mount, _, kind_and_options = line.partition(" - ")
        fields, super_fields = mount.split(), kind_and_options.split()
        if len(fields) < 6 or len(super_fields) < 3 or fields[2] != device:
            continue
        kind, options = super_fields[0], {*fields[5].split(","), *super_fields[2].split(",")}
        if kind in _LOCAL_ALWAYS or options & _LOCAL_OPTIONS.get(kind, set()):
            return kind
    return None
