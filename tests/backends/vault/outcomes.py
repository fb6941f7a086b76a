"""One table of what can go wrong: ``pytest -s tests/backends/vault/test_outcomes*.py``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backends.errors import BackendError
from backends.vault.options import VaultAuth
from tests.backends.vault.vault import JwtIssuer, Vault, ref
from tests.parts.cases import fails


@contextmanager
def outcome(
    case: str, kind: type[BackendError], reference: str, *, within_s: float = 5.0
) -> Iterator[list[BackendError]]:
    """Expect a failure, told without a secret and in time; print it as a row of the table."""
    seen: dict[str, object] = {}
    with fails(kind, reference, within_s=within_s, record=seen.__setitem__) as caught:
        yield caught
    columns = ("class", "reference", "message", "seconds")
    print(f"\n| {case} | " + " | ".join(str(seen[column]) for column in columns) + " |")


def wrap(vault: Vault, path: str, **body: Any) -> str:
    wrapped = vault.operator.adapter.post(f"/v1/{path}", json=body, wrap_ttl="60s")
    return str(wrapped["wrap_info"]["token"])


class Scene:
    """One test's ways to read; what they share is arranged when it is asked for."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def token(self, *arguments: Any, **options: Any) -> dict[str, str]:
        return {"VAULT_TOKEN": self.vault.token(*arguments, **options)}

    def jwt(self, **claims: Any) -> dict[str, str]:
        issuer = JwtIssuer()
        issuer.trusted_by(self.vault)
        return {"JWT": issuer.token(**claims)}

    def kv1(self) -> dict[str, str]:
        self.vault.operator.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
        return self.token('path "old/*" { capabilities = ["read"] }')

    async def read(self, path: str = "secret/ci/registry", **arguments: Any) -> Any:
        return await self.vault.read(path, **arguments)

    async def used_up(self, environment: dict[str, str], auth: VaultAuth | None = None) -> Any:
        await self.read(environment=environment, auth=auth)
        return await self.read(environment=environment, auth=auth)

    def secret_id(self) -> tuple[dict[str, str], VaultAuth]:
        role_id, secret_id = self.vault.approle(secret_id_num_uses=1)
        credentials = {"role_id": ref("ROLE"), "secret_id": ref("SECRET")}
        return {"ROLE": role_id, "SECRET": secret_id}, VaultAuth(
            method="approle", credentials=credentials
        )

    def wrapped(self, path: str, **body: Any) -> dict[str, str]:
        role_id, _ = self.vault.approle()
        self.vault.operator.auth.approle.create_or_update_approle("other", token_policies=["ci"])
        return {"ROLE": role_id, "WRAPPED": wrap(self.vault, path, **body)}
