"""IBM's registries against a loopback server shaped after IAM's documented answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendError
from backends.testing import make_context
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Unavailable
from generator.model import Grant, GrantRequest, RegistryEntry
from generator.registries.base import hands_through
from generator.registries.ibm import IbmOptions, IbmProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.ibm import API_KEY, LIFETIME_S, iam, token_answer
from tests.parts.service import PAGE, Service, Told, service


@pytest.fixture(name="ibm")
def stand_in_for_iam() -> Iterator[Service]:
    with service(iam) as made:
        yield made


def entry(endpoint: str, server: str | None = "us.icr.io", **more: Any) -> RegistryEntry:
    return RegistryEntry("ibm", "ibm", server, IbmOptions(endpoint=endpoint, **more))


async def fetched(ibm: Service, key: str = API_KEY, **more: Any) -> Grant:
    request = GrantRequest(entry(ibm.url, **more), {"api_key": Secret(key)})
    return await IbmProvider().fetch(request, make_context({}))


class TestIbmKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, ibm: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return ibm.fail(Told(200, token_answer(ibm.now(), **changes)))

        refused = ibm.fail(Told(400, {"errorMessage": f"Provided API key {CANARY} not found."}))
        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "refused": (refused, AccessDenied),
            "throttled for ever": (ibm.fail_for_ever(429), Unavailable),
            "500 for ever": (ibm.fail_for_ever(500), Unavailable),
            "a page": (ibm.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(access_token=None), ImplausibleAnswer),
            "no expiry": (told(expiration=None), ImplausibleAnswer),
            "expired": (told(expiration=1_000_000_000), ImplausibleAnswer),
            "milliseconds": (told(expiration=int(ibm.now() * 1000)), ImplausibleAnswer),
            "no time at all": (told(expiration=10**400), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=IbmProvider(),
            entry=entry(ibm.url),
            secrets={"api_key": Secret(API_KEY)},
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=ibm.hang,
            throttle=ibm.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={"no server": entry(ibm.url, None)},
        )


async def test_the_key_is_sent_in_the_form_that_iam_wants(ibm: Service) -> None:
    with pytest.raises(AccessDenied):
        await fetched(ibm, "key&value")
    assert ibm.asked[0].form == {
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "apikey": "key&value",
        "response_type": "cloud_iam",
    }
    grant = await fetched(ibm)
    assert (grant.username, grant.secret) == ("iambearer", Secret(f"{CANARY}-iam"))


async def test_what_can_heal_heals(ibm: Service) -> None:
    ibm.fail(Told(503), Told(429, headers={"Retry-After": "0"}))()
    assert (await fetched(ibm)).username == "iambearer"
    assert len(ibm.asked) == 3


async def test_a_wrong_clock_is_corrected_for(ibm: Service) -> None:
    ibm.date_offset_s = 600
    grant = await fetched(ibm)
    assert grant.clock_skew_s == pytest.approx(600, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


def test_one_token_serves_every_host() -> None:
    provider, context = IbmProvider(), make_context({})
    hosts = ("us.icr.io", "de.icr.io", "icr.io")
    keys = {provider.grant_key(entry("https://iam.cloud.ibm.com", h), context) for h in hosts}
    assert len(keys) == 1
    assert {kind_of_host(host) for host in hosts} == {"ibm"}
    assert kind_of_host("icr.io.evil.example") == "static"


async def test_api_key_writes_the_key_itself(ibm: Service) -> None:
    assert hands_through(IbmProvider(), entry(ibm.url, method="api_key"))
    assert not hands_through(IbmProvider(), entry(ibm.url))
    grant = await fetched(ibm, method="api_key")
    assert (grant.username, grant.secret.reveal(), grant.expires_at) == ("iamapikey", API_KEY, None)
    assert ibm.asked == []
