"""A JFrog platform against a stand-in for its exchange and its tokens."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.errors import BackendError, BackendUnavailable
from backends.testing import CANARY, make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.jfrog import JfrogProvider
from generator.registries.jfrog_entry import JfrogOptions
from generator.testing import ProviderCase, ProviderContract
from tests.generator.registries.job_token_suite import Exchange, TakesTheJobsToken
from tests.parts.azure import unsigned_jwt
from tests.parts.jfrog import (
    ADMIN_TOKEN,
    AUDIENCE,
    LIFETIME_S,
    PASSWORD,
    PLATFORM,
    PROVIDER,
    USER,
    jfrog,
    refused,
    token_answer,
)
from tests.parts.job_tokens import environment, job_token, signed
from tests.parts.service import PAGE, Service, Told, service

ADMIN = {"access_token": ADMIN_TOKEN}


@pytest.fixture(name="platform")
def stand_in_for_jfrog() -> Iterator[Service]:
    with service(jfrog) as made:
        yield made


def entry(platform: Service, server: str | None = "acme.jfrog.io", **more: Any) -> RegistryEntry:
    known: dict[str, Any] = {"endpoint": platform.url}
    credentials = Credentials(SecretRef("env", "ADMIN_TOKEN"))
    if more.get("method") != "access_token":
        known |= {"provider_name": PROVIDER, "audience": AUDIENCE}
        credentials = Credentials()
    options = JfrogOptions(**{**known, **more})
    return RegistryEntry("jfrog", "jfrog", server, options, credentials=credentials)


async def fetched(
    platform: Service, secrets: Mapping[str, str] | None = None, **more: Any
) -> Grant:
    given = {"oidc_token": job_token(AUDIENCE)} if secrets is None else secrets
    request = GrantRequest(entry(platform, **more), {n: Secret(v) for n, v in given.items()})
    return await JfrogProvider().fetch(request, make_context({}))


async def created(platform: Service, secrets: Mapping[str, str] = ADMIN, **more: Any) -> Grant:
    return await fetched(platform, secrets, method="access_token", **more)


def lifetime_s(grant: Grant) -> float:
    assert grant.expires_at is not None
    return (grant.expires_at - grant.requested_at).total_seconds()


def answers(platform: Service, **changes: Any) -> Any:
    return platform.fail(Told(200, token_answer(platform.now(), **changes)))


GARBLED: Mapping[str, Any] = {
    "no token": {"access_token": None},
    "no user": {"access_token": signed(sub=PLATFORM, exp=2_000_000_000), "username": ["x"]},
    "a user that no auth field can hold": {
        "access_token": signed(sub=f"{PLATFORM}a:b", jti=CANARY)
    },
    "no life": {"expires_in": 0},
    "a life in words": {"expires_in": "long"},
    "milliseconds": {"expires_in": 10**11, "access_token": CANARY, "username": "ci"},
    "no expiry": {"expires_in": None, "access_token": signed(sub="ci", jti=CANARY)},
    "expired": {"access_token": signed(sub="ci", exp=1_000_000_000)},
}


class TestJfrogsExchangeKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, platform: Service) -> ProviderCase:
        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            **{
                str(status): (platform.fail(refused(status, "words")), AccessDenied)
                for status in (400, 401, 403)
            },
            "404": (platform.fail(refused(404, "words")), Misconfigured),
            "throttled for ever": (platform.fail_for_ever(429), Unavailable),
            "500 for ever": (platform.fail_for_ever(500), Unavailable),
            "a page": (platform.fail(Told(200, PAGE)), ImplausibleAnswer),
            **{
                name: (answers(platform, **changes), ImplausibleAnswer)
                for name, changes in GARBLED.items()
                if name != "no user"
            },
            "no user": (answers(platform, **GARBLED["no user"]), Misconfigured),
        }
        return ProviderCase(
            provider=JfrogProvider(),
            entry=entry(platform),
            secrets={"oidc_token": Secret(job_token(AUDIENCE))},
            environment=environment(),
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=platform.hang,
            throttle=platform.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={"no server": entry(platform, None)},
        )


class TestJfrogsTokensKeepTheContract(ProviderContract):
    @pytest.fixture
    def case(self, platform: Service) -> ProviderCase:
        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "400": (platform.fail(refused(400, "words")), Misconfigured),
            "401": (platform.fail(refused(401, "words")), AccessDenied),
            "403": (platform.fail(refused(403, "words")), AccessDenied),
            "404": (platform.fail(refused(404, "words")), Misconfigured),
            "throttled for ever": (platform.fail_for_ever(429), Unavailable),
            "500": (platform.fail(Told(500)), Unavailable),
            "a page": (platform.fail(Told(200, PAGE)), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=JfrogProvider(),
            entry=entry(platform, method="access_token", expires_in="2h"),
            secrets={"access_token": Secret(ADMIN_TOKEN)},
            lifetime_s=7200,
            failures=failures,
            hang=platform.hang,
            throttle=platform.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
        )


class TestJfrogTakesTheJobsToken(TakesTheJobsToken):
    @pytest.fixture
    def exchange(self, platform: Service) -> Exchange:
        block = {
            "provider": "jfrog",
            "server": "acme.jfrog.io",
            "provider_name": PROVIDER,
            "audience": AUDIENCE,
            "endpoint": platform.url,
        }
        return Exchange(block, platform, AUDIENCE, takes_text=False)


async def test_the_exchange_says_what_it_is_for(platform: Service) -> None:
    await fetched(platform, project_key="app", identity_mapping_name="main")
    body = platform.asked[0].json
    assert {name: body[name] for name in ("project_key", "identity_mapping_name", "audience")} == {
        "project_key": "app",
        "identity_mapping_name": "main",
        "audience": AUDIENCE,
    }
    assert "authorization" not in platform.asked[0].headers


@pytest.mark.parametrize(
    ("subject", "user"),
    [
        (f"{PLATFORM}ci", "ci"),
        ("jfrt@01abc/users/ci", "ci"),
        ("jfrt@01abc/ci", "ci"),
        ("ci", "ci"),
        ("team/ci", "team/ci"),
        (None, "said"),
        (PLATFORM, "said"),
        (7, "said"),
    ],
)
async def test_the_user_is_the_tokens_own_else_the_answers(
    platform: Service, subject: object, user: str
) -> None:
    claims = {"exp": int(platform.now()) + 60, "sub": subject}
    # a library would check what it signs
    token = unsigned_jwt({name: value for name, value in claims.items() if value is not None})
    answers(platform, access_token=token, username="said")()
    assert (await fetched(platform, username="written")).username == user


async def test_the_user_of_an_opaque_token_has_to_be_written(platform: Service) -> None:
    answers(platform, access_token=f"reference-{CANARY}")()
    assert (await fetched(platform, username="written")).username == "written"
    answers(platform, access_token=f"reference-{CANARY}")()
    with pytest.raises(Misconfigured) as caught:
        await fetched(platform)
    assert caught.value.reference == "jfrog-user-unknown"


@pytest.mark.parametrize(
    ("changes", "lives_s"),
    [
        ({"expires_in": "900"}, 900),
        ({"expires_in": 900}, 900),
        ({"expires_in": None}, LIFETIME_S),
        ({"access_token": "opaque", "expires_in": 900}, 900),
    ],
)
async def test_the_expiry_is_told_or_the_tokens_own(
    platform: Service, changes: Any, lives_s: float
) -> None:
    answers(platform, **changes)()
    grant = await fetched(platform, username="ci")
    assert lifetime_s(grant) == pytest.approx(lives_s, abs=2)


async def test_a_token_of_which_nothing_is_said_lives_as_long_as_was_asked_for(
    platform: Service,
) -> None:
    answers(platform, access_token="opaque", expires_in=None)()
    assert lifetime_s(await created(platform, username="ci", expires_in="30m")) == 1800


async def test_an_administrator_has_tokens_made_for_others(platform: Service) -> None:
    scope = "applied-permissions/groups:readers"
    grant = await created(
        platform, username="ci", scope=scope, description="for CI", audience="jfrt@*"
    )
    assert grant.username == "ci"
    assert lifetime_s(grant) == pytest.approx(3600, abs=2)
    assert platform.asked[0].json == {
        "grant_type": "client_credentials",
        "scope": scope,
        "expires_in": 3600,
        "refreshable": False,
        "username": "ci",
        "description": "for CI",
        "audience": "jfrt@*",
    }


@pytest.mark.parametrize("written", [True, False])
async def test_a_user_has_one_made_for_itself(platform: Service, *, written: bool) -> None:
    secrets = {"password": PASSWORD} | ({} if written else {"username": USER})
    more = {"username": USER} if written else {}
    assert (await created(platform, secrets, **more)).username == USER


async def test_a_text_is_the_token_of_who_asks_and_counts_by_its_value(platform: Service) -> None:
    block = {
        "provider": "jfrog",
        "server": "acme.jfrog.io",
        "method": "access_token",
        "username": "ci",
        "credentials": "env:T",
        "endpoint": platform.url,
    }
    made = Exchange(block, platform, "")
    grant = await made.fetched({"T": ADMIN_TOKEN})
    assert (grant.username, grant.endpoint) == ("ci", platform.url)
    # of one user, but not of one scope
    one, other = (signed(sub="admin", iss="jfac@1", aud="*@*", scp=scope) for scope in "ab")
    assert await made.name({"T": one}) != await made.name({"T": other})


@pytest.mark.parametrize(
    ("secrets", "more", "reference"),
    [
        ({"access_token": f"wrong-{CANARY}"}, {}, "jfrog-login-refused"),
        ({"username": USER, "password": f"wrong-{CANARY}"}, {}, "jfrog-login-refused"),
        (
            {"username": USER, "password": PASSWORD},
            {"scope": "applied-permissions/admin"},
            "jfrog-token-forbidden",
        ),
        ({"username": USER, "password": PASSWORD}, {"username": "ci"}, "jfrog-token-forbidden"),
    ],
)
async def test_whoever_may_not_have_a_token_is_told_why(
    platform: Service, secrets: Mapping[str, str], more: Any, reference: str
) -> None:
    with pytest.raises(AccessDenied) as caught:
        await created(platform, secrets, **more)
    assert caught.value.reference == reference
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("secrets", [{}, {"username": USER}, {"password": PASSWORD}])
async def test_a_document_that_does_not_say_who_asks_is_told(
    platform: Service, secrets: Mapping[str, str]
) -> None:
    with pytest.raises(SecretMissing, match="neither an access_token"):
        await created(platform, secrets)
    assert platform.asked == []


async def test_what_may_have_made_a_token_is_not_asked_again(platform: Service) -> None:
    platform.fail(Told(502), Told(502))()
    with pytest.raises(Unavailable):
        await created(platform)
    assert len(platform.asked) == 1
    platform.plan.clear()
    platform.delay_s = 6
    with pytest.raises(BackendUnavailable):
        await created(platform)
    assert len(platform.asked) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"provider_name": "gitlab"},
        {"identity_mapping_name": "other"},
        {"project_key": "app"},
        {"audience": "other"},
        {"username": "other"},
        {"endpoint": None},
        {"method": "access_token"},
    ],
)
def test_what_makes_it_another_token_is_in_its_key(platform: Service, change: Any) -> None:
    provider, context = JfrogProvider(), make_context(environment())
    first = provider.grant_key(entry(platform), context)
    assert provider.grant_key(entry(platform, **change), context) != first
    made = entry(platform, method="access_token")
    for more in ({"scope": "x"}, {"expires_in": "2h"}, {"description": "x"}):
        other = entry(platform, method="access_token", **more)
        assert provider.grant_key(made, context) != provider.grant_key(other, context)


def test_one_token_is_for_all_of_a_platforms_hosts(platform: Service) -> None:
    provider, context = JfrogProvider(), make_context(environment())
    hosts = ("acme.jfrog.io", "acme-docker.jfrog.io", "docker.acme.example")
    keys = {provider.grant_key(entry(platform, host), context) for host in hosts}
    assert len(keys) == 1
