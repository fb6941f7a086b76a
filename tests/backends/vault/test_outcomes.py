"""What a real server says no to: each in its own words, with its own exit code's class."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    SecretDenied,
    SecretNotFound,
)
from backends.vault.options import VaultAuth
from tests.backends.vault.outcomes import Scene, outcome
from tests.backends.vault.vault import CANARY, JwtIssuer, Vault, options, ref
from tests.parts.openbao import TlsServer
from tests.parts.process import free_port

JWT = VaultAuth(method="jwt", role="ci", credentials={"jwt": ref("JWT")})


def wrapping(role: str | None = None) -> VaultAuth:
    credentials = {"role_id": ref("ROLE"), "wrapped_secret_id": ref("WRAPPED")}
    return VaultAuth(method="approle", role=role, credentials=credentials)


Case = tuple[Callable[[Scene], Awaitable[Any]], type[BackendError], str]
OUTCOMES: dict[str, Case] = {
    "wrong token": (
        lambda s: s.read(environment={"VAULT_TOKEN": f"s.{CANARY}"}),
        SecretDenied,
        "vault-token-dead",
    ),
    "used-up token": (
        lambda s: s.used_up(s.token(num_uses=1)),
        SecretDenied,
        "vault-token-dead",
    ),
    "no token": (lambda s: s.read(environment={}), SecretNotFound, "vault-token-missing"),
    "token file missing": (
        lambda s: s.read(environment={"VAULT_TOKEN_FILE": "/nowhere/token"}),
        SecretNotFound,
        "file-not-found",
    ),
    "line break inside a token": (
        lambda s: s.read(environment={"VAULT_TOKEN": f"a\n{CANARY}"}),
        BackendMisconfigured,
        "vault-token-unusable",
    ),
    "policy without read": (
        lambda s: s.read(environment=s.token('path "secret/*" { capabilities = ["list"] }')),
        SecretDenied,
        "vault-denied",
    ),
    "policy for another path": (
        lambda s: s.read("secret/other/x", environment=s.token()),
        SecretDenied,
        "vault-denied",
    ),
    "missing mount": (
        lambda s: s.read("nowhere/x", environment={"VAULT_TOKEN": s.vault.operator.token}),
        SecretNotFound,
        "vault-mount-not-found",
    ),
    "missing mount, ordinary token": (
        lambda s: s.read("nowhere/x", environment=s.token()),
        SecretDenied,
        "vault-mount-hidden",
    ),
    "missing path": (
        lambda s: s.read("secret/ci/nope", environment=s.token()),
        SecretNotFound,
        "vault-path-not-found",
    ),
    "folder": (
        lambda s: s.read(
            "secret/ci", environment=s.token('path "secret/*" { capabilities = ["read"] }')
        ),
        SecretNotFound,
        "vault-path-not-found",
    ),
    "missing version": (
        lambda s: s.read(environment=s.token(), ref_options=options(version="9")),
        SecretNotFound,
        "vault-version-not-found",
    ),
    "version of KV v1": (
        lambda s: s.read("old/x", environment=s.kv1(), ref_options=options(version="1")),
        BackendMisconfigured,
        "vault-version-without-kv2",
    ),
    "engine=kv1 on KV v2": (
        lambda s: s.read(environment=s.token(), ref_options=options(engine="kv1")),
        BackendMisconfigured,
        "vault-engine-mismatch",
    ),
    "engine=kv2 on KV v1": (
        lambda s: s.read("old/x", environment=s.kv1(), ref_options=options(engine="kv2")),
        BackendMisconfigured,
        "vault-engine-mismatch",
    ),
    "arg. on KV": (
        lambda s: s.read(environment=s.token(), ref_options=(("arg.ttl", "5m"),)),
        BackendMisconfigured,
        "vault-arguments-of-kv",
    ),
    "path with data/ in it": (
        lambda s: s.read("secret/data/ci/registry", environment=s.token()),
        SecretDenied,
        "vault-denied",
    ),
    "missing namespace": (
        lambda s: s.read(
            environment={"VAULT_TOKEN": s.vault.operator.token}, ref_options=options(ns="nope")
        ),
        SecretNotFound,
        "vault-namespace-not-found",
    ),
    "wrong role": (
        lambda s: s.read(auth=JWT.model_copy(update={"role": "nope"}), environment=s.jwt()),
        SecretDenied,
        "vault-role-not-found",
    ),
    "JWT with the wrong audience": (
        lambda s: s.read(auth=JWT, environment=s.jwt(aud="https://elsewhere.example")),
        SecretDenied,
        "vault-jwt-audience",
    ),
    "JWT of another branch": (
        lambda s: s.read(auth=JWT, environment=s.jwt(ref="feature")),
        SecretDenied,
        "vault-jwt-claims",
    ),
    "auth mount missing": (
        lambda s: s.read(auth=JWT, environment={"JWT": JwtIssuer().token()}),
        SecretDenied,
        "vault-login-denied",
    ),
    "used-up secret_id": (
        lambda s: s.used_up(*s.secret_id()),
        SecretDenied,
        "vault-approle-refused",
    ),
    "wrapping token used before": (
        lambda s: s.used_up(s.wrapped("auth/approle/role/ci/secret-id"), wrapping("ci")),
        SecretDenied,
        "vault-wrapping-spent",
    ),
    "wrapping token around something else": (
        lambda s: s.read(
            auth=wrapping(), environment=s.wrapped("sys/wrapping/wrap", secret_id=CANARY)
        ),
        SecretDenied,
        "vault-wrapping-foreign",
    ),
    "wrapping token of another role": (
        lambda s: s.read(
            auth=wrapping("ci"), environment=s.wrapped("auth/approle/role/other/secret-id")
        ),
        SecretDenied,
        "vault-wrapping-foreign",
    ),
    "refused": (
        lambda s: s.read(environment=s.token(), address=f"http://127.0.0.1:{free_port()}"),
        BackendUnavailable,
        "connection-refused",
    ),
    "unresolvable": (
        lambda s: s.read(environment=s.token(), address="https://vault.invalid:8200"),
        BackendUnavailable,
        "host-not-resolved",
    ),
    "https to a plain port": (
        lambda s: s.read(environment=s.token(), address=s.vault.url.replace("http:", "https:")),
        BackendUnavailable,
        "tls-failed",
    ),
}


@pytest.mark.parametrize("case", OUTCOMES)
async def test_each_has_its_own_words(case: str, vault: Vault) -> None:
    attempt, kind, reference = OUTCOMES[case]
    with outcome(case, kind, reference):
        await attempt(Scene(vault))


@pytest.mark.parametrize(
    ("call", "reference"),
    [
        ("delete_secret_versions", "vault-version-deleted"),
        ("destroy_secret_versions", "vault-version-destroyed"),
    ],
)
async def test_versions_that_are_gone(vault: Vault, call: str, reference: str) -> None:
    getattr(vault.operator.secrets.kv.v2, call)("ci/registry", [1], mount_point="secret")
    with outcome(reference.removeprefix("vault-"), SecretNotFound, reference):
        await vault.read(environment={"VAULT_TOKEN": vault.token()})


async def test_tls_and_a_sealed_server(bao_tls: TlsServer, vault: Vault) -> None:
    trusted: dict[str, Any] = {"namespace": None, "ca_file": str(bao_tls.ca_file)}
    environment = {"VAULT_TOKEN": bao_tls.client.token}
    with outcome("unknown CA", BackendUnavailable, "tls-not-trusted"):
        await vault.read(environment=environment, address=bao_tls.url, namespace=None)
    plain = bao_tls.url.replace("https:", "http:")
    with outcome("http to a TLS port", BackendMisconfigured, "vault-wants-https"):
        await vault.read(environment=environment, address=plain, namespace=None)
    bao_tls.client.sys.seal()
    try:
        with outcome("sealed", BackendUnavailable, "vault-sealed"):
            await vault.read(environment=environment, address=bao_tls.url, **trusted)
    finally:
        bao_tls.client.sys.submit_unseal_key(bao_tls.unseal_key)
