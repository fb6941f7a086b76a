"""Azure's registries against stand-ins for Entra ID and the registry's exchange."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
    SecretNotFound,
)
from backends.testing import make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    Unavailable,
)
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.acr import AcrProvider
from generator.registries.acr_entry import AcrOptions
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.azure import (
    CLIENT,
    CLIENT_SECRET,
    HOST,
    MANAGER,
    REGISTRIES,
    SUBJECT,
    TENANT,
    Answer,
    Azure,
    azure,
    entra_error,
    job_jwt,
    registry_error,
)
from tests.parts.azure_certificates import client_certificate
from tests.parts.ci_server import running_ci_server

SECRET = {"client_secret": CLIENT_SECRET}
TOKEN_PATH = f"/{TENANT}/oauth2/v2.0/token"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


def entry(
    cloud: Azure, server: str | None = HOST, *, given: Credentials | None = None, **options: Any
) -> RegistryEntry:
    settings = {
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "authority": cloud.url,
        "trusted_sources": (cloud.url,),
        "endpoint": cloud.url,
        **options,
    }
    known = {name: value for name, value in settings.items() if value is not None}
    return RegistryEntry(
        "acr", "acr", server, AcrOptions(**known), credentials=given or Credentials()
    )


def fields(*names: str) -> Credentials:
    return Credentials(fields={name: SecretRef("env", name) for name in names})


async def fetched(
    cloud: Azure,
    secrets: dict[str, str],
    *,
    environment: dict[str, str] | None = None,
    **settings: Any,
) -> Grant:
    request = GrantRequest(
        entry(cloud, **settings), {name: Secret(value) for name, value in secrets.items()}
    )
    return await AcrProvider().fetch(
        request, make_context(cloud.environment(**(environment or {})))
    )


class TestAcrKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, cloud: Azure) -> ProviderCase:
        def plan(name: str, *answers: Answer | bytes) -> Callable[[], None]:
            return lambda: cloud.plans[name].extend(answers)

        def change(**changes: Any) -> Callable[[], None]:
            return lambda: cloud.exchanged.update(changes)

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
            entry=entry(cloud, given=fields("client_secret")),
            secrets={"client_secret": Secret(CLIENT_SECRET)},
            environment=cloud.environment(),
            lifetime_s=10800,
            failures=failures,
            hang=lambda: setattr(cloud, "delay_s", 5.0),
            throttle=plan("exchange", (429, {})),
            retry_after_s=1,
            bad_entries={
                "no server": entry(cloud, None),
                "look-alike": entry(cloud, f"{HOST}.evil.example"),
                "nobody's authority": entry(cloud, trusted_sources=()),
                "two proofs": entry(cloud, given=fields("client_secret", "certificate")),
            },
        )


@pytest.mark.parametrize(
    "secrets",
    [
        SECRET,
        {"certificate": client_certificate().pem()},
        {"certificate": client_certificate().pem("pw"), "certificate_password": "pw"},
        {"certificate": base64.b64encode(client_certificate().pkcs12("pw")).decode()}
        | {"certificate_password": "pw"},
        {"federated_token": job_jwt()},
    ],
    ids=["secret", "pem", "encrypted pem", "pkcs12", "federated"],
)
async def test_each_proof_earns_the_registrys_token_by_two_calls(
    cloud: Azure, secrets: dict[str, str]
) -> None:
    grant = await fetched(cloud, secrets)
    assert grant.username == "00000000-0000-0000-0000-000000000000"
    assert grant.secret.reveal().startswith("e30.")
    assert grant.endpoint == cloud.url
    # no discovery of any kind beside
    assert cloud.paths == [TOKEN_PATH, "/oauth2/exchange"]
    assert cloud.forms[-1]["tenant"] == TENANT


async def test_the_ids_may_stand_in_the_secret(cloud: Azure) -> None:
    secrets = {**SECRET, "tenant_id": TENANT, "client_id": f"{CLIENT}\n"}
    whole = Credentials(SecretRef("vault", "secret/azure"))
    await fetched(cloud, secrets, tenant_id=None, client_id=None, given=whole)
    assert cloud.paths == [TOKEN_PATH, "/oauth2/exchange"]


async def test_a_document_without_a_proof_never_borrows_the_environments(cloud: Azure) -> None:
    environment = {"AZURE_CLIENT_SECRET": CLIENT_SECRET}
    whole = Credentials(SecretRef("vault", "secret/azure"))
    with pytest.raises(BackendMisconfigured, match="no field client_secret and none certificate"):
        await fetched(cloud, {"client_id": CLIENT}, environment=environment, given=whole)
    assert cloud.paths == []


async def test_a_certificates_chain_is_shown_if_the_entry_says_so(cloud: Azure) -> None:
    import jwt

    pair, issuer = client_certificate(), client_certificate(1)
    secrets = {"certificate": issuer.certificate_pem + pair.pem()}
    for wanted in (True, False):
        await fetched(cloud, secrets, send_certificate_chain=wanted)
        form = next(form for form in reversed(cloud.forms) if "client_assertion" in form)
        header = jwt.get_unverified_header(form["client_assertion"])
        assert len(header.get("x5c", [])) == (2 if wanted else 0)


async def test_a_certificate_of_another_application_is_told(cloud: Azure) -> None:
    with pytest.raises(SecretDenied) as caught:
        await fetched(cloud, {"certificate": client_certificate(2).pem()})
    assert caught.value.reference == "azure-certificate-unknown"


class TestVariables:
    async def test_a_secret(self, cloud: Azure) -> None:
        environment = cloud.principal(AZURE_CLIENT_SECRET=CLIENT_SECRET)
        await fetched(cloud, {}, tenant_id=None, client_id=None, environment=environment)
        assert cloud.forms[0]["client_secret"] == CLIENT_SECRET

    @pytest.mark.parametrize("encoded", [True, False], ids=["pkcs12", "pem"])
    async def test_a_certificates_file(
        self, cloud: Azure, tmp_path: Path, *, encoded: bool
    ) -> None:
        path, pair = tmp_path / "certificate", client_certificate()
        path.write_bytes(pair.pkcs12("pw") if encoded else pair.pem("pw").encode())
        environment = cloud.principal(
            AZURE_CLIENT_CERTIFICATE_PATH=str(path),
            AZURE_CLIENT_CERTIFICATE_PASSWORD="pw",
            AZURE_CLIENT_SEND_CERTIFICATE_CHAIN="true",
        )
        await fetched(cloud, {}, tenant_id=None, client_id=None, environment=environment)
        assert "client_assertion" in cloud.forms[0]

    async def test_a_federated_tokens_file_is_read_each_time(
        self, cloud: Azure, tmp_path: Path
    ) -> None:
        path = tmp_path / "token"
        environment = cloud.principal(AZURE_FEDERATED_TOKEN_FILE=str(path))
        for number in ("1", "2"):
            path.write_text(job_jwt(jti=number) + "\n")
            await fetched(cloud, {}, tenant_id=None, client_id=None, environment=environment)
        assertions = {form["client_assertion"] for form in cloud.forms if "scope" in form}
        assert len(assertions) == 2

    async def test_an_entry_wins_over_them(self, cloud: Azure) -> None:
        other = {
            "AZURE_TENANT_ID": "other.example",
            "AZURE_CLIENT_ID": "x",
            "AZURE_CLIENT_SECRET": "x",
            "AZURE_AUTHORITY_HOST": "https://nowhere.invalid",
        }
        await fetched(cloud, SECRET, environment=other)
        assert cloud.paths == [TOKEN_PATH, "/oauth2/exchange"]

    @pytest.mark.parametrize("bare", [True, False])
    async def test_the_authority_may_be_a_bare_host(self, cloud: Azure, *, bare: bool) -> None:
        url = cloud.url.removeprefix("https://") if bare else f"{cloud.url}/"
        environment = {"AZURE_AUTHORITY_HOST": url}
        options = {"authority": None, "trusted_sources": None}
        grant = await fetched(cloud, SECRET, environment=environment, **options)
        assert grant.endpoint == cloud.url

    async def test_an_authority_without_tls_is_refused(self, cloud: Azure) -> None:
        environment = {"AZURE_AUTHORITY_HOST": "http://127.0.0.1:1"}
        with pytest.raises(BackendMisconfigured, match="AZURE_AUTHORITY_HOST"):
            await fetched(cloud, SECRET, environment=environment, authority=None)

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"tenant_id": None}, "tenant_id"),
            ({"client_id": None}, "client_id"),
        ],
    )
    async def test_an_id_that_nobody_says_is_named(
        self, cloud: Azure, settings: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(SecretNotFound, match=says):
            await fetched(cloud, SECRET, **settings)
        assert cloud.paths == []

    async def test_an_id_of_no_form_is_told_without_being_shown(self, cloud: Azure) -> None:
        secrets = {**SECRET, "client_id": f"{CANARY}"}
        with pytest.raises(BackendMisconfigured, match="client_id has a form") as caught:
            await fetched(cloud, secrets, client_id=None)
        assert CANARY not in caught.value.message

    async def test_an_application_that_nothing_proves_is_told(self, cloud: Azure) -> None:
        with pytest.raises(SecretNotFound, match="no CI") as caught:
            await fetched(cloud, {})
        assert caught.value.reference == "azure-proof-missing"
        with pytest.raises(SecretNotFound, match="no CI"):
            AcrProvider().grant_key(entry(cloud), make_context({}))

    async def test_a_ci_whose_job_may_not_have_a_token_says_so_itself(self, cloud: Azure) -> None:
        with pytest.raises(SecretNotFound) as caught:
            await fetched(cloud, {}, environment={"GITHUB_ACTIONS": "true"})
        assert caught.value.reference == "ci-token-missing"

    async def test_a_method_without_its_proof_says_which(self, cloud: Azure) -> None:
        with pytest.raises(SecretNotFound, match="AZURE_CLIENT_CERTIFICATE_PATH is not set"):
            await fetched(cloud, {}, method="certificate")


async def test_the_cis_own_token_proves_an_application_that_has_no_other(cloud: Azure) -> None:
    with running_ci_server({"value": job_jwt()}) as ci:
        environment = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ci.url}/?x=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        }
        await fetched(cloud, {}, environment=environment)
        assert ci.calls[0].query["audience"] == ["api://AzureADTokenExchange"]
    assert cloud.paths == [TOKEN_PATH, "/oauth2/exchange"]


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ({"iss": "https://other"}, "azure-federation-refused"),
        ({"aud": "other"}, "azure-federation-refused"),
        ({"subject": f"{SUBJECT}b"}, "azure-federation-refused"),
        ({"exp": 1_000_000_000}, "azure-assertion-expired"),
    ],
)
async def test_a_jobs_token_that_does_not_match_is_told(
    cloud: Azure, changes: dict[str, Any], reference: str
) -> None:
    with pytest.raises(SecretDenied) as caught:
        await fetched(cloud, {"federated_token": job_jwt(**changes)})
    assert caught.value.reference == reference


@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        ({"tenant_id": "contoso.example"}, "azure-tenant-unknown"),
        ({"client_id": CLIENT.replace("2", "9")}, "azure-client-unknown"),
    ],
)
async def test_what_entra_id_does_not_know_is_named(
    cloud: Azure, settings: dict[str, Any], reference: str
) -> None:
    with pytest.raises(SecretDenied) as caught:
        await fetched(cloud, SECRET, **settings)
    assert caught.value.reference == reference


class TestAudiences:
    def asked(self, cloud: Azure) -> list[str]:
        return [form["scope"].removesuffix("/.default") for form in cloud.forms if "scope" in form]

    async def test_where_a_registry_takes_only_the_managers_it_gets_that(
        self, cloud: Azure
    ) -> None:
        cloud.taken = (MANAGER,)
        await fetched(cloud, SECRET)
        assert self.asked(cloud) == [REGISTRIES, MANAGER]

    async def test_where_a_cloud_knows_only_the_managers_it_is_asked_for_that(
        self, cloud: Azure
    ) -> None:
        cloud.known = (MANAGER,)
        await fetched(cloud, SECRET)
        assert self.asked(cloud) == [REGISTRIES, MANAGER]

    @pytest.mark.parametrize("suffix", ["", "/", "/.default"])
    async def test_one_that_is_written_is_the_only_one(self, cloud: Azure, suffix: str) -> None:
        cloud.taken = (REGISTRIES,)
        with pytest.raises(AccessDenied) as caught:
            await fetched(cloud, SECRET, audience=f"{MANAGER}{suffix}")
        assert caught.value.reference == "acr-not-authorized"
        assert "AcrPull" in caught.value.hint
        assert self.asked(cloud) == [MANAGER]

    async def test_no_other_denial_is_asked_twice(self, cloud: Azure) -> None:
        with pytest.raises(SecretDenied):
            await fetched(cloud, {"client_secret": "wrong"})
        assert self.asked(cloud) == [REGISTRIES]

    async def test_one_that_is_unknown_is_told(self, cloud: Azure) -> None:
        with pytest.raises(SecretDenied) as caught:
            await fetched(cloud, SECRET, audience="https://other.example")
        assert caught.value.reference == "azure-resource-unknown"


@pytest.mark.parametrize("name", ["token", "exchange"])
async def test_what_can_heal_heals(cloud: Azure, name: str) -> None:
    cloud.plans[name].extend([(503, {}), (429, {})])
    await fetched(cloud, SECRET)
    assert len(cloud.paths) == 4


class TestClocks:
    async def test_the_expiry_is_corrected_and_the_difference_kept(self, cloud: Azure) -> None:
        cloud.date_offset_s = 600
        grant = await fetched(cloud, SECRET)
        assert grant.expires_at is not None
        assert abs((grant.expires_at - grant.requested_at).total_seconds() - 10800) < 4
        assert 595 < grant.clock_skew_s < 605

    @pytest.mark.parametrize(("offset_s", "side"), [(610, "10 min behind"), (-610, "10 min ahead")])
    async def test_one_that_is_off_is_named_where_it_spoils_a_signature(
        self, cloud: Azure, offset_s: float, side: str
    ) -> None:
        cloud.date_offset_s = offset_s
        with pytest.raises(SecretDenied, match=side) as caught:
            await fetched(cloud, {"certificate": client_certificate().pem()})
        assert caught.value.reference == "azure-clock-wrong"


async def test_a_name_that_does_not_resolve_is_probably_a_wrong_one(cloud: Azure) -> None:
    with pytest.raises(Unavailable) as caught:
        await fetched(cloud, SECRET, endpoint="https://contsoo.invalid")
    assert caught.value.reference == "acr-host-unknown"
    assert "registry's name" in caught.value.hint


async def test_a_registry_that_is_not_there_is_no_wrong_name(cloud: Azure) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        await fetched(cloud, SECRET, endpoint="https://127.0.0.1:1")
    assert caught.value.reference == "connection-refused"


async def test_an_untrusted_certificate_gets_no_secret(cloud: Azure, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with azure(tmp_path / "other") as other, pytest.raises(BackendUnavailable) as caught:
        await fetched(cloud, SECRET, environment={"SSL_CERT_FILE": other.ca_file})
    assert caught.value.reference == "tls-not-trusted"
    assert cloud.paths == []


async def test_without_azure_identity_the_message_says_what_to_install(
    cloud: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "azure.identity.aio", None)
    with pytest.raises(BackendMisconfigured) as caught:
        await fetched(cloud, SECRET)
    assert caught.value.reference == "azure-identity-missing"
    assert "dockercfg-generator[azure]" in caught.value.hint
