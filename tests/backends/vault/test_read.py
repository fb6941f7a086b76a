"""Reading from a real server: engines, versions, and how each failure is told."""

from typing import Any

import pytest
from pydantic import ValidationError

from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    SecretDenied,
    SecretNotFound,
)
from backends.vault.options import VaultOptions
from tests.backends.vault.vault import CANARY, Vault
from tests.parts.openbao import TlsServer

FIELDS = {"username": "ci", "password": CANARY}


def by_token(token: str) -> dict[str, str]:
    return {"VAULT_TOKEN": token}


async def refused(vault: Vault, *arguments: Any, **options: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await vault.read(*arguments, **options)
    error = caught.value
    assert CANARY not in f"{error.message}{error.hint}{error.__cause__!r}"
    assert error.hint
    return error


async def test_kv_version_2_is_read_with_its_version(vault: Vault) -> None:
    document = await vault.read(environment=by_token(vault.token()))
    assert (document.content, document.version, document.lease) == (FIELDS, "1", None)


async def test_an_older_version_can_be_named(vault: Vault) -> None:
    vault.put("ci/registry", username="other")
    options = (("version", "1"),)
    document = await vault.read(environment=by_token(vault.token()), ref_options=options)
    assert document.content == FIELDS


async def test_kv_version_1_is_found_out_by_itself_and_has_no_lease(vault: Vault) -> None:
    vault.operator.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
    vault.operator.secrets.kv.v1.create_or_update_secret("ci/x", FIELDS, mount_point="old")
    token = vault.token('path "old/ci/*" { capabilities = ["read"] }')
    document = await vault.read("old/ci/x", environment=by_token(token))
    assert (document.content, document.lease) == (FIELDS, None)


async def test_a_mount_may_lie_deep_and_names_may_be_odd(vault: Vault) -> None:
    operator = vault.operator
    operator.sys.enable_secrets_engine("kv", path="team/deep/kv", options={"version": "2"})
    operator.secrets.kv.v2.create_or_update_secret(
        "we ird/na#me@1", FIELDS, mount_point="team/deep/kv"
    )
    token = vault.token('path "team/deep/kv/data/*" { capabilities = ["read"] }')
    document = await vault.read("team/deep/kv/we ird/na#me@1", environment=by_token(token))
    assert document.content == FIELDS


async def test_mount_and_engine_can_be_said(vault: Vault) -> None:
    options = (("engine", "kv2"), ("mount", "secret"))
    token = vault.token()
    assert (await vault.read(environment=by_token(token), ref_options=options)).content == FIELDS


@pytest.mark.parametrize("token", ["wrong-CANARY", "s.expired", "root"])
async def test_a_token_that_is_not_alive_is_told_from_a_denial(vault: Vault, token: str) -> None:
    error = await refused(vault, environment=by_token(token))
    assert (type(error), error.reference) == (SecretDenied, "vault-token-dead")


async def test_a_used_up_token_is_dead(vault: Vault) -> None:
    token = vault.token(num_uses=1)
    await vault.read(environment=by_token(token))
    error = await refused(vault, environment=by_token(token))
    assert error.reference == "vault-token-dead"


async def test_a_token_with_a_line_break_at_its_end_is_used_without(vault: Vault) -> None:
    document = await vault.read(environment=by_token(f"{vault.token()}\n"))
    assert document.content == FIELDS


async def test_a_token_that_no_header_can_hold_is_refused_unseen(vault: Vault) -> None:
    error = await refused(vault, environment=by_token(f"a\n{CANARY}"))
    assert (type(error), error.reference) == (BackendMisconfigured, "vault-token-unusable")


async def test_a_denial_names_what_the_policy_lacks(vault: Vault) -> None:
    token = vault.token('path "secret/data/ci/*" { capabilities = ["list"] }')
    error = await refused(vault, environment=by_token(token))
    assert (type(error), error.reference) == (SecretDenied, "vault-denied")
    assert "grant list on secret/data/ci/registry, read is needed" in error.message
    assert 'path "secret/data/ci/registry"' in error.hint


async def test_a_missing_path_is_not_found(vault: Vault) -> None:
    error = await refused(vault, "secret/ci/nope", environment=by_token(vault.token()))
    assert (type(error), error.reference) == (SecretNotFound, "vault-path-not-found")


async def test_a_missing_mount_is_told(vault: Vault) -> None:
    error = await refused(vault, "nowhere/ci", environment=by_token(vault.operator.token))
    assert isinstance(error, SecretNotFound | SecretDenied)
    assert "nowhere" in error.message


@pytest.mark.parametrize(
    ("arrange", "reference"),
    [
        ("delete_secret_versions", "vault-version-deleted"),
        ("destroy_secret_versions", "vault-version-destroyed"),
    ],
)
async def test_deleted_and_destroyed_versions_are_told_apart(
    vault: Vault, arrange: str, reference: str
) -> None:
    getattr(vault.operator.secrets.kv.v2, arrange)("ci/registry", [1], mount_point="secret")
    error = await refused(vault, environment=by_token(vault.token()))
    assert (type(error), error.reference) == (SecretNotFound, reference)


async def test_a_missing_version_is_told(vault: Vault) -> None:
    options = (("version", "99"),)
    error = await refused(vault, environment=by_token(vault.token()), ref_options=options)
    assert error.reference == "vault-version-not-found"


async def test_a_version_of_a_mount_without_versions_is_a_mistake(vault: Vault) -> None:
    vault.operator.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
    options = (("version", "2"),)
    token = vault.token('path "old/*" { capabilities = ["read"] }')
    error = await refused(vault, "old/x", environment=by_token(token), ref_options=options)
    assert error.reference == "vault-version-without-kv2"


async def test_the_wrong_engine_is_told(vault: Vault) -> None:
    options = (("engine", "kv1"), ("mount", "secret"))
    token = vault.token('path "secret/*" { capabilities = ["read"] }')
    error = await refused(vault, environment=by_token(token), ref_options=options)
    assert error.reference == "vault-engine-mismatch"


async def test_a_missing_namespace_is_told(vault: Vault) -> None:
    error = await refused(vault, environment=by_token(vault.token()), namespace="nope")
    assert error.reference in ("vault-namespace-not-found", "vault-token-dead")


async def test_a_sealed_server_is_unavailable(bao_tls: TlsServer, vault: Vault) -> None:
    bao_tls.client.secrets.kv.v2.create_or_update_secret("x", FIELDS, mount_point="secret")
    where: dict[str, Any] = {
        "address": bao_tls.url,
        "namespace": None,
        "ca_file": str(bao_tls.ca_file),
    }
    environment = by_token(bao_tls.client.token)
    assert (await vault.read("secret/x", environment=environment, **where)).content == FIELDS
    bao_tls.client.sys.seal()
    try:
        error = await refused(vault, "secret/x", environment=environment, **where)
    finally:
        bao_tls.client.sys.submit_unseal_key(bao_tls.unseal_key)
    assert (type(error), error.reference) == (BackendUnavailable, "vault-sealed")


async def test_a_ca_that_is_not_known_is_told(bao_tls: TlsServer, vault: Vault) -> None:
    error = await refused(vault, environment=by_token("t"), address=bao_tls.url, namespace=None)
    assert (type(error), error.reference) == (BackendUnavailable, "tls-not-trusted")


async def test_the_ca_may_come_from_vaults_own_variable(bao_tls: TlsServer, vault: Vault) -> None:
    bao_tls.client.secrets.kv.v2.create_or_update_secret("y", FIELDS, mount_point="secret")
    environment = {
        "VAULT_ADDR": "https://192.0.2.1",
        "BAO_ADDR": bao_tls.url,
        "VAULT_CACERT": str(bao_tls.ca_file),
        "VAULT_TOKEN": bao_tls.client.token,
    }
    document = await vault.read("secret/y", environment=environment, address=None, namespace=None)
    assert document.content == FIELDS


async def test_https_to_a_plain_port_is_told(vault: Vault) -> None:
    address = vault.url.replace("http://", "https://")
    error = await refused(vault, environment=by_token("t"), address=address)
    assert error.reference == "tls-failed"


async def test_http_to_a_tls_port_is_told(bao_tls: TlsServer, vault: Vault) -> None:
    address = bao_tls.url.replace("https://", "http://")
    error = await refused(vault, environment=by_token("t"), address=address)
    assert error.reference == "vault-wants-https"


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        ("http://127.0.0.1:1", "connection-refused"),
        ("https://vault.invalid:8200", "host-not-resolved"),
        ("http://192.0.2.1:8200", "plain-http-refused"),
    ],
)
async def test_an_address_that_does_not_work_is_told(
    vault: Vault, address: str, reference: str
) -> None:
    error = await refused(vault, environment=by_token("t"), address=address)
    assert error.reference == reference


async def test_no_token_says_what_to_do(vault: Vault) -> None:
    error = await refused(vault, environment={"HOME": "/nowhere"})
    assert (type(error), error.reference) == (SecretNotFound, "vault-token-missing")


async def test_the_token_file_of_the_command_line_tools_is_read(vault: Vault) -> None:
    (vault.folder / ".vault-token").write_text(vault.token())
    assert (await vault.read(environment={"HOME": str(vault.folder)})).content == FIELDS


@pytest.mark.parametrize(
    "address",
    [
        "vault.example:8200",
        "https://",
        f"https://user:{CANARY}@vault.example",
        "https://vault.example:99999",
        "unix://relative",
        "ftp://vault.example",
    ],
)
async def test_an_address_that_is_none_is_refused_unseen(vault: Vault, address: str) -> None:
    with pytest.raises(ValidationError) as configured:
        VaultOptions(address=address)
    assert CANARY not in str(configured.value)
    error = await refused(vault, environment={"VAULT_ADDR": address}, address=None)
    assert (type(error), error.reference) == (BackendMisconfigured, "vault-address-unusable")
