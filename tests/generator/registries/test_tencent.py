"""TCR instances against a loopback server that checks what is signed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.errors import BackendError
from backends.testing import make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    Unavailable,
)
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.loader import kind_of_host
from generator.registries.tencent.provider import TencentOptions, TencentProvider
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.service import PAGE, Service, Told, service
from tests.parts.tencent import (
    LIFETIME_S,
    REGION,
    REGISTRY,
    SECRET_ID,
    SECRET_KEY,
    TEMPORARY_ID,
    TOKEN,
    refusal,
    tcr,
    token_answer,
)

HOST = "team.tencentcloudcr.com"
KEY = {"secret_id": Secret(SECRET_ID), "secret_key": Secret(SECRET_KEY)}
VARIABLES = {"TENCENTCLOUD_SECRET_ID": SECRET_ID, "TENCENTCLOUD_SECRET_KEY": SECRET_KEY}


@pytest.fixture(name="tcr")
def stand_in_for_the_api() -> Iterator[Service]:
    with service(tcr) as made:
        yield made


def entry(server: str | None = HOST, **options: Any) -> RegistryEntry:
    options = {"registry_id": REGISTRY, "region": REGION, **options}
    return RegistryEntry("t", "tencent", server, TencentOptions(**options))


async def fetched(
    tcr: Service,
    key: Mapping[str, Secret] = KEY,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Grant:
    request = GrantRequest(entry(endpoint=tcr.url, **options), key)
    return await TencentProvider().fetch(request, make_context(environment or {}))


class TestTencentKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, tcr: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return tcr.fail(Told(200, token_answer(tcr.now(), **changes)))

        def refused(code: str, times: int = 1) -> Any:
            return tcr.fail(*[refusal(code)] * times)

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "a wrong key": (refused("AuthFailure.SignatureFailure"), AccessDenied),
            "no such key": (refused("AuthFailure.SecretIdNotFound"), AccessDenied),
            "another time": (refused("AuthFailure.SignatureExpire"), AccessDenied),
            "no right": (refused("AuthFailure.UnauthorizedOperation"), AccessDenied),
            "no right, of TCR": (refused("FailedOperation.ErrorTcrUnauthorized"), AccessDenied),
            "no instance": (refused("ResourceNotFound"), Misconfigured),
            "a wrong region": (refused("UnsupportedRegion"), Misconfigured),
            "a new code": (refused("Unheard.Of"), AccessDenied),
            "no code": (refused(CANARY), AccessDenied),
            "an error of no form": (
                tcr.fail(Told(200, {"Response": {"Error": CANARY}})),
                AccessDenied,
            ),
            "failing": (refused("FailedOperation.GetTcrClient"), Unavailable),
            "throttled for ever": (refused("RequestLimitExceeded", 3), Unavailable),
            "broken for ever": (refused("InternalError.DbError", 3), Unavailable),
            "500 for ever": (tcr.fail_for_ever(500), Unavailable),
            "a page": (tcr.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no answer": (tcr.fail(Told(200, {"Response": []})), ImplausibleAnswer),
            "no token": (told(Token=None), ImplausibleAnswer),
            "no user": (told(Username=None), ImplausibleAnswer),
            "no expiry": (told(ExpTime=None), ImplausibleAnswer),
            "expired": (told(ExpTime=1_735_880_997_750), ImplausibleAnswer),
            "as long as a longterm one": (told(ExpTime=2_051_237_057_817), ImplausibleAnswer),
            "no time at all": (told(ExpTime="soon"), ImplausibleAnswer),
        }
        good = entry(endpoint=tcr.url)
        half = Credentials(fields={"secret_key": SecretRef("env", "KEY")})
        return ProviderCase(
            provider=TencentProvider(),
            entry=good,
            secrets=KEY,
            environment=VARIABLES,
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=tcr.hang,
            throttle=tcr.fail(
                Told(200, refusal("RequestLimitExceeded").body, headers={"Retry-After": "1"})
            ),
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(None),
                "another host": entry("ccr.ccs.tencentyun.com"),
                "half a key": RegistryEntry("t", "tencent", HOST, good.options, credentials=half),
            },
        )


async def test_only_a_temporary_credential_is_ever_asked_for(tcr: Service) -> None:
    grant = await fetched(tcr)
    assert (grant.username, grant.secret.reveal()) == ("100036950234", f"eyJ.{CANARY}")
    assert grant.endpoint == tcr.url
    assert tcr.asked[0].json == {"RegistryId": REGISTRY, "TokenType": "temp"}
    assert SECRET_KEY not in f"{tcr.asked}"


async def test_an_expiry_in_seconds_is_as_good(tcr: Service) -> None:
    tcr.fail(Told(200, token_answer(tcr.now(), ExpTime=int(tcr.now()) + LIFETIME_S)))()
    grant = await fetched(tcr)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_a_throttle_with_status_200_heals(tcr: Service) -> None:
    tcr.fail(refusal("RequestLimitExceeded"), refusal("FailedOperation.DependenceError"))()
    assert (await fetched(tcr)).username == "100036950234"
    assert len(tcr.asked) == 3


async def test_a_denial_is_not_asked_again(tcr: Service) -> None:
    with pytest.raises(AccessDenied) as caught:
        await fetched(tcr, key={**KEY, "secret_key": Secret("wrong")})
    assert caught.value.reference == "tencent-key-refused"
    assert "AuthFailure.SignatureFailure" in caught.value.message
    assert len(tcr.asked) == 1


async def test_a_temporary_key_comes_with_its_token(tcr: Service) -> None:
    key = {"secret_id": Secret(TEMPORARY_ID), "secret_key": Secret(SECRET_KEY)}
    with pytest.raises(AccessDenied):
        await fetched(tcr, key=key)
    grant = await fetched(tcr, key={**key, "session_token": Secret(TOKEN)})
    assert grant.username == "100036950234"


async def test_the_vendors_own_variables_do_without_credentials(tcr: Service) -> None:
    variables = {**VARIABLES, "TENCENTCLOUD_REGION": REGION}
    grant = await fetched(tcr, key={}, environment=variables, region=None)
    assert grant.username == "100036950234"


@pytest.mark.parametrize("region", ["", "guangzhou/../x"])
def test_without_a_region_nothing_is_asked(region: str) -> None:
    context = make_context({**VARIABLES, "TENCENTCLOUD_REGION": region})
    with pytest.raises(Misconfigured) as caught:
        TencentProvider().grant_key(entry(region=None), context)
    assert caught.value.reference == "tencent-region-missing"


async def test_a_clock_four_minutes_off_is_corrected_for(tcr: Service) -> None:
    tcr.date_offset_s = -240
    grant = await fetched(tcr)
    assert grant.clock_skew_s == pytest.approx(-240, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_a_clock_ten_minutes_off_is_told(tcr: Service) -> None:
    """The vendor allows five."""
    tcr.date_offset_s = -600
    with pytest.raises(AccessDenied) as caught:
        await fetched(tcr)
    assert caught.value.reference == "tencent-clock-wrong"
    assert re.search(r"this machine's clock is 60[01] s ahead", caught.value.message)


def test_whose_token_it_is_counts_region_instance_and_key() -> None:
    provider, context = TencentProvider(), make_context(VARIABLES)
    first = provider.grant_key(entry(), context)
    assert provider.grant_key(entry("other.tencentcloudcr.com"), context) == first
    others = [
        provider.grant_key(entry(registry_id="tcr-other"), context),
        provider.grant_key(entry(region="eu-frankfurt"), context),
        provider.grant_key(entry(endpoint="https://tcr.intl.tencentcloudapi.com"), context),
        provider.grant_key(
            entry(), make_context({**VARIABLES, "TENCENTCLOUD_SECRET_KEY": "another"})
        ),
        provider.grant_key(
            entry(), make_context({**VARIABLES, "TENCENTCLOUD_SESSION_TOKEN": "token"})
        ),
    ]
    assert len({first, *others}) == 6


@pytest.mark.parametrize(
    "host",
    [
        f"{HOST}.evil.example",
        "tencentcloudcr.com",
        "a.b.tencentcloudcr.com",
        "-.tencentcloudcr.com",
        f"{HOST}:443",
        f"{HOST}\n",
    ],
)
def test_a_host_that_only_looks_like_the_vendors_is_refused(host: str) -> None:
    (problem,) = TencentProvider().validate(entry(host))
    assert problem.path == ("server",)
    assert kind_of_host(host) == "tencent"


def test_hosts_of_instances_are_known_and_the_personal_one_is_static() -> None:
    for host in (HOST, "team-vpc.tencentcloudcr.com", "a1.tencentcloudcr.com"):
        assert list(TencentProvider().validate(entry(host))) == []
        assert kind_of_host(host) == "tencent"
    assert kind_of_host("ccr.ccs.tencentyun.com") == "static"
    assert kind_of_host("eviltencentcloudcr.com") == "static"
