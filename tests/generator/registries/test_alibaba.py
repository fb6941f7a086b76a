"""Alibaba Cloud's registries against a loopback server that checks what is signed."""

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
from generator.registries.alibaba.entry import AlibabaHost, AlibabaOptions, parse_host
from generator.registries.alibaba.provider import AlibabaProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.alibaba import (
    INSTANCE,
    KEY_ID,
    SECRET,
    STS_ID,
    STS_TOKEN,
    container_registry,
    enterprise_answer,
    personal_answer,
    refusal,
)
from tests.parts.service import PAGE, Service, Told, service

ENTERPRISE = "team-registry.cn-hangzhou.cr.aliyuncs.com"
PERSONAL = "registry.cn-hangzhou.aliyuncs.com"
KEY = {"access_key_id": Secret(KEY_ID), "access_key_secret": Secret(SECRET)}
VARIABLES = {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET}


@pytest.fixture(name="cr")
def stand_in_for_the_api() -> Iterator[Service]:
    with service(container_registry) as made:
        yield made


def entry(server: str | None = ENTERPRISE, **options: Any) -> RegistryEntry:
    if server == ENTERPRISE:
        options = {"instance_id": INSTANCE, **options}
    return RegistryEntry("a", "alibaba", server, AlibabaOptions(**options))


async def fetched(
    cr: Service,
    server: str = ENTERPRISE,
    key: Mapping[str, Secret] = KEY,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Grant:
    request = GrantRequest(entry(server, endpoint=cr.url, **options), key)
    return await AlibabaProvider().fetch(request, make_context(environment or {}))


class TestEnterpriseKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, cr: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return cr.fail(Told(200, enterprise_answer(cr.now(), **changes)))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "no right": (cr.fail(refusal("NoPrivilege", 403)), AccessDenied),
            "no right, of RAM": (cr.fail(refusal("Forbidden.RAM", 403)), AccessDenied),
            "no such key": (cr.fail(refusal("InvalidAccessKeyId.NotFound", 404)), AccessDenied),
            "a wrong key": (cr.fail(refusal("SignatureDoesNotMatch")), AccessDenied),
            "another time": (cr.fail(refusal("InvalidTimeStamp.Expired")), AccessDenied),
            "no success": (told(IsSuccess=False), Unavailable),
            "no success, and a code": (told(IsSuccess=False, Code="NoPrivilege"), AccessDenied),
            "no success, and a new code": (told(IsSuccess=False, Code="NEW_ONE"), AccessDenied),
            "no success, and no code": (told(IsSuccess=False, Code=CANARY), AccessDenied),
            "a new code": (cr.fail(refusal("Unheard.Of")), ImplausibleAnswer),
            "throttled for ever": (cr.fail(*[refusal("Throttling.User")] * 3), Unavailable),
            "500 for ever": (cr.fail(*[refusal("SystemError", 500)] * 3), Unavailable),
            "a page": (cr.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(AuthorizationToken=None), ImplausibleAnswer),
            "no user": (told(TempUsername=None), ImplausibleAnswer),
            "a user of no auth field": (told(TempUsername="a:b"), ImplausibleAnswer),
            "no expiry": (told(ExpireTime=None), ImplausibleAnswer),
            "expired": (told(ExpireTime=1_571_242_083_000), ImplausibleAnswer),
            "seconds": (told(ExpireTime=int(cr.now()) + 3600), ImplausibleAnswer),
            "no time at all": (told(ExpireTime="soon"), ImplausibleAnswer),
        }
        good = entry(endpoint=cr.url)
        return ProviderCase(
            provider=AlibabaProvider(),
            entry=good,
            secrets=KEY,
            environment=VARIABLES,
            lifetime_s=3600,
            failures=failures,
            hang=cr.hang,
            throttle=cr.fail(
                Told(400, refusal("Throttling.User").body, headers={"Retry-After": "1"})
            ),
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(None),
                "another host": entry("registry.example.com"),
                "no instance": RegistryEntry("a", "alibaba", ENTERPRISE, AlibabaOptions()),
                "an instance of Personal Edition": entry(PERSONAL, instance_id=INSTANCE),
                "hours of Personal Edition": entry(PERSONAL, expires_in="2h"),
                "half an hour more": entry(expires_in="90m"),
                "half a key": RegistryEntry(
                    "a",
                    "alibaba",
                    ENTERPRISE,
                    AlibabaOptions(instance_id=INSTANCE),
                    credentials=Credentials(fields={"access_key_id": SecretRef("env", "ID")}),
                ),
            },
        )


class TestPersonalKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, cr: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return cr.fail(Told(200, personal_answer(cr.now(), **changes)))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "no right": (cr.fail(Told(403, {"code": "NoPermission"})), AccessDenied),
            "nothing": (cr.fail(Told(200, {"data": CANARY})), ImplausibleAnswer),
            "seconds": (told(expireDate=int(cr.now()) + 3600), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=AlibabaProvider(),
            entry=entry(PERSONAL, endpoint=cr.url),
            secrets=KEY,
            environment=VARIABLES,
            lifetime_s=3600,
            failures=failures,
            hang=cr.hang,
        )


async def test_an_instance_is_asked_for_by_its_id_and_personal_edition_without(cr: Service) -> None:
    enterprise, personal = await fetched(cr), await fetched(cr, PERSONAL)
    assert (enterprise.username, enterprise.secret.reveal()) == ("cr_temp_user", f"{CANARY}:ee")
    assert (personal.username, personal.secret.reveal()) == ("cr_temp_user", f"{CANARY}:pe")
    assert enterprise.endpoint == cr.url
    assert [(asked.method, asked.path, dict(asked.query)) for asked in cr.asked] == [
        ("POST", "/", {"InstanceId": INSTANCE}),
        ("GET", "/tokens", {}),
    ]
    assert SECRET not in f"{cr.asked}"


