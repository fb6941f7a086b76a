"""Which machine this is, for credentials that only the machine itself stands behind."""

import os
from pathlib import Path

from backends.inputs import InputRecorder
from backends.secret import IdentityPart

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def host_identity(inputs: InputRecorder, source: str, boot_id: Path = _BOOT_ID) -> IdentityPart:
    """Return what tells this machine's own identity from another machine's.

    Who a machine, its agent or its metadata service is can not be told without asking. Machines
    that share a cache must not count as one, so the kernel's boot id stands for each of them
    (random(4)); every container of a machine sees the same one, and a restart costs one call.

    Args:
        inputs: records ``source``, which only it can compare.
        source: a name for what stands behind the credentials.
        boot_id: where the kernel tells it.
    """
    inputs.opaque(source)
    inputs.file(boot_id)
    try:
        return ("host", boot_id.read_text("ascii").strip())
    except (OSError, ValueError):
        return ("host", os.uname().nodename)
