"""Cloudsmith against a stand-in for its API."""

from collections.abc import Iterator
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
from generator.model import DOCKER_HUB, Grant, GrantRequest, RegistryEntry
from generator.registries.cloudsmith import CloudsmithOptions, CloudsmithProvider
from generator.testing import ProviderCase, ProviderContract
from tests.generator.registries.job_token_suite import Exchange, TakesTheJobsToken
from tests.parts.cloudsmith import (
    AUDIENCE,
    LIFETIME_S,
    ORGANIZATION,
    SERVICE,
    account_token,
    cloudsmith,
)
from tests.parts.job_tokens import environment, job_token, signed
from tests.parts.service import PAGE, Service, Told, service


@pytest.fixture(name="api")
def stand_in_for_cloudsmith() -> Iterator[Service]:
    with service(cloudsmith) as made:
        yield made


def entry(api: Service, server: str | None = "docker.cloudsmith.io", **more: Any) -> RegistryEntry:
    known = {"organization": ORGANIZATION, "service": SERVICE, "endpoint": api.url}
    options = CloudsmithOptions(**{**known, **more})
    return RegistryEntry("cloudsmith", "cloudsmith", server, options)


async def fetched(api: Service, **more: Any) -> Grant:
    secrets = {"oidc_token": Secret(job_token(AUDIENCE))}
    request = GrantRequest(entry(api, **more), secrets)
    return await CloudsmithProvider().fetch(request, make_context({}))


class TestCloudsmithKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, api: Service) -> ProviderCase:
        def told(token: object) -> Any:
            return api.fail(Told(201, {"token": token}))

        def refused(status: int) -> Any:
            return api.fail(Told(status, {"detail": f"Words about {CANARY}"}))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            **{str(status): (refused(status), AccessDenied) for status in (400, 401, 403, 422)},
            "no such organisation": (refused(404), Misconfigured),
            "throttled for ever": (api.fail_for_ever(429), Unavailable),
            "500 for ever": (api.fail_for_ever(500), Unavailable),
            "a page": (api.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(None), ImplausibleAnswer),
            "no JWT": (told(CANARY), ImplausibleAnswer),
            "no expiry": (told(signed(jti=CANARY)), ImplausibleAnswer),
            "expired": (told(account_token(0)), ImplausibleAnswer),
            "milliseconds": (told(signed(exp=int(api.now() * 1000))), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=CloudsmithProvider(),
            entry=entry(api),
            secrets={"oidc_token": Secret(job_token(AUDIENCE))},
            environment=environment(),
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=api.hang,
            throttle=api.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={"Docker Hub": entry(api, DOCKER_HUB)},
        )


class TestCloudsmithTakesTheJobsToken(TakesTheJobsToken):
    @pytest.fixture
    def exchange(self, api: Service) -> Exchange:
        block = {
            "provider": "cloudsmith",
            "organization": ORGANIZATION,
            "service": SERVICE,
            "endpoint": api.url,
        }
        return Exchange(block, api, AUDIENCE)


async def test_the_token_is_the_password_of_a_user_of_that_name(api: Service) -> None:
    grant = await fetched(api)
    assert grant.username == "token"
    assert grant.secret.reveal().count(".") == 2
    assert api.asked[0].path == "/openid/acme/"


async def test_both_statuses_of_success_are_taken(api: Service) -> None:
    api.fail(Told(200, {"token": account_token(api.now())}))()
    assert (await fetched(api)).username == "token"


@pytest.mark.parametrize(
    ("wrong", "reference"),
    [
        ({"organization": "other"}, "cloudsmith-organization-unknown"),
        ({"service": "other"}, "cloudsmith-token-refused"),
    ],
)
async def test_a_name_that_is_not_there_is_told(api: Service, wrong: Any, reference: str) -> None:
    with pytest.raises((AccessDenied, Misconfigured)) as caught:
        await fetched(api, **wrong)
    assert caught.value.reference == reference


async def test_a_wrong_clock_is_corrected_for(api: Service) -> None:
    api.date_offset_s = -600
    grant = await fetched(api)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


def test_one_token_is_for_all_domains_of_the_organisation(api: Service) -> None:
    provider, context = CloudsmithProvider(), make_context(environment())
    own = entry(api, "images.acme.example")
    assert provider.validate(own) == []
    assert provider.grant_key(own, context) == provider.grant_key(entry(api), context)


@pytest.mark.parametrize("name", ["organization", "service", "audience"])
def test_what_makes_it_another_token_is_in_its_key(api: Service, name: str) -> None:
    provider, context = CloudsmithProvider(), make_context(environment())
    first = provider.grant_key(entry(api), context)
    assert provider.grant_key(entry(api, **{name: "other"}), context) != first


@pytest.mark.parametrize("name", ["a/b", "a?b", "../x", ""])
def test_a_name_can_not_lead_elsewhere(api: Service, name: str) -> None:
    with pytest.raises(ValueError, match="organization"):
        entry(api, organization=name)