async def test_hours_are_asked_for_and_kept(cr: Service) -> None:
    assert list(AlibabaProvider().validate(entry(expires_in="12h"))) == []
    grant = await fetched(cr, expires_in="12h")
    assert cr.asked[0].query["ExpiresInHours"] == "12"
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(12 * 3600, abs=3)


async def test_each_attempt_has_a_nonce_of_its_own(cr: Service) -> None:
    """The vendor refuses one that it has seen, whatever became of that request."""
    cr.fail(Told(503), refusal("Throttling.Api"))()
    assert (await fetched(cr)).username == "cr_temp_user"
    assert len({asked.headers["x-acs-signature-nonce"] for asked in cr.asked}) == 3


async def test_a_temporary_key_comes_with_its_token(cr: Service) -> None:
    key = {"access_key_id": Secret(STS_ID), "access_key_secret": Secret(SECRET)}
    with pytest.raises(AccessDenied):
        await fetched(cr, key=key)
    grant = await fetched(cr, key={**key, "security_token": Secret(STS_TOKEN)})
    assert grant.username == "cr_temp_user"


async def test_the_vendors_own_variables_do_without_credentials(cr: Service) -> None:
    sts = {
        **VARIABLES,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": STS_ID,
        "ALIBABA_CLOUD_SECURITY_TOKEN": STS_TOKEN,
    }
    for variables in (VARIABLES, sts):
        grant = await fetched(cr, key={}, environment=variables)
        assert grant.username == "cr_temp_user"


async def test_an_unknown_instance_is_told(cr: Service) -> None:
    with pytest.raises(Misconfigured) as caught:
        await fetched(cr, instance_id="cri-other")
    assert caught.value.reference == "alibaba-instance-unknown"
    assert "INSTANCE_NOT_EXIST" in caught.value.message


async def test_a_clock_ten_minutes_off_is_corrected_for(cr: Service) -> None:
    cr.date_offset_s = 600
    grant = await fetched(cr)
    assert grant.clock_skew_s == pytest.approx(600, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(3600, abs=3)


async def test_a_clock_twenty_minutes_off_is_told(cr: Service) -> None:
    cr.date_offset_s = 1200
    with pytest.raises(AccessDenied) as caught:
        await fetched(cr)
    assert caught.value.reference == "alibaba-clock-wrong"
    assert re.search(r"this machine's clock is (1199|1200) s behind", caught.value.message)


def test_whose_token_it_is_counts_region_instance_life_and_key() -> None:
    provider, context = AlibabaProvider(), make_context(VARIABLES)
    inside = "team-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
    first = provider.grant_key(entry(), context)
    assert provider.grant_key(entry(inside, instance_id=INSTANCE), context) == first
    others = [
        provider.grant_key(entry(instance_id="cri-other"), context),
        provider.grant_key(entry(expires_in="2h"), context),
        provider.grant_key(entry(endpoint="https://cr-vpc.cn-hangzhou.aliyuncs.com"), context),
        provider.grant_key(entry(PERSONAL), context),
        provider.grant_key(entry("registry.eu-central-1.aliyuncs.com"), context),
        provider.grant_key(
            entry(), make_context({**VARIABLES, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "another"})
        ),
    ]
    assert len({first, *others}) == 7


@pytest.mark.parametrize(
    ("host", "region", "enterprise"),
    [
        ("registry.cn-hangzhou.aliyuncs.com", "cn-hangzhou", False),
        ("registry-intl.ap-southeast-1.aliyuncs.com", "ap-southeast-1", False),
        ("registry-vpc.cn-beijing.aliyuncs.com", "cn-beijing", False),
        ("registry-internal.cn-shanghai.aliyuncs.com", "cn-shanghai", False),
        ("registry-intl-vpc.us-west-1.aliyuncs.com", "us-west-1", False),
        ("registry.cn-shanghai-finance-1.aliyuncs.com", "cn-shanghai-finance-1", False),
        (ENTERPRISE, "cn-hangzhou", True),
        ("my-team-registry-vpc.eu-central-1.cr.aliyuncs.com", "eu-central-1", True),
        ("registry-registry.cn-hangzhou.cr.aliyuncs.com", "cn-hangzhou", True),
    ],
)
def test_a_host_says_region_and_edition(host: str, region: str, enterprise: bool) -> None:  # noqa: FBT001
    assert parse_host(host) == AlibabaHost(region, enterprise)
    assert kind_of_host(host) == "alibaba"


@pytest.mark.parametrize(
    "host",
    [
        f"{ENTERPRISE}.evil.example",
        f"{PERSONAL}.evil.example",
        f"evil.{PERSONAL}",
        "registry.cn-hangzhou.cr.aliyuncs.com",
        "team-registry.cn-hangzhou.aliyuncs.com",
        "crpi-ds0j5gxjdmixc0v8.cn-hangzhou.personal.cr.aliyuncs.com",
        "registry.aliyuncs.com",
        "registry.hangzhou.aliyuncs.com",
        "registry..aliyuncs.com",
        f"{PERSONAL}:443",
        f"{PERSONAL}\n",
        "team_-registry.cn-hangzhou.cr.aliyuncs.com",
    ],
)
def test_a_host_that_only_looks_like_the_vendors_is_refused(host: str) -> None:
    assert parse_host(host) is None
    (problem,) = AlibabaProvider().validate(entry(host))
    assert problem.path == ("server",)
    assert kind_of_host(host) == "alibaba"
