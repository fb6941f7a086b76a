"""Namespaces of references, and agents: what `identity` says of them."""

import pytest

from backends.base import SecretRef
from backends.inputs import RecordedInputs
from backends.testing import make_context
from backends.vault.backend import VaultBackendFactory
from backends.vault.options import VaultAuth, VaultOptions
from tests.backends.vault.vault import CANARY, Vault, options

FIELDS = {"username": "ci", "password": CANARY}


async def test_a_reference_may_name_a_namespace_below(vault: Vault) -> None:
    """The login stays in its own namespace; identities differ, for so do the secrets."""
    vault.operator.sys.create_namespace("sub")
    below = f"{vault.namespace}/sub"
    settings = VaultOptions(address=vault.url, namespace=vault.namespace)
    adapter = vault.operator.adapter
    adapter.namespace = below
    try:
        vault.operator.sys.enable_secrets_engine("kv", path="secret", options={"version": "1"})
        vault.operator.secrets.kv.v1.create_or_update_secret("ci/registry", FIELDS)
    finally:
        adapter.namespace = vault.namespace
    context = make_context({"VAULT_TOKEN": vault.operator.token})
    here = SecretRef("vault", "secret/ci/registry")
    there = SecretRef("vault", "secret/ci/registry", options(ns=below))
    async with VaultBackendFactory()(settings, context) as backend:
        documents = [await backend.read(one) for one in (here, there, here)]
        assert [document.version for document in documents] == ["1", None, "1"]
        assert list(backend.identity(here)) != list(backend.identity(there))
    vault.operator.sys.delete_namespace("sub")


async def test_who_an_agent_is_logged_in_as_is_recorded_as_unknowable() -> None:
    inputs = RecordedInputs()
    context = make_context({"VAULT_AGENT_ADDR": "http://127.0.0.1:8100"}, inputs=inputs)
    settings = VaultOptions(auth=VaultAuth(method="agent"))
    async with VaultBackendFactory()(settings, context) as backend:
        parts = dict(backend.identity(SecretRef("vault", "secret/x")))
    assert parts["address"] == "http://127.0.0.1:8100"
    assert inputs.opaque_sources == {"vault-agent"}


@pytest.mark.parametrize("namespace", ["", "a/../b", "a//b", "."])
def test_a_namespace_that_leads_elsewhere_is_refused(namespace: str) -> None:
    problems = VaultBackendFactory().check(SecretRef("vault", "secret/x", options(ns=namespace)))
    assert problems
