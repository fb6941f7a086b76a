"""Which secrets engine a path belongs to, asked once a mount."""

from typing import Any, Literal

import anyio

from backends.vault.client import VaultFailure, data_of

Engine = Literal["kv1", "kv2", "logical"]


class Mounts:
    """Remembers what is mounted where (``sys/internal/ui/mounts``, Vault's KV preflight).

    Any live token with some right below a mount may ask.
    """

    def __init__(self) -> None:
        self._known: dict[str, Engine] = {}
        self._lock = anyio.Lock()

    async def find(self, client: Any, path: str) -> tuple[str, Engine]:
        """Return mount (with a slash at its end) and engine of ``path``.

        Raises:
            VaultFailure: if Vault does not say.
        """
        async with self._lock:
            for mount, engine in self._known.items():
                if f"{path}/".startswith(mount):
                    return mount, engine
            answer = await client.adapter.get(f"/v1/sys/internal/ui/mounts/{_quoted(path)}")
            data = data_of(answer)
            found = data.get("path")
            if not isinstance(found, str) or not found:
                raise VaultFailure(200)
            self._known[found] = _engine(data)
            return found, self._known[found]


def _engine(data: dict[str, Any]) -> Engine:
    if data.get("type") not in ("kv", "generic"):
        return "logical"
    options = data.get("options")
    version = options.get("version") if isinstance(options, dict) else None
    return "kv2" if version == "2" else "kv1"


def _quoted(path: str) -> str:
    import hvac.utils

    return str(hvac.utils.format_url("{path}", path=path))
