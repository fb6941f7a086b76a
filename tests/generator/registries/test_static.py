from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.testing import make_context
from generator.errors import Misconfigured
from generator.model import Credentials, GrantRequest, RegistryEntry
from generator.registries.static import StaticOptions, StaticProvider
from generator.testing import CANARY, ProviderCase, ProviderContract

PASSWORD = {"password": SecretRef("env", "TOKEN")}


def _entry(server: str | None = "ghcr.io", fields: Any = None, **options: Any) -> RegistryEntry:
    return RegistryEntry(
        name="hub",
        provider="static",
        server=server,
        options=StaticOptions(**options),
        credentials=Credentials(fields=PASSWORD if fields is None else fields),
    )


class TestStaticKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self) -> ProviderCase:
        both = {**PASSWORD, "username": SecretRef("env", "USER")}
        return ProviderCase(
            provider=StaticProvider(),
            entry=_entry(username="ci-bot"),
            secrets={"password": Secret(CANARY)},
            bad_entries={
                "no server": _entry(server=None, username="ci"),
                "no user name": _entry(),
                "user name twice": _entry(fields=both, username="ci"),
                "user name with a colon": _entry(username="ci:bot"),
                "empty user name": _entry(username=""),
                "user name that is not UTF-8": _entry(username="r\udcffbot"),
            },
        )


async def test_user_name_and_password_pass_unchanged() -> None:
    secrets = {"username": Secret("robot$ci"), "password": Secret('p:w"ö\\')}
    request = GrantRequest(_entry(), secrets)
    grant = await StaticProvider().fetch(request, make_context({}))
    assert (grant.username, grant.secret) == ("robot$ci", Secret('p:w"ö\\'))
    assert grant.expires_at is None


@pytest.mark.parametrize("username", ["ci:bot", "", "r\udcffbot"])
async def test_a_secret_user_name_that_no_client_could_read_back_is_refused(username: str) -> None:
    request = GrantRequest(_entry(), {"username": Secret(username), "password": Secret(CANARY)})
    with pytest.raises(Misconfigured, match="user name") as caught:
        await StaticProvider().fetch(request, make_context({}))
    assert CANARY not in caught.value.message


async def test_a_document_without_a_user_name_says_where_to_write_one() -> None:
    request = GrantRequest(_entry(), {"password": Secret(CANARY)})
    with pytest.raises(Misconfigured) as caught:
        await StaticProvider().fetch(request, make_context({}))
    assert "username: NAME" in caught.value.hint


def test_entries_for_two_servers_are_two_grants() -> None:
    provider, context = StaticProvider(), make_context({})
    keys = {provider.grant_key(_entry(server=s, username="u"), context) for s in ("a.io", "b.io")}
    assert len(keys) == 2
