"""Why a path gave no secret, and what to do about it."""

from typing import Any

from backends.base import SecretRef
from backends.errors import BackendError, BackendMisconfigured, SecretDenied, SecretNotFound
from backends.vault.client import VaultFailure, data_of
from backends.vault.general_errors import general
from backends.vault.settings import VaultSettings


async def explained(
    failure: VaultFailure, client: Any, settings: VaultSettings, ref: SecretRef, api_path: str
) -> BackendError:
    """Return what a failed read of ``ref`` means; ``api_path`` is what a policy would name."""
    where = f"{ref.document} ({settings.place})"
    if failure.status == 403:
        return await denied(client, failure, api_path, where)
    error = general(failure, settings, where)
    if failure.status in (400, 404) and error.reference == "vault-request-refused":
        return _not_there(failure, ref, where)
    return error


def _not_there(failure: VaultFailure, ref: SecretRef, where: str) -> BackendError:
    metadata = failure.metadata or {}
    if metadata.get("destroyed"):
        return SecretNotFound(
            "vault-version-destroyed",
            f"{where}: that version is destroyed",
            "name another version, or write the secret again",
        )
    if metadata.get("deletion_time"):
        return SecretNotFound(
            "vault-version-deleted",
            f"{where}: that version is deleted",
            "undelete it, or write the secret again",
        )
    if "Invalid path for a versioned" in failure.text or "versioned K/V" in failure.text:
        return BackendMisconfigured(
            "vault-engine-mismatch",
            f"{where}: the mount is KV version 2",
            "drop ?engine=, it is found out by itself",
        )
    if "no handler for route" in failure.text or "route entry not found" in failure.text:
        return SecretNotFound(
            "vault-mount-not-found", f"{where}: nothing is mounted there", "check the first part"
        )
    options = dict(ref.options)
    if "version" in options:
        return SecretNotFound(
            "vault-version-not-found",
            f"{where}: there is no such version, or no such secret",
            "name another version",
        )
    return SecretNotFound(
        "vault-path-not-found",
        f"{where}: there is no such secret; a folder is none",
        "check the path: MOUNT/PATH, without data/"
        + ("; drop ?engine=, it is found out by itself" if "engine" in options else ""),
    )


async def denied(client: Any, failure: VaultFailure, path: str, where: str) -> BackendError:
    """Return why reading ``path`` was denied, asking Vault what the token may do there."""
    if dead_token(failure):
        return SecretDenied(
            "vault-token-dead",
            f"{where}: the Vault token is invalid, expired, out of uses or of another namespace",
            "log in again, or check namespace:",
        )
    try:
        answer = await client.adapter.post("/v1/sys/capabilities-self", json={"paths": [path]})
        capabilities = data_of(answer).get(path)
    except (VaultFailure, BackendError):
        capabilities = None
    if not isinstance(capabilities, list):
        return SecretDenied(
            "vault-denied",
            f"{where}: the token's policies do not allow it (nor to ask what they do)",
            f'allow read: path "{path}" {{ capabilities = ["read"] }}',
        )
    may_read = {"read", "root"} & set(capabilities)
    if "preflight capability check" in failure.text:
        return _no_mount(where, may_read=bool(may_read))
    if may_read:
        return SecretDenied(
            "vault-denied-although-allowed",
            f"{where}: the token may read it, yet it was refused",
            "check mount, KV version, namespace, and the policy's parameters",
        )
    if "/data/data/" in path:
        return SecretDenied(
            "vault-denied",
            f"{where}: the token's policies grant no read on {path}",
            "write the path as MOUNT/PATH, without data/: that is added by itself",
        )
    granted = ", ".join(str(name) for name in capabilities if name != "deny") or "nothing"
    return SecretDenied(
        "vault-denied",
        f"{where}: the token's policies grant {granted} on {path}, read is needed",
        f'add to the policy: path "{path}" {{ capabilities = ["read"] }}',
    )


def _no_mount(where: str, *, may_read: bool) -> BackendError:
    """Vault hides from a token without any right below a mount whether there is one."""
    if may_read:
        return SecretNotFound(
            "vault-mount-not-found", f"{where}: nothing is mounted there", "check the first part"
        )
    return SecretDenied(
        "vault-mount-hidden",
        f"{where}: nothing is mounted there, or the token has no right to anything below it",
        "check the first part of the path, and the policy: for KV version 2 it must name "
        "MOUNT/data/PATH",
    )


def dead_token(failure: VaultFailure) -> bool:
    """Tell whether a 403 is about the token, not about what it may do.

    OpenBao answers a dead token with a bare "permission denied", a policy's denial with a counted
    list; Vault adds "invalid token".
    """
    return failure.text.strip() == "permission denied" or "invalid token" in failure.text
