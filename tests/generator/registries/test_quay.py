"""Quay's robot federation against a stand-in that has Quay's own words."""

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
from generator.registries.quay import QuayOptions, QuayProvider
from generator.testing import ProviderCase, ProviderContract
from tests.generator.registries.job_token_suite import OTHER_SUBJECT, Exchange, TakesTheJobsToken
from tests.parts.job_tokens import environment, job_token, signed
from tests.parts.quay import FOREIGN_ROBOT, LIFETIME_S, PLAIN_ROBOT, ROBOT, Quay, wrong
from tests.parts.service import PAGE, Service, Told, service

AUDIENCE = "quay.io"


@pytest.fixture(name="quay")
def stand_in_for_quay() -> Iterator[Service]:
    with service(Quay(AUDIENCE)) as made:
        yield made


def entry(quay: Service, server: str | None = "quay.io", **more: Any) -> RegistryEntry:
    options = QuayOptions(**{"robot": ROBOT, "endpoint": quay.url, **more})
    return RegistryEntry("quay", "quay", server, options)


async def fetched(quay: Service, token: str | None = None, **more: Any) -> Grant:
    secrets = {"oidc_token": Secret(token or job_token(AUDIENCE))}
    request = GrantRequest(entry(quay, **more), secrets)
    return await QuayProvider().fetch(request, make_context({}))


class TestQuayKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, quay: Service) -> ProviderCase:
        def told(token: object) -> Any:
            return quay.fail(Told(200, {"token": token}))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "no header": (quay.fail(Told(401, {"error": "No auth header"})), AccessDenied),
            "words of its own": (quay.fail(wrong(f"Something {CANARY}")), AccessDenied),
            "no words": (quay.fail(Told(400, PAGE)), AccessDenied),
            "throttled for ever": (quay.fail_for_ever(429), Unavailable),
            "a page": (quay.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(None), ImplausibleAnswer),
            "no JWT": (told(CANARY), ImplausibleAnswer),
            "no expiry": (told(signed(jti=CANARY)), ImplausibleAnswer),
            "expired": (told(signed(exp=1_000_000_000, jti=CANARY)), ImplausibleAnswer),
            "milliseconds": (told(signed(exp=int(quay.now() * 1000))), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=QuayProvider(),
            entry=entry(quay),
            secrets={"oidc_token": Secret(job_token(AUDIENCE))},
            environment=environment(),
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=quay.hang,
            throttle=quay.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={"Docker Hub": entry(quay, DOCKER_HUB)},
        )


class TestQuayTakesTheJobsToken(TakesTheJobsToken):
    @pytest.fixture
    def exchange(self, quay: Service) -> Exchange:
        return Exchange({"provider": "quay", "robot": ROBOT, "endpoint": quay.url}, quay, AUDIENCE)


@pytest.mark.parametrize(
    ("token", "robot", "kind", "reference"),
    [
        ({}, "acme+nobody", Misconfigured, "quay-robot-unknown"),
        ({}, PLAIN_ROBOT, AccessDenied, "quay-robot-not-federated"),
        ({}, FOREIGN_ROBOT, AccessDenied, "quay-issuer-unknown"),
        ({"iss": "https://evil.example"}, ROBOT, AccessDenied, "quay-issuer-unknown"),
        ({"sub": OTHER_SUBJECT}, ROBOT, AccessDenied, "quay-subject-unknown"),
        ({"aud": "other"}, ROBOT, AccessDenied, "quay-audience-refused"),
        ({"exp": 1_000_000_000}, ROBOT, AccessDenied, "quay-token-expired"),
    ],
)
async def test_what_quay_says_is_told_apart(
    quay: Service, token: Any, robot: str, kind: type[EntryError], reference: str
) -> None:
    with pytest.raises(kind) as caught:
        await fetched(quay, job_token(AUDIENCE, **token), robot=robot)
    assert caught.value.reference == reference
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"


async def test_a_name_that_is_no_robots_there_is_told(quay: Service) -> None:
    quay.fail(Told(401, {"error": "Invalid robot"}))()
    with pytest.raises(Misconfigured, match="no robot"):
        await fetched(quay)


async def test_the_robot_is_the_user_of_its_token(quay: Service) -> None:
    grant = await fetched(quay)
    assert grant.username == ROBOT
    assert grant.endpoint == quay.url


async def test_a_token_that_quay_could_not_parse_is_not_sent(quay: Service) -> None:
    with pytest.raises(Misconfigured) as caught:
        await fetched(quay, f"opaque-{CANARY}")
    assert caught.value.reference == "quay-token-no-jwt"
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"
    assert quay.asked == []


async def test_a_wrong_clock_is_corrected_for(quay: Service) -> None:
    quay.date_offset_s = 600
    grant = await fetched(quay)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


@pytest.mark.parametrize(
    ("server", "audience"),
    [
        ("quay.io", "quay.io"),
        ("quay.example:8443", "quay.example"),
        ("[::1]:8443", "::1"),
    ],
)
def test_the_audience_is_the_servers_name_unless_another_is_written(
    server: str, audience: str
) -> None:
    assert QuayOptions(robot=ROBOT).audience_for(server) == audience
    assert QuayOptions(robot=ROBOT, audience="x").audience_for(server) == "x"


async def test_a_quay_of_ones_own_is_asked_itself() -> None:
    with service(Quay("127.0.0.1")) as own:
        host = own.url.removeprefix("http://")
        secrets = {"oidc_token": Secret(job_token("127.0.0.1"))}
        request = GrantRequest(entry(own, host, endpoint=None), secrets)
        # it speaks no TLS: what matters is who was asked, and how
        with pytest.raises(BackendError) as caught:
            await QuayProvider().fetch(request, make_context({}))
        assert host in caught.value.message
        assert caught.value.reference == "tls-failed"


@pytest.mark.parametrize("change", [{"robot": PLAIN_ROBOT}, {"audience": "x"}, {"endpoint": None}])
def test_what_makes_it_another_token_is_in_its_key(quay: Service, change: Any) -> None:
    provider, context = QuayProvider(), make_context(environment())
    first = provider.grant_key(entry(quay), context)
    assert provider.grant_key(entry(quay, **change), context) != first


@pytest.mark.parametrize("robot", ["ci", "acme+", "+ci", "acme+ci:x", "acme+ci+x"])
def test_a_robot_has_a_namespace_and_a_name(quay: Service, robot: str) -> None:
    with pytest.raises(ValueError, match="robot"):
        entry(quay, robot=robot)
