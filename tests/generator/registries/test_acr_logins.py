"""How an application proves itself to Entra ID, and where the proof comes from."""

import base64
from pathlib import Path
from typing import Any

import pytest

from backends.base import SecretRef
from backends.errors import (
    BackendMisconfigured,
    SecretDenied,
    SecretNotFound,
)
from backends.testing import make_context
from generator.model import Credentials
from generator.registries.acr.provider import AcrProvider
from generator.testing import CANARY
from tests.parts.azure import (
    CLIENT,
    CLIENT_SECRET,
    SUBJECT,
    TENANT,
    Azure,
    job_jwt,
)
from tests.parts.azure_certificates import client_certificate
from tests.parts.azure_entries import SECRET, TOKEN_PATH, entry, fetched
from tests.parts.ci_server import running_ci_server


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
    microsoft: Azure, secrets: dict[str, str]
) -> None:
    grant = await fetched(microsoft, secrets)
    assert grant.username == "00000000-0000-0000-0000-000000000000"
    assert grant.secret.reveal().startswith("e30.")
    assert grant.endpoint == microsoft.url
    # no discovery of any kind beside
    assert microsoft.paths == [TOKEN_PATH, "/oauth2/exchange"]
    assert microsoft.forms[-1]["tenant"] == TENANT


async def test_the_ids_may_stand_in_the_secret(microsoft: Azure) -> None:
    secrets = {**SECRET, "tenant_id": TENANT, "client_id": f"{CLIENT}\n"}
    whole = Credentials(SecretRef("vault", "secret/azure"))
    await fetched(microsoft, secrets, tenant_id=None, client_id=None, given=whole)
    assert microsoft.paths == [TOKEN_PATH, "/oauth2/exchange"]


async def test_a_document_without_a_proof_never_borrows_the_environments(microsoft: Azure) -> None:
    environment = {"AZURE_CLIENT_SECRET": CLIENT_SECRET}
    whole = Credentials(SecretRef("vault", "secret/azure"))
    with pytest.raises(BackendMisconfigured, match="no field client_secret and none certificate"):
        await fetched(microsoft, {"client_id": CLIENT}, environment=environment, given=whole)
    assert microsoft.paths == []


async def test_a_certificates_chain_is_shown_if_the_entry_says_so(microsoft: Azure) -> None:
    import jwt

    pair, issuer = client_certificate(), client_certificate(1)
    secrets = {"certificate": issuer.certificate_pem + pair.pem()}
    for wanted in (True, False):
        await fetched(microsoft, secrets, send_certificate_chain=wanted)
        form = next(form for form in reversed(microsoft.forms) if "client_assertion" in form)
        header = jwt.get_unverified_header(form["client_assertion"])
        assert len(header.get("x5c", [])) == (2 if wanted else 0)


async def test_a_certificate_of_another_application_is_told(microsoft: Azure) -> None:
    with pytest.raises(SecretDenied) as caught:
        await fetched(microsoft, {"certificate": client_certificate(2).pem()})
    assert caught.value.reference == "azure-certificate-unknown"


