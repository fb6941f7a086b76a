"""Reading one path with one token, by the engine that it belongs to."""

from typing import Any

from backends.base import Lease, SecretDocument, SecretRef
from backends.errors import BackendError, BackendMisconfigured
from backends.vault.client import VaultFailure, data_of
from backends.vault.general_errors import implausible
from backends.vault.mounts import Engine
from backends.vault.settings import VaultSettings


def api_path(ref: SecretRef, mount: str, engine: Engine) -> str:
    """Return the path as Vault's API and its policies have it."""
    path = ref.path.strip("/")
    return f"{mount}data/{path[len(mount) :]}" if engine == "kv2" else path


async def read_document(
    client: Any, ref: SecretRef, mount: str, engine: Engine, settings: VaultSettings
) -> SecretDocument:
    """Read a document; the lease of what was made on demand is Vault's own word.

    Raises:
        VaultFailure: an answer that is no success.
        BackendError: an answer that makes no sense, an option that does not fit the engine.
    """
    version = dict(ref.options).get("version")
    inner = ref.path.strip("/")[len(mount) :]
    if version is not None and engine != "kv2":
        raise BackendMisconfigured(
            "vault-version-without-kv2",
            f"{ref.document}: version= needs a KV version 2 mount, {mount} is none",
            "drop ?version=",
        )
    if engine != "logical" and any(name.startswith("arg.") for name, _ in ref.options):
        raise BackendMisconfigured(
            "vault-arguments-of-kv",
            f"{ref.document}: arg. options are for engines that make secrets, {mount} keeps them",
            "drop the arg. options",
        )
    if engine == "kv2":
        body = await client.secrets.kv.v2.read_secret_version(
            inner, version=version, mount_point=mount.strip("/"), raise_on_deleted_version=True
        )
        data = _object(body.get("data"), ref, settings)
        metadata = data.get("metadata")
        number = metadata.get("version") if isinstance(metadata, dict) else None
        fields = _object(data.get("data"), ref, settings)
        return SecretDocument(fields, version=None if number is None else str(number))
    if engine == "kv1":
        body = await client.secrets.kv.v1.read_secret(inner, mount_point=mount.strip("/"))
        return SecretDocument(_object(body.get("data"), ref, settings))
    body = await _read_dynamic(client, ref)
    fields = _object(body.get("data"), ref, settings)
    return SecretDocument(fields, lease=_lease(body, fields))


async def _read_dynamic(client: Any, ref: SecretRef) -> Any:
    import hvac.utils

    arguments = {n.removeprefix("arg."): v for n, v in ref.options if n.startswith("arg.")}
    url = hvac.utils.format_url("/v1/{path}", path=ref.path.strip("/"))
    # each read makes another secret: one whose answer was lost must not be asked for again
    return await client.adapter.get(url, params=arguments, once=True)


def _lease(body: Any, fields: dict[str, Any]) -> Lease | None:
    duration, ttl = body.get("lease_duration"), fields.get("ttl")
    # KV answers a duration without a lease
    if body.get("lease_id") and isinstance(duration, int):
        return Lease(float(duration))
    # AWS STS credentials have no lease, they say how long they live
    if isinstance(ttl, int) and not isinstance(ttl, bool) and ttl > 0:
        return Lease(float(ttl))
    return None


async def token_ttl_s(client: Any) -> float | None:
    """Return how long the token still lives, ``None`` if it does not end or does not say."""
    try:
        answer = await client.auth.token.lookup_self()
    except (VaultFailure, BackendError):
        # The secret is made already; asking for the token's life is all that failed.
        return None
    ttl = data_of(answer).get("ttl")
    return float(ttl) if isinstance(ttl, int) and ttl > 0 else None


def _object(value: Any, ref: SecretRef, settings: VaultSettings) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise implausible(settings, f"{ref.document}: the answer holds no secret")
