"""DigitalOcean's registry against a loopback server shaped after the API's documented answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendError, BackendUnavailable
from backends.testing import make_context
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Misconfigured, Unavailable
from generator.model import Grant, GrantKey, GrantRequest, RegistryEntry
from generator.registries.digitalocean import DigitalOceanOptions, DigitalOceanProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.digitalocean import (
    API_TOKEN,
    HOST,
    LOGIN,
    REGISTRY,
    auth,
    config,
    digitalocean,
    refused,
)
from tests.parts.service import PAGE, Service, Told, service

FOREIGN = "registry.example.com"


@pytest.fixture(name="api")
def stand_in_for_the_api() -> Iterator[Service]:
    with service(digitalocean) as made:
        yield made


def entry(endpoint: str, server: str | None = HOST, **more: Any) -> RegistryEntry:
    options = DigitalOceanOptions(endpoint=endpoint, **more)
    return RegistryEntry("do", "digitalocean", server, options)


async def fetched(api: Service, token: str = API_TOKEN, **more: Any) -> Grant:
    request = GrantRequest(entry(api.url, **more), {"token": Secret(token)})
    return await DigitalOceanProvider().fetch(request, make_context({}))


SENSELESS = {
    "a page": PAGE,
    "no object": [HOST],
    "no auths": {},
    "auths that are no object": {"auths": [HOST]},
    "empty auths": {"auths": {}},
    "a foreign host": {"auths": {FOREIGN: auth(f"{CANARY}:{CANARY}")}},
    "a look-alike": {"auths": {f"{HOST}.evil.example": auth(f"{CANARY}:{CANARY}")}},
    "a key with a path": {"auths": {f"{HOST}/{REGISTRY}": auth(f"{CANARY}:{CANARY}")}},
    "a key with a scheme": {"auths": {f"https://{HOST}": auth(f"{CANARY}:{CANARY}")}},
    "no login": {"auths": {HOST: None}},
    "a login without auth": {"auths": {HOST: {"username": "a", "password": CANARY}}},
    "auth that is no text": {"auths": {HOST: {"auth": 7}}},
    "auth in no base64": {"auths": {HOST: {"auth": f"!{auth('a:b')['auth']}"}}},
    "auth that is no UTF-8": {"auths": {HOST: {"auth": "/zr/"}}},
    "auth in other letters": {"auths": {HOST: {"auth": "é:é"}}},
    "auth without a colon": config(CANARY),
    "no user name": config(f":{CANARY}"),
    "no password": config(f"{CANARY}:\n"),
    "a line break within": config(f"{CANARY}:{CANARY}\n\n"),
}


class TestDigitalOceanKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, api: Service) -> ProviderCase:
        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "401": (api.fail(refused(401, "Unauthorized", "Unable to")), AccessDenied),
            "403": (api.fail(refused(403, "forbidden", "You do not have")), AccessDenied),
            "404": (api.fail(refused(404, "not_found", "The resource")), Misconfigured),
            "412": (api.fail(refused(412, "precondition_failed", "Name")), Misconfigured),
            "422": (api.fail(refused(422, "unprocessable_entity", "No")), Misconfigured),
            "500": (api.fail(refused(500, "server_error", "Unexpected")), Unavailable),
            "throttled for ever": (api.fail_for_ever(429), Unavailable),
            "a redirect": (api.fail(Told(302, headers={"Location": api.url})), ImplausibleAnswer),
        }
        failures |= {
            name: (api.fail(Told(200, body)), ImplausibleAnswer) for name, body in SENSELESS.items()
        }
        return ProviderCase(
            provider=DigitalOceanProvider(),
            entry=entry(api.url),
            secrets={"token": Secret(API_TOKEN)},
            lifetime_s=3600,
            failures=failures,
            hang=api.hang,
            throttle=api.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={
                "another host": entry(api.url, FOREIGN),
                "a look-alike": entry(api.url, f"{HOST}.evil.example"),
            },
        )


async def test_the_least_is_asked_for_and_for_a_while_only(api: Service) -> None:
    grant = await fetched(api)
    assert api.asked[0].path == "/v2/registry/docker-credentials"
    assert api.asked[0].query == {"expiry_seconds": "3600", "read_write": "false"}
    assert (grant.username, grant.secret, grant.endpoint) == (LOGIN, Secret(LOGIN), api.url)


async def test_the_entry_says_which_registry_and_for_what(api: Service) -> None:
    grant = await fetched(api, registry=REGISTRY, read_write="true", expiry="2h")
    assert api.asked[0].path == f"/v2/registries/{REGISTRY}/docker-credentials"
    assert api.asked[0].query == {"expiry_seconds": "7200", "read_write": "true"}
    assert grant.expires_at is not None
    assert (grant.expires_at - grant.requested_at).total_seconds() == 7200


async def test_the_expiry_counts_from_the_request_whatever_their_clock_says(api: Service) -> None:
    api.date_offset_s = -600
    grant = await fetched(api)
    assert grant.expires_at is not None
    assert (grant.expires_at - grant.requested_at).total_seconds() == 3600
    assert grant.clock_skew_s == pytest.approx(-600, abs=2)


async def test_of_the_answer_nothing_but_the_one_login_is_taken(api: Service) -> None:
    more = {"credsStore": "evil", "HttpHeaders": {"X": "y"}, "proxies": {}}
    body = config("user:pass:word", **more)
    body["auths"] = {FOREIGN: auth("mallory:other"), **body["auths"]}
    api.plan.append(Told(200, body))
    grant = await fetched(api)
    assert (grant.username, grant.secret) == ("user", Secret("pass:word"))
    assert grant.server_addresses == ()


async def test_what_may_have_made_a_login_is_not_asked_again(api: Service) -> None:
    api.plan.append(refused(500, "server_error", "Unexpected"))
    with pytest.raises(Unavailable):
        await fetched(api)
    assert len(api.asked) == 1


async def test_a_registry_that_is_not_there_is_told_by_its_option(api: Service) -> None:
    with pytest.raises(Misconfigured) as caught:
        await fetched(api, registry="other")
    assert caught.value.reference == "digitalocean-registry-unknown"
    assert "registry:" in caught.value.hint


async def test_the_token_travels_to_no_other_host_in_the_clear() -> None:
    request = GrantRequest(entry("http://api.example"), {"token": Secret(API_TOKEN)})
    with pytest.raises(BackendError) as caught:
        await DigitalOceanProvider().fetch(request, make_context({}))
    assert caught.value.reference == "plain-http-refused"
    unreached = GrantRequest(entry("https://127.0.0.1:1"), {"token": Secret(API_TOKEN)})
    with pytest.raises(BackendUnavailable):
        await DigitalOceanProvider().fetch(unreached, make_context({}))


def test_a_login_is_told_apart_by_registry_rights_and_life() -> None:
    def key(**more: Any) -> GrantKey:
        endpoint = more.pop("endpoint", "https://api.digitalocean.com")
        return DigitalOceanProvider().grant_key(entry(endpoint, **more), make_context({}))

    different = [
        key(),
        key(registry="acme"),
        key(registry="other"),
        key(read_write="true"),
        key(expiry="2h"),
        key(endpoint="https://other.example"),
    ]
    assert len(set(different)) == len(different)
    assert key(endpoint="https://api.digitalocean.com/") == key()


@pytest.mark.parametrize("expiry", ["4m", "31d", "0s"])
def test_no_login_is_too_short_to_use_or_lives_for_ever(expiry: str) -> None:
    with pytest.raises(ValueError, match="expiry"):
        DigitalOceanOptions.model_validate({"expiry": expiry})


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        (HOST, "digitalocean"),
        (f"{HOST}.evil.example", "digitalocean"),
        ("registry.digitalocean.community", "static"),
    ],
)
def test_its_host_is_claimed_and_what_looks_like_it_is_refused(host: str, kind: str) -> None:
    assert kind_of_host(host) == kind
    if host != HOST:
        assert DigitalOceanProvider().validate(entry("https://api.digitalocean.com", host))
