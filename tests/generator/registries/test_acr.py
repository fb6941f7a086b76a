"""Azure's registries against stand-ins for Entra ID and the registry's exchange."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
)
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    Unavailable,
)
from generator.registries.acr.provider import AcrProvider
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.azure import (
    CLIENT,
    CLIENT_SECRET,
    HOST,
    MANAGER,
    REGISTRIES,
    Answer,
    Azure,
    azure,
    entra_error,
    registry_error,
)
from tests.parts.azure_certificates import client_certificate
from tests.parts.azure_entries import SECRET, entry, fetched, fields


class TestAcrKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, microsoft: Azure) -> ProviderCase:
        def plan(name: str, *answers: Answer | bytes) -> Callable[[], None]:
            return lambda: microsoft.plans[name].extend(answers)

        def change(**changes: Any) -> Callable[[], None]:
            return lambda: microsoft.exchanged.update(changes)

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "wrong secret": (plan("token", entra_error(7000215)), SecretDenied),
            "expired secret": (plan("token", entra_error(7000222)), SecretDenied),
            "unknown code": (plan("token", entra_error(53003, status=400)), SecretDenied),
            "no role": (plan("exchange", *[registry_error(401, "UNAUTHORIZED")] * 2), AccessDenied),
            "network rules": (plan("exchange", registry_error(403, "DENIED")), AccessDenied),
            "wrong name": (plan("exchange", registry_error(404, "NAME_UNKNOWN")), Misconfigured),
            "Entra ID throttled for ever": (plan("token", *[(429, {})] * 3), BackendUnavailable),
            "Entra ID 500 for ever": (plan("token", *[(500, {})] * 3), BackendUnavailable),
            "registry throttled for ever": (plan("exchange", *[(429, {})] * 3), Unavailable),
            "registry 500 for ever": (plan("exchange", *[(500, {})] * 3), Unavailable),
            "a page of Entra ID": (plan("token", b"<html>" + CANARY.encode()), BadAnswer),
            "a page at 500": (plan("token", *[(500, b"<html>")] * 3), BackendUnavailable),
            "a truncated token": (plan("token", b'{"access_token": "ey'), BadAnswer),
            "a list": (plan("token", (200, [CANARY])), BadAnswer),
            "no token": (plan("token", (200, {"expires_in": 3599})), BadAnswer),
            "an expiry in words": (
                plan("token", (200, {"access_token": CANARY, "expires_in": "soon"})),
                BadAnswer,
            ),
            "a line break in a token": (
                plan("token", (200, {"access_token": f"{CANARY}\n", "expires_in": 3599})),
                BadAnswer,
            ),
            "a redirect": (plan("token", (302, {})), BadAnswer),
            "a redirect of the registry": (plan("exchange", (307, {})), ImplausibleAnswer),
            "a page of the registry": (plan("exchange", b"<html>"), ImplausibleAnswer),
            "truncated": (plan("exchange", b'{"refresh_token": "ey'), ImplausibleAnswer),
            "no JWT": (plan("exchange", (200, {"refresh_token": CANARY})), ImplausibleAnswer),
            "no expiry": (change(exp=None), ImplausibleAnswer),
            "expired": (change(exp=1_000_000_000), ImplausibleAnswer),
            "milliseconds": (change(exp=int(time.time() * 1000)), ImplausibleAnswer),
            "a huge expiry": (change(exp=10**400), ImplausibleAnswer),
            "a hugely negative one": (change(exp=-(10**400)), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=AcrProvider(),
            entry=entry(microsoft, given=fields("client_secret")),
            secrets={"client_secret": Secret(CLIENT_SECRET)},
            environment=microsoft.environment(),
            lifetime_s=10800,
            failures=failures,
            hang=lambda: setattr(microsoft, "delay_s", 5.0),
            throttle=plan("exchange", (429, {})),
            retry_after_s=1,
            bad_entries={
                "no server": entry(microsoft, None),
                "look-alike": entry(microsoft, f"{HOST}.evil.example"),
                "nobody's authority": entry(microsoft, trusted_sources=()),
                "two proofs": entry(microsoft, given=fields("client_secret", "certificate")),
            },
        )


@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        ({"tenant_id": "contoso.example"}, "azure-tenant-unknown"),
        ({"client_id": CLIENT.replace("2", "9")}, "azure-client-unknown"),
    ],
)
async def test_what_entra_id_does_not_know_is_named(
    microsoft: Azure, settings: dict[str, Any], reference: str
) -> None:
    with pytest.raises(SecretDenied) as caught:
        await fetched(microsoft, SECRET, **settings)
    assert caught.value.reference == reference


class TestAudiences:
    def asked(self, microsoft: Azure) -> list[str]:
        return [
            form["scope"].removesuffix("/.default") for form in microsoft.forms if "scope" in form
        ]

    async def test_where_a_registry_takes_only_the_managers_it_gets_that(
        self, microsoft: Azure
    ) -> None:
        microsoft.taken = (MANAGER,)
        await fetched(microsoft, SECRET)
        assert self.asked(microsoft) == [REGISTRIES, MANAGER]

    async def test_where_a_cloud_knows_only_the_managers_it_is_asked_for_that(
        self, microsoft: Azure
    ) -> None:
        microsoft.known = (MANAGER,)
        await fetched(microsoft, SECRET)
        assert self.asked(microsoft) == [REGISTRIES, MANAGER]

    @pytest.mark.parametrize("suffix", ["", "/", "/.default"])
    async def test_one_that_is_written_is_the_only_one(self, microsoft: Azure, suffix: str) -> None:
        microsoft.taken = (REGISTRIES,)
        with pytest.raises(AccessDenied) as caught:
            await fetched(microsoft, SECRET, audience=f"{MANAGER}{suffix}")
        assert caught.value.reference == "acr-not-authorized"
        assert "AcrPull" in caught.value.hint
        assert self.asked(microsoft) == [MANAGER]

    async def test_no_other_denial_is_asked_twice(self, microsoft: Azure) -> None:
        with pytest.raises(SecretDenied):
            await fetched(microsoft, {"client_secret": "wrong"})
        assert self.asked(microsoft) == [REGISTRIES]

    async def test_one_that_is_unknown_is_told(self, microsoft: Azure) -> None:
        with pytest.raises(SecretDenied) as caught:
            await fetched(microsoft, SECRET, audience="https://other.example")
        assert caught.value.reference == "azure-resource-unknown"


@pytest.mark.parametrize("name", ["token", "exchange"])
async def test_what_can_heal_heals(microsoft: Azure, name: str) -> None:
    microsoft.plans[name].extend([(503, {}), (429, {})])
    await fetched(microsoft, SECRET)
    assert len(microsoft.paths) == 4


class TestClocks:
    async def test_the_expiry_is_corrected_and_the_difference_kept(self, microsoft: Azure) -> None:
        microsoft.date_offset_s = 600
        grant = await fetched(microsoft, SECRET)
        assert grant.expires_at is not None
        assert abs((grant.expires_at - grant.requested_at).total_seconds() - 10800) < 4
        assert 595 < grant.clock_skew_s < 605

    @pytest.mark.parametrize(("offset_s", "side"), [(610, "10 min behind"), (-610, "10 min ahead")])
    async def test_one_that_is_off_is_named_where_it_spoils_a_signature(
        self, microsoft: Azure, offset_s: float, side: str
    ) -> None:
        microsoft.date_offset_s = offset_s
        with pytest.raises(SecretDenied, match=side) as caught:
            await fetched(microsoft, {"certificate": client_certificate().pem()})
        assert caught.value.reference == "azure-clock-wrong"


async def test_a_name_that_does_not_resolve_is_probably_a_wrong_one(microsoft: Azure) -> None:
    with pytest.raises(Unavailable) as caught:
        await fetched(microsoft, SECRET, endpoint="https://contsoo.invalid")
    assert caught.value.reference == "acr-host-unknown"
    assert "registry's name" in caught.value.hint


async def test_a_registry_that_is_not_there_is_no_wrong_name(microsoft: Azure) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        await fetched(microsoft, SECRET, endpoint="https://127.0.0.1:1")
    assert caught.value.reference == "connection-refused"


async def test_an_untrusted_certificate_gets_no_secret(microsoft: Azure, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with azure(tmp_path / "other") as other, pytest.raises(BackendUnavailable) as caught:
        await fetched(microsoft, SECRET, environment={"SSL_CERT_FILE": other.ca_file})
    assert caught.value.reference == "tls-not-trusted"
    assert microsoft.paths == []


async def test_without_azure_identity_the_message_says_what_to_install(
    microsoft: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "azure.identity.aio", None)
    with pytest.raises(BackendMisconfigured) as caught:
        await fetched(microsoft, SECRET)
    assert caught.value.reference == "azure-identity-missing"
    assert "dockercfg-generator[azure]" in caught.value.hint
