"""GitHub Apps at ghcr.io against a loopback server shaped after GitHub's documented answers."""

import sys
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendError, BackendMisconfigured
from backends.testing import make_context
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Misconfigured, Unavailable
from generator.model import Grant, GrantKey, GrantRequest, RegistryEntry
from generator.registries.ghcr.provider import GhcrOptions, GhcrProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.github import (
    APP_ID,
    CLIENT_ID,
    INSTALLATION,
    LIFETIME_S,
    OWNER,
    REPOSITORIES,
    SUSPENDED,
    TOKEN,
    WITHOUT_PACKAGES,
    app_pem,
    github,
    refused,
    token_answer,
)
from tests.parts.service import PAGE, Service, Told, service

SERVER = "containers.ghes.example"
API = "https://api.github.com"
MINTING = f"/app/installations/{INSTALLATION}/access_tokens"
EXPIRED = "'Expiration time' claim ('exp') must be a numeric value representing the future time"


@pytest.fixture(name="api")
def stand_in_for_github() -> Iterator[Service]:
    with service(github) as made:
        yield made


def entry(endpoint: str, server: str | None = SERVER, **more: Any) -> RegistryEntry:
    named = {"installation_id", "owner", "repository"} & more.keys()
    place = {} if named else {"installation_id": INSTALLATION}
    options = GhcrOptions.model_validate(
        {"app_id": APP_ID, "endpoint": endpoint, **place, **more}, strict=False
    )
    return RegistryEntry("ghcr", "ghcr", server, options)


async def fetched(api: Service, **more: Any) -> Grant:
    request = GrantRequest(entry(api.url, **more), {"private_key": Secret(app_pem())})
    return await GhcrProvider().fetch(request, make_context({}))


async def refusal(api: Service, **more: Any) -> EntryError:
    with pytest.raises(EntryError) as caught:
        await fetched(api, **more)
    error = caught.value
    assert CANARY not in f"{error.message}{error.hint}"
    assert error.hint
    return error


class TestGhcrKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, api: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return api.fail(Told(201, token_answer(api.now(), **changes)))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "bad statement": (api.fail(refused(401, "Bad credentials")), AccessDenied),
            "suspended": (api.fail(refused(403, "This installation has been susp")), AccessDenied),
            "denied": (api.fail(refused(403, "Resource not accessible")), AccessDenied),
            "unknown": (api.fail(refused(404, "Not Found")), Misconfigured),
            "renamed": (api.fail(Told(301, headers={"Location": api.url})), Misconfigured),
            "refused": (api.fail(refused(422, "Validation Failed")), Misconfigured),
            "throttled for ever": (api.fail_for_ever(429), Unavailable),
            "500 for ever": (api.fail_for_ever(500), Unavailable),
            "a page": (api.fail(Told(200, PAGE)), ImplausibleAnswer),
            "a page that refuses": (api.fail(Told(403, PAGE)), AccessDenied),
            "no token": (told(token=None), ImplausibleAnswer),
            "no expiry": (told(expires_at=None), ImplausibleAnswer),
            "no zone": (told(expires_at="2016-07-11T22:14:10"), ImplausibleAnswer),
            "expired": (told(expires_at="2016-07-11T22:14:10Z"), ImplausibleAnswer),
            "seconds": (told(expires_at=int(api.now()) + 3600), ImplausibleAnswer),
            "milliseconds": (told(expires_at=int(api.now() + 3600) * 1000), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=GhcrProvider(),
            entry=entry(api.url),
            secrets={"private_key": Secret(app_pem())},
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=api.hang,
            throttle=api.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(api.url, None, owner=None),
                "the server of another GitHub": entry(api.url, "ghcr.io"),
                "the API of another GitHub": entry(API, SERVER),
                "two installations": entry(API, "ghcr.io", owner=OWNER, installation_id=1),
                "no installation": entry(API, "ghcr.io", owner=None),
            },
        )


async def test_the_least_is_asked_for_as_the_app(api: Service) -> None:
    grant = await fetched(api)
    assert [(a.method, a.path) for a in api.asked] == [("POST", MINTING)]
    assert api.asked[0].json == {"permissions": {"packages": "read"}}
    assert (grant.username, grant.secret) == ("x-access-token", Secret(TOKEN))
    assert grant.endpoint == api.url


async def test_a_token_is_narrowed_to_repositories_and_may_write(api: Service) -> None:
    await fetched(api, repositories=["app"], permissions={"packages": "write"})
    assert api.asked[0].json == {"repositories": ["app"], "permissions": {"packages": "write"}}


