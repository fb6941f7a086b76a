"""Docker Hub's OIDC connections against a stand-in for Docker's identity service."""

from collections.abc import Iterator
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendError
from backends.testing import CANARY, make_context
from generator.cache.freshness import FreshnessRule, fresh_until, is_fresh
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Unavailable
from generator.model import DOCKER_HUB, Grant, GrantRequest, RegistryEntry
from generator.registries.dockerhub import DockerHubOptions, DockerHubProvider
from generator.testing import ProviderCase, ProviderContract
from tests.generator.registries.job_token_suite import Exchange, TakesTheJobsToken
from tests.parts.dockerhub import AUDIENCE, CONNECTION, ORGANIZATION, TOKEN, identity, refused
from tests.parts.job_tokens import environment, job_token, signed
from tests.parts.service import PAGE, Service, Told, service


@pytest.fixture(name="docker")
def stand_in_for_docker() -> Iterator[Service]:
    with service(identity) as made:
        yield made


def entry(docker: Service, server: str | None = DOCKER_HUB, **more: Any) -> RegistryEntry:
    aliases = more.pop("aliases", ())
    known = {"organization": ORGANIZATION, "connection_id": CONNECTION, "endpoint": docker.url}
    options = DockerHubOptions(**{**known, **more})
    return RegistryEntry("hub", "dockerhub", server, options, aliases)


async def fetched(docker: Service, token: str | None = None, **more: Any) -> Grant:
    secrets = {"oidc_token": Secret(token or job_token(AUDIENCE))}
    request = GrantRequest(entry(docker, **more), secrets)
    return await DockerHubProvider().fetch(request, make_context({}))


def lifetime_s(grant: Grant) -> float:
    assert grant.expires_at is not None
    return (grant.expires_at - grant.requested_at).total_seconds()


class TestDockerHubKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, docker: Service) -> ProviderCase:
        def told(**body: Any) -> Any:
            return docker.fail(Told(200, {"access_token": TOKEN, **body}))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "400": (docker.fail(refused("invalid_grant", 400)), AccessDenied),
            "401": (docker.fail(refused("invalid_grant")), AccessDenied),
            "403": (docker.fail(refused("access_denied", 403)), AccessDenied),
            "throttled for ever": (docker.fail_for_ever(429), Unavailable),
            "500 for ever": (docker.fail_for_ever(500), Unavailable),
            "a page": (docker.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(access_token=None), ImplausibleAnswer),
            "an empty token": (told(access_token=""), ImplausibleAnswer),
            "no life": (told(expires_in=0), ImplausibleAnswer),
            "a life in words": (told(expires_in="long"), ImplausibleAnswer),
            "milliseconds": (told(expires_in=10**11), ImplausibleAnswer),
            "a JWT that is over": (
                told(access_token=signed(exp=1_000_000_000, jti=CANARY)),
                ImplausibleAnswer,
            ),
        }
        return ProviderCase(
            provider=DockerHubProvider(),
            entry=entry(docker, expires_in="1h"),
            secrets={"oidc_token": Secret(job_token(AUDIENCE))},
            environment=environment(),
            lifetime_s=3600,
            failures=failures,
            hang=docker.hang,
            throttle=docker.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={
                "somebody else's": entry(docker, "docker.example"),
                "a look-alike": entry(docker, "docker.io.evil.example"),
                "somebody else's alias": entry(docker, aliases=("r.example",)),
            },
        )


class TestDockerHubTakesTheJobsToken(TakesTheJobsToken):
    @pytest.fixture
    def exchange(self, docker: Service) -> Exchange:
        block = {
            "provider": "dockerhub",
            "organization": ORGANIZATION,
            "connection_id": CONNECTION,
            "endpoint": docker.url,
        }
        return Exchange(block, docker, AUDIENCE)


async def test_the_organisation_is_the_user_of_its_token(docker: Service) -> None:
    grant = await fetched(docker, expires_in="6h")
    assert (grant.username, grant.secret.reveal()) == (ORGANIZATION, TOKEN)
    assert grant.endpoint == docker.url
    assert docker.asked[0].form["expires_in"] == "21600"
    assert lifetime_s(grant) == pytest.approx(21600)


@pytest.mark.parametrize(
    ("body", "lives_s"),
    [
        ({}, 300),
        ({"expires_in": 240}, 240),
        ({"expires_in": "240"}, 240),
        ({"expires_in": None}, 300),
        ({"access_token": "JWT"}, 200),
        ({"access_token": "JWT", "expires_in": 100}, 100),
        ({"access_token": "JWT", "expires_in": 1000}, 200),
    ],
)
async def test_the_expiry_is_the_earliest_that_is_said_else_the_one_asked_for(
    docker: Service, body: dict[str, Any], lives_s: float
) -> None:
    answer = {"access_token": TOKEN, **body}
    if answer["access_token"] == "JWT":
        answer["access_token"] = signed(exp=docker.now() + 200)
    docker.fail(Told(200, answer))()
    assert lifetime_s(await fetched(docker)) == pytest.approx(lives_s, abs=2)


async def test_a_token_of_five_minutes_is_used_again_for_two_of_them(docker: Service) -> None:
    grant = await fetched(docker)
    requested_at = grant.requested_at.timestamp()
    times = (requested_at, requested_at + 300, FreshnessRule())
    assert is_fresh(requested_at + 1, *times)
    assert fresh_until(*times) - requested_at == pytest.approx(149, abs=1)


def test_one_token_is_for_all_of_dockers_registries(docker: Service) -> None:
    provider, context = DockerHubProvider(), make_context(environment())
    hub, hardened = entry(docker), entry(docker, "dhi.io")
    assert provider.validate(hardened) == []
    assert provider.validate(entry(docker, aliases=("dhi.io",))) == []
    assert provider.grant_key(hub, context) == provider.grant_key(hardened, context)


@pytest.mark.parametrize(
    "change",
    [
        {"organization": "other"},
        {"connection_id": CONNECTION.replace("0", "1")},
        {"expires_in": "10m"},
        {"audience": "https://other.example"},
        {"endpoint": "https://identity.example"},
    ],
)
def test_what_makes_it_another_token_is_in_its_key(docker: Service, change: Any) -> None:
    provider, context = DockerHubProvider(), make_context(environment())
    first = provider.grant_key(entry(docker), context)
    assert provider.grant_key(entry(docker, **change), context) != first


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization": "a:b"},
        {"connection_id": "1"},
        {"expires_in": "299s"},
        {"expires_in": "7h"},
    ],
)
def test_options_out_of_form_are_refused(docker: Service, wrong: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        entry(docker, **wrong)
