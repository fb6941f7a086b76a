"""Huawei Cloud's registries against a loopback server that checks what is signed."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

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
from generator.registries.base import hands_through
from generator.registries.huawei.provider import HuaweiOptions, HuaweiProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.huawei import (
    ACCESS_KEY,
    LIFETIME_S,
    REGION,
    SECRET_KEY,
    SERVER,
    TEMPORARY_KEY,
    TOKEN,
    gateway_refusal,
    login_answer,
    service_refusal,
    swr,
)
from tests.parts.service import PAGE, Service, Told, service

KEY = {"access_key": Secret(ACCESS_KEY), "secret_key": Secret(SECRET_KEY)}
VARIABLES = {"HUAWEICLOUD_SDK_AK": ACCESS_KEY, "HUAWEICLOUD_SDK_SK": SECRET_KEY}


@pytest.fixture(name="swr")
def stand_in_for_the_api() -> Iterator[Service]:
    with service(swr) as made:
        yield made


def entry(
    server: str | None = SERVER, credentials: Mapping[str, str] | None = None, **options: Any
) -> RegistryEntry:
    fields = {name: SecretRef("env", value) for name, value in (credentials or {}).items()}
    return RegistryEntry(
        "h", "huawei", server, HuaweiOptions(**options), credentials=Credentials(fields=fields)
    )


async def fetched(
    swr: Service,
    key: Mapping[str, Secret] = KEY,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Grant:
    request = GrantRequest(entry(endpoint=swr.url, **options), key)
    return await HuaweiProvider().fetch(request, make_context(environment or {}))


async def offline(key: Mapping[str, Secret] = KEY, **options: Any) -> Grant:
    request = GrantRequest(entry(method="offline", **options), key)
    return await HuaweiProvider().fetch(request, make_context({}))


class TestHuaweiKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, swr: Service) -> ProviderCase:
        def auths(value: Any) -> Any:
            return swr.fail(login_answer(swr.now(), auths=value))

        def auth(text: str) -> Any:
            return auths({SERVER: {"auth": base64.b64encode(text.encode()).decode()}})

        good = login_answer(swr.now())
        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "a wrong key": (swr.fail(gateway_refusal(401, "APIGW.0301")), AccessDenied),
            "another time": (swr.fail(gateway_refusal(401, "APIG.0303")), AccessDenied),
            "no right": (swr.fail(service_refusal(403, "SVCSTG.SWR.4030170")), AccessDenied),
            "no such region": (swr.fail(gateway_refusal(404, "APIGW.0101")), Misconfigured),
            "a new code": (swr.fail(gateway_refusal(400, "APIGW.9999")), ImplausibleAnswer),
            "a new code, 401": (swr.fail(gateway_refusal(401, CANARY)), AccessDenied),
            "throttled for ever": (
                swr.fail(*[gateway_refusal(429, "APIGW.0308")] * 3),
                Unavailable,
            ),
            "500 for ever": (swr.fail_for_ever(500), Unavailable),
            "a page": (swr.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no logins": (auths([]), ImplausibleAnswer),
            "another host's": (
                auths({"swr.cn-east-3.myhuaweicloud.com": good.body["auths"][SERVER]}),
                ImplausibleAnswer,
            ),
            "no login": (auths({SERVER: {}}), ImplausibleAnswer),
            "no base64": (auths({SERVER: {"auth": CANARY}}), ImplausibleAnswer),
            "no password": (auth("user"), ImplausibleAnswer),
            "no user": (auth(f":{CANARY}"), ImplausibleAnswer),
            "no expiry": (swr.fail(Told(200, good.body)), ImplausibleAnswer),
            "expired": (swr.fail(login_answer(swr.now() - 2 * LIFETIME_S)), ImplausibleAnswer),
            "no time at all": (
                swr.fail(Told(200, good.body, {"X-Swr-Expireat": "soon"})),
                ImplausibleAnswer,
            ),
            "of no time zone": (
                swr.fail(Told(200, good.body, {"X-Swr-Expireat": "2036-01-01T00:00:00"})),
                ImplausibleAnswer,
            ),
        }
        half = {"access_key": "AK"}
        return ProviderCase(
            provider=HuaweiProvider(),
            entry=entry(endpoint=swr.url),
            secrets=KEY,
            environment=VARIABLES,
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=swr.hang,
            throttle=swr.fail(
                Told(429, gateway_refusal(429, "APIGW.0308").body, {"Retry-After": "1"})
            ),
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(None),
                "another host": entry("swr.example.com"),
                "half a key": entry(credentials=half),
                "an endpoint of nobody": entry(method="offline", endpoint="https://a.example"),
                "a life of nobody's": entry(method="offline", expires_in="1h"),
                "a temporary key for good": entry(
                    method="offline",
                    credentials={"access_key": "A", "secret_key": "B", "security_token": "C"},
                ),
            },
        )


async def test_a_temporary_login_is_asked_for(swr: Service) -> None:
    grant = await fetched(swr)
    assert grant.username == f"{REGION}@{ACCESS_KEY}"
    assert grant.secret.reveal() == f"{CANARY}-login"
    assert grant.endpoint == swr.url
    assert dict(swr.asked[0].query) == {"projectname": REGION}
    assert SECRET_KEY not in f"{swr.asked}"


async def test_its_life_can_be_chosen(swr: Service) -> None:
    grant = await fetched(swr, expires_in="30m")
    assert swr.asked[0].query["duration_seconds"] == "1800"
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(1800, abs=3)


async def test_another_project_is_named(swr: Service) -> None:
    with pytest.raises(AccessDenied) as caught:
        await fetched(swr, project="cn-north-4_dev")
    assert caught.value.reference == "huawei-denied"
    assert swr.asked[0].query["projectname"] == "cn-north-4_dev"


async def test_what_can_heal_heals(swr: Service) -> None:
    swr.fail(Told(503), Told(429, headers={"Retry-After": "0"}))()
    await fetched(swr)
    assert len(swr.asked) == 3


async def test_a_wrong_key_is_tried_once(swr: Service) -> None:
    """Five wrong tries lock it."""
    with pytest.raises(AccessDenied) as caught:
        await fetched(swr, key={**KEY, "secret_key": Secret("wrong")})
    assert caught.value.reference == "huawei-key-refused"
    assert len(swr.asked) == 1


async def test_a_temporary_key_comes_with_its_token(swr: Service) -> None:
    key = {"access_key": Secret(TEMPORARY_KEY), "secret_key": Secret(SECRET_KEY)}
    with pytest.raises(AccessDenied):
        await fetched(swr, key=key)
    grant = await fetched(swr, key={**key, "security_token": Secret(TOKEN)})
    assert grant.secret.reveal() == f"{CANARY}-login"


async def test_the_vendors_own_variables_do_without_credentials(swr: Service) -> None:
    grant = await fetched(swr, key={}, environment=VARIABLES)
    assert grant.secret.reveal() == f"{CANARY}-login"


async def test_a_clock_ten_minutes_off_is_corrected_for(swr: Service) -> None:
    swr.date_offset_s = 600
    grant = await fetched(swr)
    assert grant.clock_skew_s == pytest.approx(600, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_a_clock_twenty_minutes_off_is_told(swr: Service) -> None:
    swr.date_offset_s = 1200
    with pytest.raises(AccessDenied) as caught:
        await fetched(swr)
    assert caught.value.reference == "huawei-clock-wrong"
    assert re.search(r"this machine's clock is (1199|1200) s behind", caught.value.message)


class TestOfflineKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(
            provider=HuaweiProvider(),
            entry=entry(method="offline"),
            secrets=KEY,
            environment=VARIABLES,
        )


async def test_offline_makes_the_login_of_the_key_itself(swr: Service) -> None:
    """As ``openssl dgst -sha256 -hmac SK`` makes it of AK."""
    key = {"access_key": Secret("HPUAexample"), "secret_key": Secret("sk+/=")}
    grant = await offline(key, project="cn-north-4_dev")
    assert (grant.username, grant.expires_at) == ("cn-north-4_dev@HPUAexample", None)
    assert grant.secret.reveal() == (
        "bb72f975039506f279e27e4811d356be3efec8ff424febfed8eed9e7329123a9"
    )
    assert swr.asked == []
    assert (await offline(key)).username == f"{REGION}@HPUAexample"


def test_only_offline_asks_nobody() -> None:
    assert hands_through(HuaweiProvider(), entry(method="offline"))
    assert not hands_through(HuaweiProvider(), entry())


async def test_offline_refuses_a_key_that_is_temporary() -> None:
    with pytest.raises(Misconfigured) as caught:
        await offline({**KEY, "security_token": Secret(TOKEN)})
    assert caught.value.reference == "huawei-key-temporary"


def test_whose_login_it_is_counts_host_method_project_life_and_key() -> None:
    provider, context = HuaweiProvider(), make_context(VARIABLES)
    keys = {
        provider.grant_key(entry(), context),
        provider.grant_key(entry("swr.cn-east-3.myhuaweicloud.com"), context),
        provider.grant_key(entry(method="offline"), context),
        provider.grant_key(entry(project="other"), context),
        provider.grant_key(entry(expires_in="1h"), context),
        provider.grant_key(entry(endpoint="https://swr.example"), context),
        provider.grant_key(entry(), make_context({**VARIABLES, "HUAWEICLOUD_SDK_SK": "another"})),
    }
    assert len(keys) == 7


@pytest.mark.parametrize(
    ("host", "api"),
    [
        (SERVER, "https://swr-api.cn-north-4.myhuaweicloud.com"),
        ("swr.la-south-2.myhuaweicloud.com", "https://swr-api.la-south-2.myhuaweicloud.com"),
        ("swr.eu-west-101.myhuaweicloud.eu", "https://swr-api.eu-west-101.myhuaweicloud.eu"),
    ],
)
async def test_a_host_says_whom_to_ask(host: str, api: str) -> None:
    """Endpoints as the vendor's SDK lists them."""
    asked: list[str] = []

    class Transport:
        async def request(self, _method: str, url: str, **_options: Any) -> None:
            asked.append(url)
            raise ConnectionError

    assert list(HuaweiProvider().validate(entry(host))) == []
    assert kind_of_host(host) == "huawei"
    context = replace(make_context({}), transport=cast(Any, Transport()))
    with pytest.raises(ConnectionError):
        await HuaweiProvider().fetch(GrantRequest(entry(host), KEY), context)
    region = host.split(".")[1]
    assert asked == [f"{api}/v2/manage/utils/secret?projectname={region}"]


@pytest.mark.parametrize(
    "host",
    [
        f"{SERVER}.evil.example",
        "swr.cn-north-4.evil.example.myhuaweicloud.com",
        "swr.cn-north-4.myhuaweicloud.org",
        "swr..myhuaweicloud.com",
        "swr.north.myhuaweicloud.com",
        f"{SERVER}:443",
        f"{SERVER}\n",
    ],
)
def test_a_host_that_only_looks_like_the_vendors_is_refused(host: str) -> None:
    (problem,) = HuaweiProvider().validate(entry(host))
    assert problem.path == ("server",)
    assert kind_of_host(host) == "huawei"
