"""IBM's registries against a loopback server shaped after IAM's documented answers."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from backends.base import Secret
from backends.errors import BackendError, BackendUnavailable
from backends.testing import make_context
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Unavailable
from generator.model import GrantRequest, RegistryEntry
from generator.registries.ibm import IbmOptions, IbmProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.http_faults import Faulty, Reply, answer, drop, faulty_server, silence
from tests.parts.ibm import LIFETIME_S, token_answer

REFUSED = {"errorCode": "BXNIM0415E", "errorMessage": f"Provided API key {CANARY} not found."}


def token(**changes: Any) -> Reply:
    return answer(200, json.dumps(token_answer(**changes)).encode())


@pytest.fixture
def iam() -> Iterator[Faulty]:
    with faulty_server(token()) as server:
        yield server


def entry(endpoint: str, server: str | None = "us.icr.io") -> RegistryEntry:
    return RegistryEntry("ibm", "ibm", server, IbmOptions(endpoint=endpoint))


class TestIbmKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, iam: Faulty) -> ProviderCase:
        def replies(*planned: Reply) -> Any:
            return lambda: iam.replies.__setitem__(slice(None), planned)

        refused = answer(400, json.dumps(REFUSED).encode())
        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "refused": (replies(refused), AccessDenied),
            "throttled for ever": (replies(answer(429)), Unavailable),
            "500 for ever": (replies(answer(500)), Unavailable),
            "a page": (replies(answer(200, b"<html>")), ImplausibleAnswer),
            "no token": (replies(token(access_token=None)), ImplausibleAnswer),
            "no expiry": (replies(token(expiration=None)), ImplausibleAnswer),
            "expired": (replies(token(expiration=1_000_000_000)), ImplausibleAnswer),
            "milliseconds": (replies(token(expiration=int(time.time() * 1000))), ImplausibleAnswer),
            "no time at all": (replies(token(expiration=10**400)), ImplausibleAnswer),
            "dropped": (replies(drop), BackendUnavailable),
        }
        return ProviderCase(
            provider=IbmProvider(),
            entry=entry(iam.url),
            secrets={"api_key": Secret(CANARY)},
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=replies(silence),
            throttle=replies(answer(429, Retry_After="1"), token()),
            retry_after_s=1.0,
            bad_entries={"no server": entry(iam.url, None)},
        )


async def test_the_key_is_sent_in_the_form_that_iam_wants(iam: Faulty) -> None:
    request = GrantRequest(entry(iam.url), {"api_key": Secret("key&value")})
    grant = await IbmProvider().fetch(request, make_context({}))
    assert (grant.username, grant.secret) == ("iambearer", Secret(f"{CANARY}-iam"))
    head, _, body = iam.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /identity/token HTTP/1.1")
    assert "application/x-www-form-urlencoded" in head
    if body:
        assert parse_qs(body)["apikey"] == ["key&value"]


async def test_what_can_heal_heals(iam: Faulty) -> None:
    iam.replies[:] = [answer(503), answer(429, Retry_After="0"), token()]
    request = GrantRequest(entry(iam.url), {"api_key": Secret(CANARY)})
    assert (await IbmProvider().fetch(request, make_context({}))).username == "iambearer"
    assert len(iam.requests) == 3


def test_one_token_serves_every_host() -> None:
    provider, context = IbmProvider(), make_context({})
    hosts = ("us.icr.io", "de.icr.io", "icr.io")
    keys = {provider.grant_key(entry("https://iam.cloud.ibm.com", h), context) for h in hosts}
    assert len(keys) == 1
    assert {kind_of_host(host) for host in hosts} == {"ibm"}
    assert kind_of_host("icr.io.evil.example") == "static"


async def test_api_key_writes_the_key_itself(iam: Faulty) -> None:
    options = IbmOptions(endpoint=iam.url, method="api_key")
    request = GrantRequest(
        RegistryEntry("ibm", "ibm", "us.icr.io", options), {"api_key": Secret(CANARY)}
    )
    grant = await IbmProvider().fetch(request, make_context({}))
    assert (grant.username, grant.secret.reveal(), grant.expires_at) == ("iamapikey", CANARY, None)
    assert iam.requests == []
