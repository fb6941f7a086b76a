"""Which machine and pod this is, for credentials that only they themselves stand behind."""

import os
from collections.abc import Sequence
from pathlib import Path

from backends.inputs import InputRecorder
from backends.jwt_identity import identity_of_token
from backends.secret import IdentityPart, Secret

SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
HOST_FILES = frozenset({SERVICE_ACCOUNT_TOKEN, _BOOT_ID})
"""What `host_identity` looks at: nobody's setting, so of no interest to who wants to know those."""


def host_identity(
    inputs: InputRecorder,
    source: str,
    *,
    boot_id: Path = _BOOT_ID,
    service_account: Path = SERVICE_ACCOUNT_TOKEN,
) -> Sequence[IdentityPart]:
    """Return what tells the own identity of this machine, or pod, from another's.

    Who a machine, its agent or its metadata service is can not be told without asking. Machines
    that share a cache must not count as one, so the kernel's boot id stands for each of them
    (random(4)); every container of a machine sees the same one, and a restart costs one call. Pods
    of a machine are told apart by their service accounts, as clouds give identities to those.

    Args:
        inputs: records ``source``, which only it can compare.
        source: a name for what stands behind the credentials.
        boot_id: where the kernel tells it.
        service_account: where Kubernetes puts a pod's token.
    """
    inputs.opaque(source)
    parts: list[IdentityPart] = [("host", _text(boot_id, inputs) or os.uname().nodename)]
    if token := _text(service_account, inputs):
        parts += [(f"pod.{name}", value) for name, value in identity_of_token(Secret(token))]
    return parts


def _text(path: Path, inputs: InputRecorder) -> str | None:
    inputs.file(path)
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
