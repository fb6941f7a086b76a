"""Secrets that are made on demand, each read another one; leases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from backends.base import SecretRef
from backends.testing import make_context
from backends.vault.backend import VaultBackendFactory
from backends.vault.options import VaultOptions
from generator.model import Credentials
from generator.registries.static.provider import StaticProvider
from generator.resolve import Resolver
from tests.backends.vault.vault import Vault
from tests.generator.fakes import START
from tests.parts.rabbitmq import management_api

READ = 'path "rabbitmq/creds/*" { capabilities = ["read"] }'


@pytest.fixture
def users(vault: Vault) -> Iterator[list[str]]:
    """The engine ``rabbitmq/`` with a role ``ci``; the names of the users that exist."""
    with management_api() as (url, names):
        vault.operator.sys.enable_secrets_engine("rabbitmq")
        rabbitmq = vault.operator.secrets.rabbitmq
        rabbitmq.configure(connection_uri=url, username="u", password="p", verify_connection=False)
        rabbitmq.configure_lease(ttl="60s", max_ttl="60s")
        rabbitmq.create_role("ci", tags="management", vhosts="{}")
        yield names


async def test_user_and_password_of_one_dynamic_path_belong_together(
    vault: Vault, users: list[str]
) -> None:
    context = make_context({"VAULT_TOKEN": vault.token(READ)})
    options = VaultOptions(address=vault.url, namespace=vault.namespace)
    credentials = Credentials(
        fields={
            "username": SecretRef("vault", "rabbitmq/creds/ci", (), "username"),
            "password": SecretRef("vault", "rabbitmq/creds/ci", (), "password"),
        }
    )
    async with VaultBackendFactory()(options, context) as backend:
        resolver = Resolver({"vault": backend}, lambda: START)
        first = await resolver.credentials(credentials, StaticProvider.credential_fields)
        second = await resolver.credentials(credentials, StaticProvider.credential_fields)
    assert len(users) == 1
    assert first.secrets["username"].reveal() == users[0]
    assert first.secrets == second.secrets
    assert first.lease_ends_at == START + timedelta(seconds=60)


async def test_a_lease_ends_with_a_token_that_dies_before_it(
    vault: Vault, users: list[str]
) -> None:
    vault.policy(READ)
    made = vault.operator.auth.token.create(policies=["ci", "default"], ttl="20s")
    environment = {"VAULT_TOKEN": made["auth"]["client_token"]}
    document = await vault.read("rabbitmq/creds/ci", environment=environment)
    assert document.lease is not None
    assert 10 < document.lease.duration_s <= 20


async def test_the_login_is_not_revoked_while_a_leased_secret_depends_on_it(
    vault: Vault, users: list[str]
) -> None:
    role_id, secret_id = vault.approle()
    vault.policy(READ)
    environment = {"ROLE_ID": role_id, "SECRET_ID": secret_id}
    auth = {
        "method": "approle",
        "credentials": {
            "role_id": SecretRef("env", "ROLE_ID"),
            "secret_id": SecretRef("env", "SECRET_ID"),
        },
    }
    document = await vault.read("rabbitmq/creds/ci", auth, environment)  # type: ignore[arg-type] # pydantic makes it one
    assert document.lease is not None
    assert document.lease.duration_s == 60
    assert len(users) == 1