class TestVariables:
    async def test_a_secret(self, microsoft: Azure) -> None:
        environment = microsoft.principal(AZURE_CLIENT_SECRET=CLIENT_SECRET)
        await fetched(microsoft, {}, tenant_id=None, client_id=None, environment=environment)
        assert microsoft.forms[0]["client_secret"] == CLIENT_SECRET

    @pytest.mark.parametrize("encoded", [True, False], ids=["pkcs12", "pem"])
    async def test_a_certificates_file(
        self, microsoft: Azure, tmp_path: Path, *, encoded: bool
    ) -> None:
        path, pair = tmp_path / "certificate", client_certificate()
        path.write_bytes(pair.pkcs12("pw") if encoded else pair.pem("pw").encode())
        environment = microsoft.principal(
            AZURE_CLIENT_CERTIFICATE_PATH=str(path),
            AZURE_CLIENT_CERTIFICATE_PASSWORD="pw",
            AZURE_CLIENT_SEND_CERTIFICATE_CHAIN="true",
        )
        await fetched(microsoft, {}, tenant_id=None, client_id=None, environment=environment)
        assert "client_assertion" in microsoft.forms[0]

    async def test_a_federated_tokens_file_is_read_each_time(
        self, microsoft: Azure, tmp_path: Path
    ) -> None:
        path = tmp_path / "token"
        environment = microsoft.principal(AZURE_FEDERATED_TOKEN_FILE=str(path))
        for number in ("1", "2"):
            path.write_text(job_jwt(jti=number) + "\n")
            await fetched(microsoft, {}, tenant_id=None, client_id=None, environment=environment)
        assertions = {form["client_assertion"] for form in microsoft.forms if "scope" in form}
        assert len(assertions) == 2

    async def test_an_entry_wins_over_them(self, microsoft: Azure) -> None:
        other = {
            "AZURE_TENANT_ID": "other.example",
            "AZURE_CLIENT_ID": "x",
            "AZURE_CLIENT_SECRET": "x",
            "AZURE_AUTHORITY_HOST": "https://nowhere.invalid",
        }
        await fetched(microsoft, SECRET, environment=other)
        assert microsoft.paths == [TOKEN_PATH, "/oauth2/exchange"]

    @pytest.mark.parametrize("bare", [True, False])
    async def test_the_authority_may_be_a_bare_host(self, microsoft: Azure, *, bare: bool) -> None:
        url = microsoft.url.removeprefix("https://") if bare else f"{microsoft.url}/"
        environment = {"AZURE_AUTHORITY_HOST": url}
        options = {"authority": None, "trusted_sources": None}
        grant = await fetched(microsoft, SECRET, environment=environment, **options)
        assert grant.endpoint == microsoft.url

    async def test_an_authority_without_tls_is_refused(self, microsoft: Azure) -> None:
        environment = {"AZURE_AUTHORITY_HOST": "http://127.0.0.1:1"}
        with pytest.raises(BackendMisconfigured, match="AZURE_AUTHORITY_HOST"):
            await fetched(microsoft, SECRET, environment=environment, authority=None)

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"tenant_id": None}, "tenant_id"),
            ({"client_id": None}, "client_id"),
        ],
    )
    async def test_an_id_that_nobody_says_is_named(
        self, microsoft: Azure, settings: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(SecretNotFound, match=says):
            await fetched(microsoft, SECRET, **settings)
        assert microsoft.paths == []

    async def test_an_id_of_no_form_is_told_without_being_shown(self, microsoft: Azure) -> None:
        secrets = {**SECRET, "client_id": f"{CANARY}"}
        with pytest.raises(BackendMisconfigured, match="client_id has a form") as caught:
            await fetched(microsoft, secrets, client_id=None)
        assert CANARY not in caught.value.message

    async def test_an_application_that_nothing_proves_is_told(self, microsoft: Azure) -> None:
        with pytest.raises(SecretNotFound, match="no CI") as caught:
            await fetched(microsoft, {})
        assert caught.value.reference == "azure-proof-missing"
        with pytest.raises(SecretNotFound, match="no CI"):
            AcrProvider().grant_key(entry(microsoft), make_context({}))

    async def test_a_ci_whose_job_may_not_have_a_token_says_so_itself(
        self, microsoft: Azure
    ) -> None:
        with pytest.raises(SecretNotFound) as caught:
            await fetched(microsoft, {}, environment={"GITHUB_ACTIONS": "true"})
        assert caught.value.reference == "ci-token-missing"

    async def test_a_method_without_its_proof_says_which(self, microsoft: Azure) -> None:
        with pytest.raises(SecretNotFound, match="AZURE_CLIENT_CERTIFICATE_PATH is not set"):
            await fetched(microsoft, {}, method="certificate")


async def test_the_cis_own_token_proves_an_application_that_has_no_other(microsoft: Azure) -> None:
    with running_ci_server({"value": job_jwt()}) as ci:
        environment = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ci.url}/?x=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        }
        await fetched(microsoft, {}, environment=environment)
        assert ci.calls[0].query["audience"] == ["api://AzureADTokenExchange"]
    assert microsoft.paths == [TOKEN_PATH, "/oauth2/exchange"]


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
    microsoft: Azure, changes: dict[str, Any], reference: str
) -> None:
    with pytest.raises(SecretDenied) as caught:
        await fetched(microsoft, {"federated_token": job_jwt(**changes)})
    assert caught.value.reference == reference
