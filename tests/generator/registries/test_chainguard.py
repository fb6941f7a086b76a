"""Chainguard's registry against a loopback server shaped after its documented exchange."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from backends.base import Secret, SecretRef
from backends.errors import BackendError, SecretNotFound
from backends.jwt_identity import claims_of
from backends.testing import make_context
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Unavailable
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.chainguard import ChainguardOptions, ChainguardProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.azure import unsigned_jwt
from tests.parts.chainguard import IDENTITY, LIFETIME_S, denied, proof, sts
from tests.parts.service import PAGE, Service, Told, service

NAMED = Credentials(fields={"oidc_token": SecretRef("env", "JWT")})


@pytest.fixture(name="issuer")
def stand_in_for_the_issuer() -> Iterator[Service]:
    with service(sts) as made:
        yield made


def entry(
    endpoint: str, server: str | None = "cgr.dev", credentials: Credentials = NAMED, **more: Any
) -> RegistryEntry:
    options = ChainguardOptions(endpoint=endpoint, **{"identity": IDENTITY, **more})
    return RegistryEntry("cgr", "chainguard", server, options, credentials=credentials)


async def fetched(issuer: Service, token: str | None = None, **more: Any) -> Grant:
    request = GrantRequest(entry(issuer.url, **more), {"oidc_token": Secret(token or proof())})
    return await ChainguardProvider().fetch(request, make_context({}))


class TestChainguardKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, issuer: Service) -> ProviderCase:
        def told(**claims: Any) -> Any:
            return issuer.fail(Told(200, {"token": unsigned_jwt(claims)}))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "refused": (issuer.fail(denied()), AccessDenied),
            "throttled for ever": (issuer.fail_for_ever(429), Unavailable),
            "500 for ever": (issuer.fail_for_ever(500), Unavailable),
            "a page": (issuer.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (issuer.fail(Told(200, {})), ImplausibleAnswer),
            "no JWT": (issuer.fail(Told(200, {"token": CANARY})), ImplausibleAnswer),
            "no expiry": (told(sub=IDENTITY), ImplausibleAnswer),
            "expired": (told(exp=1_000_000_000), ImplausibleAnswer),
            "milliseconds": (told(exp=int(issuer.now() * 1000)), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=ChainguardProvider(),
            entry=entry(issuer.url),
            secrets={"oidc_token": Secret(proof(jti=CANARY))},
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=issuer.hang,
            throttle=issuer.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={"a look-alike": entry(issuer.url, "cgr.dev.evil.example")},
        )


async def test_the_jobs_token_is_exchanged_for_the_registrys(issuer: Service) -> None:
    grant = await fetched(issuer)
    assert (grant.username, grant.endpoint) == ("_token", issuer.url)
    assert (claims_of(grant.secret) or {})["aud"] == "cgr.dev"
    assert issuer.asked[0].query == {"aud": "cgr.dev", "identity": IDENTITY}
    assert issuer.asked[0].bearer == proof()


@pytest.mark.parametrize(
    "token", [proof("repo:other/app"), proof(aud="https://other.example"), "no-jwt"]
)
async def test_whom_the_identity_does_not_trust_is_denied(token: str, issuer: Service) -> None:
    with pytest.raises(AccessDenied) as caught:
        await fetched(issuer, token)
    assert caught.value.reference == "chainguard-identity-refused"


async def test_a_wrong_clock_is_corrected_for(issuer: Service) -> None:
    issuer.date_offset_s = -600
    grant = await fetched(issuer)
    assert grant.clock_skew_s == pytest.approx(-600, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_without_a_token_the_ci_gives_one(issuer: Service) -> None:
    made = entry(issuer.url, credentials=Credentials())
    gitlab = make_context({"GITLAB_CI": "true", "ISSUER_ENFORCE_DEV_ID_TOKEN": proof()})
    grant = await ChainguardProvider().fetch(GrantRequest(made, {}), gitlab)
    assert grant.username == "_token"
    with pytest.raises(SecretNotFound):
        ChainguardProvider().grant_key(made, make_context({}))


def test_grants_are_told_apart_by_identity_and_job() -> None:
    provider, url = ChainguardProvider(), "https://a.example"

    def job(subject: str, number: int) -> Any:
        variables = {"GITLAB_CI": "true", "ISSUER_ENFORCE_DEV_ID_TOKEN": proof(subject, jti=number)}
        return provider.grant_key(entry(url, credentials=Credentials()), make_context(variables))

    plain = make_context({})
    keys = [
        provider.grant_key(entry(url), plain),
        provider.grant_key(entry("https://b.example"), plain),
        provider.grant_key(entry(url, identity="other"), plain),
        provider.grant_key(entry(url, audience="other"), plain),
        job("repo:example/a", 1),
        job("repo:example/b", 1),
    ]
    assert len(set(keys)) == len(keys)
    assert job("repo:example/a", 2) == job("repo:example/a", 1)
    assert provider.grant_key(entry(url, None), plain) == keys[0]


@pytest.mark.parametrize("identity", ["", "a/b&aud=other", "a b", "a//b", f"{CANARY}?"])
def test_what_is_no_identity_is_refused(identity: str) -> None:
    with pytest.raises(ValidationError):
        ChainguardOptions(identity=identity)


def test_its_host_stays_static_for_pull_tokens() -> None:
    assert kind_of_host("cgr.dev") == "static"
