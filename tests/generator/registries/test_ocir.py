"""Oracle's registry against a loopback server that verifies signatures as Oracle documents them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backends.base import Secret, SecretRef
from backends.errors import BackendError, SecretNotFound
from backends.jwt_identity import claims_of
from backends.testing import make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.loader import kind_of_host
from generator.registries.ocir.provider import OcirOptions, OcirProvider
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.azure import unsigned_jwt
from tests.parts.keys import elliptic, pkcs1, pkcs8
from tests.parts.oracle import (
    LIFETIME_S,
    TENANCY,
    USER,
    fingerprint,
    not_authenticated,
    registry,
)
from tests.parts.service import PAGE, Service, Told, service

KEY = Credentials(fields={"private_key": SecretRef("env", "KEY")})
VARIABLES = {
    "OCI_CLI_TENANCY": TENANCY,
    "OCI_CLI_USER": USER,
    "OCI_CLI_FINGERPRINT": fingerprint().upper(),
    "OCI_CLI_KEY_CONTENT": pkcs8(),
}


@pytest.fixture(name="oracle")
def stand_in_for_the_registry() -> Iterator[Service]:
    with service(registry) as made:
        yield made


def entry(
    endpoint: str | None,
    server: str | None = "fra.ocir.io",
    credentials: Credentials = KEY,
    **more: Any,
) -> RegistryEntry:
    named = {"tenancy": TENANCY, "user": USER} if credentials.references else {}
    options = OcirOptions(endpoint=endpoint, **{**named, **more})
    return RegistryEntry("ocir", "ocir", server, options, credentials=credentials)


async def fetched(oracle: Service, key: str | None = None, **more: Any) -> Grant:
    secrets = {"private_key": Secret(key or pkcs8(CANARY)), "passphrase": Secret(CANARY)}
    made = entry(oracle.url, **more)
    return await OcirProvider().fetch(GrantRequest(made, secrets), make_context({}))


async def ambient(oracle: Service, environment: dict[str, str], **more: Any) -> Grant:
    made = entry(oracle.url, credentials=Credentials(), **more)
    return await OcirProvider().fetch(GrantRequest(made, {}), make_context(environment))


class TestOcirKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, oracle: Service) -> ProviderCase:
        def told(**claims: Any) -> Any:
            return oracle.fail(Told(200, {"token": unsigned_jwt(claims)}))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "refused": (oracle.fail(not_authenticated()), AccessDenied),
            "no policy": (oracle.fail(Told(403, {"message": CANARY})), AccessDenied),
            "not there for us": (oracle.fail(Told(404, {"message": CANARY})), AccessDenied),
            "throttled for ever": (oracle.fail_for_ever(429), Unavailable),
            "500 for ever": (oracle.fail_for_ever(500), Unavailable),
            "a page": (oracle.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (oracle.fail(Told(200, {"access": "x"})), ImplausibleAnswer),
            "no expiry": (told(sub=USER), ImplausibleAnswer),
            "no JWT": (oracle.fail(Told(200, {"token": CANARY})), ImplausibleAnswer),
            "expired": (told(exp=1_000_000_000), ImplausibleAnswer),
            "milliseconds": (told(exp=int(oracle.now() * 1000)), ImplausibleAnswer),
            "no time at all": (told(exp=None), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=OcirProvider(),
            entry=entry(oracle.url),
            secrets={"private_key": Secret(pkcs8(CANARY)), "passphrase": Secret(CANARY)},
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=oracle.hang,
            throttle=oracle.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(oracle.url, None),
                "a look-alike": entry(oracle.url, "fra.ocir.io.evil.example"),
                "no tenancy": entry(oracle.url, tenancy=None),
                "no user": entry(oracle.url, user=None),
                "no key": entry(
                    oracle.url,
                    credentials=Credentials(fields={"passphrase": SecretRef("env", "P")}),
                ),
            },
        )


async def test_a_signed_request_is_answered_with_a_token(oracle: Service) -> None:
    grant = await fetched(oracle)
    assert (grant.username, grant.endpoint) == ("BEARER_TOKEN", oracle.url)
    assert (claims_of(grant.secret) or {})["sub"] == USER
    assert [(each.method, each.path, each.body) for each in oracle.asked] == [
        ("GET", "/20180419/docker/token", b"")
    ]


@pytest.mark.parametrize("named", [fingerprint(), fingerprint().upper()], ids=["lower", "upper"])
async def test_a_fingerprint_may_be_named(named: str, oracle: Service) -> None:
    assert (await fetched(oracle, fingerprint=named)).username == "BEARER_TOKEN"


async def test_another_keys_fingerprint_is_said_before_anything_is_sent(oracle: Service) -> None:
    other = ":".join(["00"] * 16)
    with pytest.raises(Misconfigured) as caught:
        await fetched(oracle, fingerprint=other)
    assert caught.value.reference == "ocir-fingerprint-mismatch"
    assert fingerprint() in caught.value.hint
    assert oracle.asked == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (pkcs8()[:700], "is cut off"),
        (elliptic(), "is not an RSA key"),
        (pkcs8("other"), "its pass phrase is wrong"),
        (pkcs1("other"), "its pass phrase is wrong"),
        (CANARY, "is neither PEM"),
    ],
)
async def test_a_key_that_is_none_is_said_before_anything_is_sent(
    key: str, said: str, oracle: Service
) -> None:
    with pytest.raises(Misconfigured, match=said) as caught:
        await fetched(oracle, key)
    assert (caught.value.reference, CANARY in str(caught.value)) == ("ocir-key-unusable", False)
    assert oracle.asked == []


async def test_a_document_without_a_key_names_what_is_missing(oracle: Service) -> None:
    made = entry(oracle.url, credentials=Credentials(document=SecretRef("vault", "oci")))
    assert OcirProvider().validate(made) == []
    with pytest.raises(SecretMissing, match="no field private_key"):
        await OcirProvider().fetch(GrantRequest(made, {}), make_context({}))


@pytest.mark.parametrize(("ahead_s", "said"), [(600, "behind"), (-600, "ahead")])
async def test_a_clock_ten_minutes_off_is_named(ahead_s: float, said: str, oracle: Service) -> None:
    oracle.date_offset_s = ahead_s
    with pytest.raises(AccessDenied, match=rf"clock is \d+ s {said}") as caught:
        await fetched(oracle)
    assert caught.value.reference == "ocir-clock-wrong"


async def test_a_clock_four_minutes_off_is_corrected_for(oracle: Service) -> None:
    oracle.date_offset_s = 240
    grant = await fetched(oracle)
    assert grant.clock_skew_s == pytest.approx(240, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_a_token_that_says_no_expiry_is_believed_by_the_answers(oracle: Service) -> None:
    oracle.fail(Told(200, {"token": unsigned_jwt({"sub": USER}), "expires_in": 900}))()
    grant = await fetched(oracle)
    assert grant.expires_at == grant.requested_at + timedelta(seconds=900)


async def test_a_tokens_own_expiry_counts_first(oracle: Service) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    token = unsigned_jwt({"exp": until.timestamp()})
    oracle.fail(Told(200, {"token": token, "expires_in": 60}))()
    assert (await fetched(oracle)).expires_at == until


async def test_the_variables_of_oracles_cli_are_the_default(
    oracle: Service, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text(pkcs1(CANARY))
    encrypted = {"OCI_CLI_KEY_FILE": str(tmp_path / "key.pem"), "OCI_CLI_PASSPHRASE": CANARY}
    named = {"OCI_CLI_KEY_CONTENT": pkcs8()}
    assert OcirProvider().validate(entry(None, credentials=Credentials())) == []
    grants = [
        await ambient(oracle, VARIABLES),
        await ambient(oracle, {**VARIABLES, "OCI_CLI_KEY_CONTENT": "", **encrypted}),
        await ambient(oracle, named, tenancy=TENANCY, user=USER),
    ]
    assert {grant.username for grant in grants} == {"BEARER_TOKEN"}


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"OCI_CLI_USER": ""}, SecretMissing, "not set: OCI_CLI_USER$"),
        ({"OCI_CLI_KEY_CONTENT": ""}, SecretMissing, "not set: OCI_CLI_KEY_CONTENT$"),
        ({"OCI_CLI_USER": TENANCY}, Misconfigured, "not of the form .*: OCI_CLI_USER$"),
        ({"OCI_CLI_TENANCY": f'x"{CANARY}'}, Misconfigured, "not of the form .*: OCI_CLI_TENANCY$"),
        (
            {"OCI_CLI_FINGERPRINT": "aa:bb"},
            Misconfigured,
            "not of the form .*: OCI_CLI_FINGERPRINT$",
        ),
        (
            {"OCI_CLI_KEY_CONTENT": "", "OCI_CLI_KEY_FILE": "/no/key.pem"},
            SecretNotFound,
            "/no/key.pem does not exist",
        ),
    ],
)
async def test_variables_that_can_not_be_used_are_named(
    changes: dict[str, str], error: type[Exception], said: str, oracle: Service
) -> None:
    context = make_context({**VARIABLES, **changes})
    with pytest.raises(error, match=said) as caught:
        OcirProvider().grant_key(entry(oracle.url, credentials=Credentials()), context)
    assert CANARY not in f"{caught.value}{caught.value.__cause__!r}"
    with pytest.raises(error, match=said):
        await ambient(oracle, {**VARIABLES, **changes})
    assert oracle.asked == []


@pytest.mark.parametrize(
    "options",
    [
        {"tenancy": USER},
        {"user": TENANCY},
        {"user": "jane@example.com"},
        {"tenancy": f'{TENANCY}",x="'},
        {"fingerprint": "20:3b"},
        {"fingerprint": "SHA256:aaaa"},
    ],
)
def test_options_of_another_form_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OcirOptions(**options)


def test_grants_are_told_apart_by_registry_and_by_whose_key_it_is() -> None:
    provider, plain, none = OcirProvider(), make_context({}), Credentials()
    made = entry(None)
    keys = [
        provider.grant_key(made, plain),
        provider.grant_key(replace(made, server="phx.ocir.io"), plain),
        provider.grant_key(entry("https://a.example"), plain),
        provider.grant_key(entry(None, tenancy=f"{TENANCY}2"), plain),
        provider.grant_key(entry(None, user=f"{USER}2"), plain),
        provider.grant_key(entry(None, fingerprint=fingerprint()), plain),
        provider.grant_key(entry(None, credentials=none), make_context(VARIABLES)),
    ]
    assert len(set(keys)) == len(keys)
    for changes in ({"OCI_CLI_KEY_CONTENT": pkcs1()}, {"OCI_CLI_USER": f"{USER}2"}):
        other = make_context({**VARIABLES, **changes})
        assert provider.grant_key(entry(None, credentials=none), other) not in keys


def test_oracles_hosts_are_known_and_look_alikes_refused() -> None:
    own = ["fra.ocir.io", "eu-frankfurt-1.ocir.io", "ocir.eu-frankfurt-1.oci.oraclecloud.com"]
    own += ("ocir.eu-frankfurt-2.oci.oraclecloud.eu", "ocir.uk-gov-london-1.oci.oraclegovcloud.uk")
    alike = ["ocir.io", "fra.ocir.io.evil.example", "ocir.x.oci.oraclecloud.com.evil.example"]
    alike += ("ocir.x.oci.oraclecloud99.com", "a.b.ocir.io")
    assert {kind_of_host(host) for host in (*own, *alike)} == {"ocir"}
    assert kind_of_host("xocir.io") == "static"
    provider = OcirProvider()
    assert [host for host in own if provider.validate(entry(None, host))] == []
    assert [host for host in alike if not provider.validate(entry(None, host))] == []
