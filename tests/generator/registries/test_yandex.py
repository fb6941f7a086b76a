"""Yandex's registry against a loopback server shaped after IAM's documented answers."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.context import RunContext
from backends.errors import BackendError, BackendUnavailable, SecretNotFound
from backends.inputs import RecordedInputs
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
from generator.registries.yandex.provider import YandexOptions, YandexProvider
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.google import service_account_key
from tests.parts.service import PAGE, Service, Told, service
from tests.parts.yandex import (
    LIFETIME_S,
    METADATA_PATH,
    authorized_key,
    iam,
    refused,
    token_answer,
)

KEY = Credentials(document=SecretRef("env", "KEY"))


@pytest.fixture(name="yandex")
def stand_in_for_iam() -> Iterator[Service]:
    with service(iam) as made:
        yield made


def entry(
    endpoint: str, server: str | None = "cr.yandex", credentials: Credentials = KEY, **more: Any
) -> RegistryEntry:
    options = YandexOptions(endpoint=endpoint, **more)
    return RegistryEntry("yandex", "yandex", server, options, credentials=credentials)


async def fetched(yandex: Service, key: str | None = None, **more: Any) -> Grant:
    secrets = {"key": Secret(key or authorized_key(created_by=CANARY))}
    return await YandexProvider().fetch(
        GrantRequest(entry(yandex.url, **more), secrets), make_context({})
    )


async def ambient(context: RunContext, yandex: Service, **more: Any) -> Grant:
    made = entry(yandex.url, credentials=Credentials(), **more)
    return await YandexProvider().fetch(GrantRequest(made, {}), context)


def on_a_machine(yandex: Service, **more: str) -> RunContext:
    return make_context({"YC_METADATA_ADDR": yandex.url.removeprefix("http://"), **more})


def opaque_sources(context: RunContext) -> set[str]:
    assert isinstance(context.inputs, RecordedInputs)
    return context.inputs.opaque_sources


class TestYandexKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, yandex: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return yandex.fail(Told(200, token_answer(yandex.now(), **changes)))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "refused": (yandex.fail(refused("Unknown key")), AccessDenied),
            "bad request": (yandex.fail(Told(400, {"message": CANARY})), AccessDenied),
            "throttled for ever": (yandex.fail_for_ever(429), Unavailable),
            "500 for ever": (yandex.fail_for_ever(500), Unavailable),
            "a page": (yandex.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(iamToken=None), ImplausibleAnswer),
            "no expiry": (told(expiresAt=None), ImplausibleAnswer),
            "expired": (told(expiresAt="2020-01-01T00:00:00Z"), ImplausibleAnswer),
            "no time zone": (told(expiresAt="2099-01-01T00:00:00"), ImplausibleAnswer),
            "seconds": (told(expiresAt=int(yandex.now()) + 60), ImplausibleAnswer),
            "words": (told(expiresAt="tomorrow"), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=YandexProvider(),
            entry=entry(yandex.url),
            secrets={"key": Secret(authorized_key(created_by=CANARY))},
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=yandex.hang,
            throttle=yandex.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={
                "a look-alike": entry(yandex.url, "cr.yandex.evil.example"),
                "another's": entry(yandex.url, "ghcr.io"),
                "a key and the machine's": entry(yandex.url, method="metadata"),
                "no key": entry(yandex.url, credentials=Credentials(), method="json_key"),
            },
        )


async def test_a_key_is_exchanged_for_a_token_of_iam(yandex: Service) -> None:
    grant = await fetched(yandex)
    assert (grant.username, grant.secret) == ("iam", Secret(f"t1.{CANARY}"))
    assert grant.endpoint == yandex.url
    assert list(yandex.asked[0].json) == ["jwt"]


async def test_an_expiry_in_nanoseconds_is_right_to_the_second(yandex: Service) -> None:
    until = datetime.now(UTC) + timedelta(hours=2)
    text = until.strftime("%Y-%m-%dT%H:%M:%S.") + "123456789Z"
    yandex.fail(Told(200, token_answer(0, expiresAt=text)))()
    grant = await fetched(yandex)
    assert grant.expires_at == until.replace(microsecond=123456)


@pytest.mark.parametrize(
    "document", [authorized_key(id="ajeother", private_key=None), service_account_key(), "{"]
)
@pytest.mark.parametrize("method", ["iam_token", "json_key"])
async def test_what_is_no_key_is_said_before_anything_is_sent(
    document: str, method: str, yandex: Service
) -> None:
    with pytest.raises(Misconfigured):
        await fetched(yandex, document, method=method)
    assert yandex.asked == []


async def test_a_key_that_iam_does_not_know_is_denied(yandex: Service) -> None:
    key = authorized_key(id="ajeother")
    plain = key.replace("SA Key ID <", "").replace("PLEASE DO NOT REMOVE THIS LINE!", "")
    with pytest.raises(AccessDenied, match="the authorized key is not accepted") as caught:
        await fetched(yandex, plain)
    assert caught.value.reference == "yandex-key-refused"


@pytest.mark.parametrize(("ahead_s", "said"), [(3700, "behind"), (-600, "ahead")])
async def test_a_clock_too_wrong_to_sign_is_named(
    ahead_s: float, said: str, yandex: Service
) -> None:
    yandex.date_offset_s = ahead_s
    with pytest.raises(AccessDenied, match=rf"clock is \d+ s {said}") as caught:
        await fetched(yandex)
    assert caught.value.reference == "yandex-clock-wrong"


async def test_a_clock_ten_minutes_slow_is_corrected_for(yandex: Service) -> None:
    yandex.date_offset_s = 600
    grant = await fetched(yandex)
    assert grant.clock_skew_s == pytest.approx(600, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_a_refusal_has_another_reason_if_the_clock_is_right(yandex: Service) -> None:
    yandex.fail(refused("JWT lifetime"))()
    with pytest.raises(AccessDenied) as caught:
        await fetched(yandex)
    assert caught.value.reference == "yandex-key-refused"


async def test_json_key_writes_the_key_itself(yandex: Service) -> None:
    key = authorized_key(created_by=CANARY)
    grant = await fetched(yandex, key, method="json_key")
    assert (grant.username, grant.secret.reveal(), grant.expires_at) == ("json_key", key, None)
    assert yandex.asked == []


async def test_a_key_file_is_found_by_the_vendors_variable(yandex: Service, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(authorized_key())
    context = make_context({"YC_SERVICE_ACCOUNT_KEY_FILE": str(tmp_path / "key.json")})
    grant = await ambient(context, yandex)
    assert (grant.username, grant.secret) == ("iam", Secret(f"t1.{CANARY}"))
    assert opaque_sources(context) == set()


async def test_a_key_file_that_is_not_there_is_named(yandex: Service, tmp_path: Path) -> None:
    context = make_context({"YC_SERVICE_ACCOUNT_KEY_FILE": str(tmp_path / "no.json")})
    with pytest.raises(SecretNotFound, match=r"no\.json does not exist"):
        YandexProvider().grant_key(entry(yandex.url, credentials=Credentials()), context)


async def test_without_a_key_the_machine_is_asked(yandex: Service) -> None:
    grant = await ambient(on_a_machine(yandex), yandex)
    assert (grant.username, grant.secret) == ("iam", Secret(f"t1.vm-{CANARY}"))
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)
    assert [(each.method, each.path) for each in yandex.asked] == [("GET", METADATA_PATH)]


async def test_metadata_passes_a_key_file_by(yandex: Service) -> None:
    context = on_a_machine(yandex, YC_SERVICE_ACCOUNT_KEY_FILE="/nowhere")
    grant = await ambient(context, yandex, method="metadata")
    assert grant.secret == Secret(f"t1.vm-{CANARY}")


async def test_a_machine_of_googles_gives_nothing_away(yandex: Service) -> None:
    """Its metadata service answers at the same address and path, with a token of another cloud."""
    answer = {"access_token": f"ya29.{CANARY}", "expires_in": 3599, "token_type": "Bearer"}
    yandex.fail(Told(200, answer))()
    with pytest.raises(ImplausibleAnswer, match="its token is Google's"):
        await ambient(on_a_machine(yandex), yandex)


@pytest.mark.parametrize(
    ("answer", "error", "reference"),
    [
        (Told(404), AccessDenied, "yandex-no-service-account"),
        (Told(403), AccessDenied, "yandex-no-service-account"),
        (Told(200, PAGE), ImplausibleAnswer, "yandex-answer-implausible"),
        (Told(200, {"access_token": "t1.x"}), ImplausibleAnswer, "yandex-answer-implausible"),
    ],
)
async def test_what_a_machine_answers_is_looked_at(
    answer: Told, error: type[EntryError], reference: str, yandex: Service
) -> None:
    yandex.fail(answer)()
    with pytest.raises(error) as caught:
        await ambient(on_a_machine(yandex), yandex)
    assert caught.value.reference == reference


async def test_where_no_machine_answers_a_key_is_asked_for(yandex: Service) -> None:
    context = make_context({"YC_METADATA_ADDR": "127.0.0.1:1"})
    with pytest.raises(BackendUnavailable, match="metadata service at 127") as caught:
        await ambient(context, yandex)
    assert "YC_SERVICE_ACCOUNT_KEY_FILE" in caught.value.hint


async def test_a_machine_that_is_silent_is_waited_for_a_second(yandex: Service) -> None:
    yandex.hang()
    started = time.monotonic()
    with pytest.raises(BackendUnavailable) as caught:
        await ambient(on_a_machine(yandex), yandex)
    assert time.monotonic() - started < 4
    assert "YC_SERVICE_ACCOUNT_KEY_FILE" in caught.value.hint


def test_grants_are_told_apart_by_whom_they_stand_for(tmp_path: Path) -> None:
    provider, none = YandexProvider(), Credentials()
    (tmp_path / "key.json").write_text(authorized_key())
    plain = make_context({})
    file = make_context({"YC_SERVICE_ACCOUNT_KEY_FILE": str(tmp_path / "key.json")})
    keys = [
        provider.grant_key(entry("https://a.example"), plain),
        provider.grant_key(entry("https://b.example"), plain),
        provider.grant_key(entry("https://a.example", method="json_key"), plain),
        provider.grant_key(entry("https://a.example", credentials=none), plain),
        provider.grant_key(entry("https://a.example", credentials=none), file),
        provider.grant_key(entry("https://a.example", credentials=none, method="metadata"), file),
        provider.grant_key(
            entry("https://a.example", credentials=none), make_context({"YC_METADATA_ADDR": "x"})
        ),
    ]
    assert len(set(map(repr, keys))) == len(keys)
    assert (opaque_sources(plain), opaque_sources(file)) == ({"yandex-metadata"},) * 2
    assert provider.grant_key(entry("https://a.example", None), plain) == keys[0]


def test_look_alikes_reach_the_provider_that_refuses_them() -> None:
    hosts = ("cr.yandex", "cr.yandex.evil.example", "evil.cr.yandex")
    assert {kind_of_host(host) for host in hosts} == {"yandex"}
    assert kind_of_host("xcr.yandex") == "static"
    assert [bool(YandexProvider().validate(entry("https://a.example", h))) for h in hosts] == [
        False,
        True,
        True,
    ]
