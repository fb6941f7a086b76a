"""One namespace of a real server, its operator, and the backend under test."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backends.base import SecretDocument, SecretRef
from backends.testing import make_context
from backends.vault.backend import VaultBackendFactory
from backends.vault.options import VaultAuth, VaultOptions

CANARY = "hunter2-CANARY"
READ_CI = 'path "secret/data/ci/*" { capabilities = ["read"] }'
ISSUER, AUDIENCE = "https://ci.example", "https://vault.example"


@dataclass(frozen=True, slots=True)
class Vault:
    """``operator`` is hvac's own client with the root token: it arranges the scene."""

    url: str
    namespace: str
    operator: Any
    folder: Path

    def put(self, path: str, **fields: Any) -> None:
        self.operator.secrets.kv.v2.create_or_update_secret(path, fields, mount_point="secret")

    def policy(self, text: str = READ_CI, name: str = "ci") -> None:
        self.operator.sys.create_or_update_policy(name, text)

    def token(self, policy: str = READ_CI, **options: Any) -> str:
        self.policy(policy)
        made = self.operator.auth.token.create(policies=["ci"], ttl="5m", **options)
        return str(made["auth"]["client_token"])

    def approle(self, **options: Any) -> tuple[str, str]:
        self.policy()
        self.operator.sys.enable_auth_method("approle")
        role = self.operator.auth.approle
        role.create_or_update_approle("ci", token_policies=["ci"], token_ttl="5m", **options)
        role_id = role.read_role_id("ci")["data"]["role_id"]
        secret_id = role.generate_secret_id("ci")["data"]["secret_id"]
        return str(role_id), str(secret_id)

    async def read(
        self,
        path: str = "secret/ci/registry",
        auth: VaultAuth | None = None,
        environment: dict[str, str] | None = None,
        ref_options: tuple[tuple[str, str], ...] = (),
        **options: Any,
    ) -> SecretDocument:
        """Read one path as a run does."""
        settings = VaultOptions(
            **{"address": self.url, "namespace": self.namespace, "auth": auth, **options}
        )
        context = make_context(environment or {}, base_folder=self.folder)
        async with VaultBackendFactory()(settings, context) as backend:
            return await backend.read(SecretRef("vault", path, ref_options))


def ref(name: str) -> SecretRef:
    return SecretRef("env", name)


def options(**named: str) -> tuple[tuple[str, str], ...]:
    return tuple(named.items())


class JwtIssuer:
    """A CI that signs its jobs' tokens."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem.decode()

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "project:1",
            "ref": "main",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "jti": f"{time.monotonic_ns()}-{CANARY}",
        }
        return jwt.encode({**usual, **claims}, self._key, "ES256")

    def trusted_by(self, vault: Vault) -> None:
        """Let a role ``ci`` of the mount ``jwt`` take this issuer's tokens."""
        vault.policy()
        vault.operator.sys.enable_auth_method("jwt")
        vault.operator.auth.jwt.configure(
            jwt_validation_pubkeys=[self.public_key], bound_issuer=ISSUER
        )
        vault.operator.auth.jwt.create_role(
            "ci",
            user_claim="sub",
            role_type="jwt",
            allowed_redirect_uris=[],
            bound_audiences=[AUDIENCE],
            bound_claims={"ref": "main"},
            token_ttl=300,
            token_policies=["ci"],
        )