@pytest.mark.parametrize("app_id", [APP_ID, CLIENT_ID])
async def test_an_app_is_known_by_its_id_and_by_its_client_id(api: Service, app_id: str) -> None:
    assert (await fetched(api, app_id=app_id)).secret == Secret(TOKEN)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ({"owner": OWNER}, f"/users/{OWNER}/installation"),
        ({"repository": f"{OWNER}/{REPOSITORIES[0]}"}, f"/repos/{OWNER}/app/installation"),
    ],
)
async def test_an_installation_is_found(api: Service, place: dict[str, str], path: str) -> None:
    grant = await fetched(api, **place)
    assert [asked.path for asked in api.asked] == [path, MINTING]
    assert grant.secret == Secret(TOKEN)


@pytest.mark.parametrize("number", [None, True, "4242", f"1/../{CANARY}"])
async def test_an_installation_without_a_number_makes_no_sense(api: Service, number: Any) -> None:
    api.plan.append(Told(200, {"id": number}))
    error = await refusal(api, owner=OWNER)
    assert error.reference == "ghcr-answer-implausible"
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("more", "kind", "reference"),
    [
        ({"installation_id": SUSPENDED}, AccessDenied, "ghcr-installation-suspended"),
        ({"installation_id": WITHOUT_PACKAGES}, AccessDenied, "ghcr-permission-not-granted"),
        ({"installation_id": 1}, Misconfigured, "ghcr-installation-unknown"),
        ({"owner": "nobody"}, Misconfigured, "ghcr-installation-unknown"),
        ({"app_id": "1"}, Misconfigured, "ghcr-app-unknown"),
        ({"repositories": ["app", "gone"]}, Misconfigured, "ghcr-repository-unknown"),
    ],
)
async def test_what_is_wrong_with_an_app_is_told_apart(
    api: Service, more: dict[str, Any], kind: type[EntryError], reference: str
) -> None:
    error = await refusal(api, **more)
    assert (type(error), error.reference) == (kind, reference)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("answer", "when"),
    [
        (
            refused(403, "API rate", x_ratelimit_remaining="0", x_ratelimit_reset="1795521600"),
            "after 12:00:00 UTC",
        ),
        (refused(403, "API rate", x_ratelimit_remaining="0", x_ratelimit_reset="soon"), "later"),
        (refused(403, "Exceeded", retry_after="60"), "in 60 s"),
        (refused(403, "Exceeded", retry_after="Tue, 24 Nov 2026 12:00:00 GMT"), "later"),
        (refused(403, "You have exceeded a secondary rate limit."), "later"),
        (refused(429, "Exceeded", retry_after="60"), "in 60 s"),
    ],
)
async def test_too_many_requests_are_no_denial(api: Service, answer: Told, when: str) -> None:
    api.plan.append(answer)
    error = await refusal(api)
    assert (type(error), error.reference) == (Unavailable, "ghcr-rate-limited")
    assert error.hint == f"try again {when}"
    assert len(api.asked) == 1


async def test_a_network_that_is_not_allowed_is_told(api: Service) -> None:
    api.plan.append(refused(403, "Although you appear to have … has an IP allow list enabled"))
    assert (await refusal(api)).reference == "ghcr-network-refused"


def _hour_ahead() -> str:
    return formatdate(time.time() + 3600, usegmt=True)


