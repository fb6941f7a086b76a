"""Tokens that Vault issues itself, through the command: the recipes of the documentation."""

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backends.vault.vault import Vault
from tests.docs.kinds import PAGES
from tests.e2e.command import CANARY, Ran, run
from tests.parts.openbao import OpenBao, dev_server, namespace
from tests.parts.rabbitmq import management_api
from tests.parts.service import Asked, Service, Told, service
from tests.parts.vault_issuer import LEASE_S, TOKEN, artifactory_answer, google_answer, vault

PAGE = (PAGES / "vault-issued.md").read_text()
ARTIFACTORY, GOOGLE, GOOGLE_BY_FIELD = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

MOUNTS = "/v1/sys/internal/ui/mounts/gcp/roleset/ci/token"


@pytest.fixture(name="issuer")
def stand_in_for_vault() -> Iterator[Service]:
    with service(vault) as made:
        yield made


def generated(issuer: Service, folder: Path, config: str, **more: str) -> Ran:
    environment = {
        "VAULT_ADDR": issuer.url,
        "VAULT_TOKEN": TOKEN,
        "DOCKERCFG_CONFIG_YAML": config,
        "DOCKERCFG_CACHE_DIR": str(folder / "cache"),
        "DOCKERCFG_REPORT": str(folder / "report.json"),
        **more,
    }
    ran = run(folder / "dockercfg", environment=environment)
    assert CANARY not in ran.output
    return ran


def login(folder: Path, server: str) -> tuple[str, str]:
    auth = json.loads((folder / "dockercfg").read_text())["auths"][server]["auth"]
    username, _, password = base64.b64decode(auth).decode().partition(":")
    return username, password


def reported(folder: Path) -> dict[str, Any]:
    (entry,) = json.loads((folder / "report.json").read_text())["entries"]
    return dict(entry)


def reads(issuer: Service) -> list[str]:
    engines = ("/v1/artifactory/", "/v1/gcp/")
    return [asked.path for asked in issuer.asked if asked.path.startswith(engines)]


def nothing_is_stored(folder: Path) -> bool:
    files = [path for path in (folder / "cache").iterdir() if path.is_file()]
    return bool(files) and not any(CANARY.encode() in path.read_bytes() for path in files)


def test_artifactorys_recipe_is_a_login_that_ends_with_its_lease(
    issuer: Service, tmp_path: Path
) -> None:
    for number in (1, 2):
        ran = generated(issuer, tmp_path, ARTIFACTORY)
        assert ran.code == 0, ran.stderr
        assert "artifactory: acme.jfrog.io: static, valid until" in ran.stderr
        token = artifactory_answer()["data"]["access_token"]
        assert login(tmp_path, "acme.jfrog.io") == ("v-ci-x4mohta8", token)
        assert len(reads(issuer)) == number, "each run has another token made"
        assert nothing_is_stored(tmp_path)
    entry = reported(tmp_path)
    assert entry["state"] == "static"
    assert LEASE_S - 30 < entry["valid_for_s"] <= LEASE_S


@pytest.mark.parametrize("config", [GOOGLE, GOOGLE_BY_FIELD], ids=["document", "fields"])
def test_googles_recipes_are_a_login_that_ends_when_the_token_says(
    config: str, issuer: Service, tmp_path: Path
) -> None:
    ran = generated(issuer, tmp_path, config)
    assert ran.code == 0, ran.stderr
    assert "static, valid until" in ran.stderr
    assert login(tmp_path, "europe-west1-docker.pkg.dev") == (
        "oauth2accesstoken",
        google_answer(0)["data"]["token"],
    )
    assert len(reads(issuer)) == 1
    assert 3560 < reported(tmp_path)["valid_for_s"] <= 3599
    assert nothing_is_stored(tmp_path)


@pytest.mark.parametrize("kind", ["static-account", "impersonated-account"])
def test_googles_other_paths_answer_alike(kind: str, issuer: Service, tmp_path: Path) -> None:
    ran = generated(issuer, tmp_path, GOOGLE.replace("roleset", kind))
    assert (ran.code, "valid until" in ran.stderr) == (0, True), ran.stderr


def test_of_the_bare_token_nobody_knows_when_it_ends(issuer: Service, tmp_path: Path) -> None:
    ran = generated(issuer, tmp_path, GOOGLE.replace("ci/token", "ci/token#token"))
    assert ran.code == 0, ran.stderr
    assert "static, no expiry known" in ran.stderr


