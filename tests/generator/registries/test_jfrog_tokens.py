"""A JFrog platform's scoped tokens, against a stand-in."""

from collections.abc import Mapping
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendError, BackendUnavailable
from backends.testing import CANARY
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.registries.jfrog.provider import JfrogProvider
from generator.testing import ProviderCase, ProviderContract
from tests.generator.registries.job_token_suite import Exchange
from tests.parts.jfrog import ADMIN_TOKEN, PASSWORD, USER, refused
from tests.parts.jfrog_entries import answers, created, entry, lifetime_s
from tests.parts.job_tokens import signed
from tests.parts.service import PAGE, Service, Told


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
