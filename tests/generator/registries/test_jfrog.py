"""A JFrog platform's exchange of a job's token, against a stand-in."""

from collections.abc import Mapping
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendError
from backends.testing import CANARY, make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    Unavailable,
)
from generator.registries.jfrog.provider import JfrogProvider
from generator.testing import ProviderCase, ProviderContract
from tests.generator.registries.job_token_suite import Exchange, TakesTheJobsToken
from tests.parts.azure import unsigned_jwt
from tests.parts.jfrog import (
    AUDIENCE,
    LIFETIME_S,
    PLATFORM,
    PROVIDER,
    refused,
)
from tests.parts.jfrog_entries import answers, entry, fetched, lifetime_s
from tests.parts.job_tokens import environment, job_token, signed
from tests.parts.service import PAGE, Service, Told

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