@pytest.mark.parametrize(
    ("ends", "code", "reference"),
    [
        (lambda now: now + 45, 76, "validity-too-short"),
        (lambda now: now - 10, 76, "secret-expired"),
        (lambda now: (now + 3599) * 1000, 76, "expiry-unreadable"),
        (lambda _now: "2026-01-31T12:00:00", 76, "expiry-unreadable"),
        (lambda _now: "soon", 76, "expiry-unreadable"),
        (lambda _now: [CANARY], 78, "value-not-usable"),
        (lambda now: now + 90, 0, ""),
        (lambda _now: None, 0, ""),
    ],
)
def test_an_end_that_is_no_good_writes_nothing(
    ends: Any, code: int, reference: str, issuer: Service, tmp_path: Path
) -> None:
    (tmp_path / "dockercfg").write_text("as it was")
    answer = google_answer(0, expires_at_seconds=ends(int(time.time())))
    mounts = vault(issuer, Asked("GET", MOUNTS, {}, {"x-vault-token": TOKEN}, b""))
    issuer.plan.extend([mounts, Told(200, answer)])
    ran = generated(issuer, tmp_path, GOOGLE)
    assert ran.code == code, ran.stderr
    assert reference in ran.stderr
    assert ((tmp_path / "dockercfg").read_text() == "as it was") == bool(code)


def test_a_promise_that_a_lease_can_not_keep_is_refused(issuer: Service, tmp_path: Path) -> None:
    kept = generated(issuer, tmp_path, ARTIFACTORY, DOCKERCFG_MIN_VALIDITY="50m")
    broken = generated(issuer, tmp_path, ARTIFACTORY, DOCKERCFG_MIN_VALIDITY="2h")
    assert (kept.code, broken.code) == (0, 76)
    assert "2 h 0 min are asked for" in broken.stderr


def test_no_right_to_have_a_token_made_is_a_denial(issuer: Service, tmp_path: Path) -> None:
    ran = generated(issuer, tmp_path, ARTIFACTORY.replace("token/ci", "token/other"))
    assert ran.code == 77, ran.stderr
    assert "artifactory/token/other" in ran.stderr


def test_explain_asks_vault_nothing(issuer: Service, tmp_path: Path) -> None:
    environment = {
        "VAULT_ADDR": issuer.url,
        "VAULT_TOKEN": TOKEN,
        "DOCKERCFG_CONFIG_YAML": ARTIFACTORY,
    }
    ran = run("explain", environment=environment)
    assert ran.code == 0, ran.stderr
    assert "static: the credential is handed through as it is; nothing is stored" in ran.stdout
    assert issuer.asked == []


@pytest.fixture(scope="module")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    with dev_server(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture(name="real")
def real_vault(bao: OpenBao, tmp_path: Path) -> Iterator[Vault]:
    with namespace(bao) as (name, operator):
        yield Vault(bao.url, name, operator, tmp_path)


def by_token(real: Vault, policy: str) -> dict[str, str]:
    return {
        "VAULT_ADDR": real.url,
        "VAULT_NAMESPACE": real.namespace,
        "VAULT_TOKEN": real.token(policy),
    }


def test_a_users_lease_of_a_real_server_ends_the_login(real: Vault, tmp_path: Path) -> None:
    with management_api() as (url, users):
        real.operator.sys.enable_secrets_engine("rabbitmq")
        rabbitmq = real.operator.secrets.rabbitmq
        rabbitmq.configure(connection_uri=url, username="u", password="p", verify_connection=False)
        rabbitmq.configure_lease(ttl="4m", max_ttl="10m")
        rabbitmq.create_role("ci", tags="management", vhosts="{}")
        environment = by_token(real, 'path "rabbitmq/creds/*" { capabilities = ["read"] }')
        config = "registries: {r: {server: r.example, credentials: 'vault:rabbitmq/creds/ci'}}"
        environment |= {"DOCKERCFG_CONFIG_YAML": config}
        report = {"DOCKERCFG_REPORT": str(tmp_path / "report.json")}
        ran = run(tmp_path / "dockercfg", environment=environment | report)
        assert ran.code == 0, ran.stderr
        assert users == [login(tmp_path, "r.example")[0]]
        assert 200 < reported(tmp_path)["valid_for_s"] <= 240
        promised = {"DOCKERCFG_MIN_VALIDITY": "5m"}
        assert run(tmp_path / "dockercfg", environment=environment | promised).code == 76


@pytest.mark.parametrize("in_seconds", [True, False])
def test_a_secret_of_a_real_server_says_when_it_ends(
    real: Vault, tmp_path: Path, *, in_seconds: bool
) -> None:
    ends_at = int(time.time()) + 1800
    words = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends_at))
    stated = ends_at if in_seconds else words
    real.put("ci/renewed", username="ci", password=CANARY, expires_at=stated)
    environment = by_token(real, 'path "secret/data/ci/*" { capabilities = ["read"] }')
    config = "registries: {r: {server: r.example, credentials: 'vault:secret/ci/renewed'}}"
    ran = run(
        tmp_path / "dockercfg",
        environment={**environment, "DOCKERCFG_CONFIG_YAML": config},
    )
    assert ran.code == 0, ran.stderr
    assert f"r: r.example: static, valid until {words} (" in ran.stderr
    assert CANARY not in ran.output