@pytest.mark.parametrize("date", ["Tue, 24 Nov 2020 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_nobody_is_given_a_statement_of_any_time(api: Service, date: str) -> None:
    api.plan.append(Told(401, refused(401, EXPIRED).body, {"Date": date}))
    assert (await refusal(api)).reference == "ghcr-clock-wrong"
    assert len(api.asked) == 1


@pytest.mark.parametrize("offset_s", [600, -600])
async def test_a_clock_that_is_ten_minutes_off_is_made_up_for_once(
    api: Service, offset_s: float
) -> None:
    api.date_offset_s = offset_s
    grant = await fetched(api, owner=OWNER)
    # the second request is right from the start
    assert [asked.method for asked in api.asked] == ["GET", "GET", "POST"]
    assert grant.clock_skew_s == pytest.approx(offset_s, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_a_clock_that_stays_wrong_ends_it(api: Service) -> None:
    late = Told(401, refused(401, EXPIRED).body, {"Date": _hour_ahead()})
    api.fail(*[late] * 3)()
    error = await refusal(api)
    assert (type(error), error.reference) == (AccessDenied, "ghcr-clock-wrong")
    assert len(api.asked) == 2


async def test_a_clock_is_made_up_for_once_in_a_run(api: Service) -> None:
    late = Told(401, refused(401, EXPIRED).body, {"Date": _hour_ahead()})
    api.fail(late, Told(200, {"id": INSTALLATION}), late)()
    error = await refusal(api, owner=OWNER)
    assert (len(api.asked), error.reference) == (3, "ghcr-clock-wrong")


async def test_no_second_try_without_another_time(api: Service) -> None:
    api.plan.append(Told(401, refused(401, EXPIRED).body, {"Date": "soon"}))
    assert (await refusal(api)).reference == "ghcr-clock-wrong"
    assert len(api.asked) == 1


async def test_a_token_whose_answer_was_lost_is_asked_for_again(api: Service) -> None:
    api.fail(Told(502), Told(503))()
    assert (await fetched(api)).secret == Secret(TOKEN)
    assert len(api.asked) == 3


async def test_the_key_of_another_app_is_refused(api: Service) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    pem = generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    request = GrantRequest(entry(api.url), {"private_key": Secret(pem.decode())})
    with pytest.raises(AccessDenied) as caught:
        await GhcrProvider().fetch(request, make_context({}))
    assert caught.value.reference == "ghcr-key-refused"


async def test_a_key_that_can_not_be_read_asks_nobody(api: Service) -> None:
    request = GrantRequest(entry(api.url), {"private_key": Secret(app_pem()[:-100])})
    with pytest.raises(Misconfigured):
        await GhcrProvider().fetch(request, make_context({}))
    assert api.asked == []


async def test_no_statement_travels_to_another_host_in_the_clear() -> None:
    request = GrantRequest(entry("http://ghes.example"), {"private_key": Secret(app_pem())})
    with pytest.raises(BackendError) as caught:
        await GhcrProvider().fetch(request, make_context({}))
    assert caught.value.reference == "plain-http-refused"


async def test_without_pyjwt_the_message_says_what_to_install(
    api: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(BackendMisconfigured) as caught:
        await fetched(api)
    assert caught.value.reference == "pyjwt-missing"
    assert "dockercfg-generator[github]" in caught.value.hint


def test_a_token_is_told_apart_by_all_that_narrows_it() -> None:
    def key(**more: Any) -> GrantKey:
        endpoint = more.pop("endpoint", API)
        return GhcrProvider().grant_key(entry(endpoint, "ghcr.io", **more), make_context({}))

    different = [
        key(),
        key(app_id=CLIENT_ID),
        key(installation_id=1),
        key(owner=OWNER),
        key(repository=f"{OWNER}/app"),
        key(repositories=["app"]),
        key(repositories=["app", "base.images"]),
        key(permissions={"packages": "write"}),
        key(endpoint="https://ghes.example/api/v3"),
    ]
    assert len(set(different)) == len(different)
    assert key(repositories=["b", "a"]) == key(repositories=["a", "b"])
    assert key(endpoint=f"{API}/") == key()


@pytest.mark.parametrize(
    ("server", "endpoint", "fits"),
    [
        ("ghcr.io", API, True),
        ("ghcr.io", f"{API}/", True),
        ("ghcr.io", "https://API.GitHub.com", True),
        (SERVER, "https://ghes.example/api/v3", True),
        ("containers.acme.ghe.com", "https://api.acme.ghe.com", True),
        ("ghcr.io", "https://api.acme.ghe.com", False),
        ("ghcr.io.evil.example", API, False),
    ],
)
def test_registry_and_api_are_of_one_github(server: str, endpoint: str, fits: bool) -> None:  # noqa: FBT001
    assert (GhcrProvider().validate(entry(endpoint, server)) == []) is fits


@pytest.mark.parametrize(
    "more",
    [
        {"owner": "acme/app"},
        {"repository": "acme"},
        {"repository": "acme/.."},
        {"repository": "../app"},
        {"repositories": ["acme/app"]},
        {"repositories": ["app"] * 501},
        {"permissions": {"packages": "admin"}},
        {"permissions": {"contents": "read"}},
        {"installation_id": "0"},
        {"app_id": "a b"},
    ],
)
def test_no_option_leads_elsewhere_or_asks_for_more(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(more))):
        entry(API, "ghcr.io", **more)


def test_ghcr_io_is_nobodys_by_its_host() -> None:
    assert kind_of_host("ghcr.io") == "static"
