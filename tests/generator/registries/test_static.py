from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.testing import make_context
from generator.errors import ImplausibleAnswer, Misconfigured
from generator.model import Credentials, GrantRequest, RegistryEntry
from generator.registries.static.provider import StaticOptions, StaticProvider
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


class TestOneThatEndsKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self) -> ProviderCase:
        ends_at = datetime.now(UTC) + timedelta(hours=1)
        return ProviderCase(
            provider=StaticProvider(),
            entry=_entry(username="ci-bot"),
            secrets={"password": Secret(CANARY), "expires_at": Secret(ends_at.isoformat())},
            lifetime_s=3600,
            failures={},
            bad_entries={},
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


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def _expiry(text: str) -> datetime | None:
    document = Credentials(SecretRef("vault", "gcp/roleset/ci/token"))
    entry = RegistryEntry("r", "static", "r.io", StaticOptions(username="u"), credentials=document)
    secrets = {"password": Secret(CANARY), "expires_at": Secret(text)}
    context = make_context({}, clock=lambda: NOW)
    return (await StaticProvider().fetch(GrantRequest(entry, secrets), context)).expires_at


@pytest.mark.parametrize("text", ["2026-01-31T13:00:00Z", "1769864400"])
async def test_a_secret_ends_when_its_document_says(text: str) -> None:
    assert await _expiry(text) == NOW + timedelta(hours=1)


async def test_harbors_way_to_say_never_is_no_expiry() -> None:
    assert await _expiry("-1") is None


@pytest.mark.parametrize(
    ("text", "reference", "said"),
    [
        ("hunter2-CANARY", "expiry-unreadable", "no time that can be read"),
        ("1769864400000", "expiry-unreadable", "no time that can be read"),
        ("2026-01-31T13:00:00", "expiry-unreadable", "of no time zone"),
        ("2026-02-30", "expiry-unreadable", "no time that can be read"),
        ("2026-01-31T12:00:00Z", "secret-expired", "expired at 2026-01-31T12:00:00Z"),
        ("1767225600", "secret-expired", "expired at 2026-01-01T00:00:00Z"),
        ("3600", "secret-expired", "expired at 1970-01-01T01:00:00Z"),
    ],
)
async def test_an_expiry_that_is_none_or_past_names_the_document(
    text: str, reference: str, said: str
) -> None:
    with pytest.raises(ImplausibleAnswer, match=said) as caught:
        await _expiry(text)
    assert caught.value.reference == reference
    assert caught.value.message.startswith("vault:gcp/roleset/ci/token: ")
    assert caught.value.hint
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(
    ("server", "username"),
    [
        ("nvcr.io", "$oauthtoken"),
        ("rg.fr-par.scw.cloud", "nologin"),
        ("docker.cloudsmith.io", "token"),
    ],
)
async def test_the_user_name_that_everybody_has_there_need_not_be_written(
    server: str, username: str
) -> None:
    entry, provider, context = _entry(server=server), StaticProvider(), make_context({})
    assert provider.validate(entry) == []
    grant = await provider.fetch(GrantRequest(entry, {"password": Secret(CANARY)}), context)
    assert grant.username == username
    own = {"password": Secret(CANARY), "username": Secret("own")}
    assert (await provider.fetch(GrantRequest(entry, own), context)).username == "own"
    named = _entry(server=server, username=username)
    assert provider.grant_key(entry, context) == provider.grant_key(named, context)


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("https://index.docker.io/v1/", "your Docker ID"),
        ("ghcr.io", "your GitHub login"),
        ("registry.redhat.io", "ORGID|NAME"),
        ("acme.jfrog.io", "whose token it is"),
        ("registry.example.com", "write username: NAME,"),
        ("notnvcr.io", "write username: NAME,"),
    ],
)
def test_a_missing_user_name_says_who_is_meant_there(server: str, said: str) -> None:
    (problem,) = StaticProvider().validate(_entry(server=server))
    assert problem.message == "no user name is given"
    assert said in problem.hint


@pytest.mark.parametrize("username", ["1234567|ci-puller", "robot$team+ci", "$app", "_", "ns+bot"])
def test_odd_names_of_registries_are_taken(username: str) -> None:
    assert StaticProvider().validate(_entry(username=username)) == []
