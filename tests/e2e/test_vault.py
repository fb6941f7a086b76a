"""Secrets in a real OpenBao, through the command."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backends.vault.vault import JwtIssuer, Vault
from tests.e2e.command import CANARY, Ran, run
from tests.parts.ecr import EcrStandIn
from tests.parts.http_faults import answer, drip, faulty_server, silence
from tests.parts.openbao import OpenBao, dev_server, namespace

ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture(scope="module")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    with dev_server(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture
def vault(bao: OpenBao, tmp_path: Path) -> Iterator[Vault]:
    with namespace(bao) as (name, operator):
        made = Vault(bao.url, name, operator, tmp_path)
        made.put("ci/registry", username="ci", password=CANARY)
        yield made


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


def config(vault: Vault, auth: str, registries: str, folder: Path) -> Path:
    path = folder / "registries.yaml"
    path.write_text(
        "cache: {dir: cache}\n"
        "backends:\n"
        f"  vault: {{address: '{vault.url}', namespace: {vault.namespace}, auth: {auth}}}\n"
        f"registries:\n{registries}"
    )
    return path


REGISTRY = "  team: {server: r.example, credentials: 'vault:secret/ci/registry'}\n"
JWT = "{method: jwt, role: ci, credentials: {jwt: env:VAULT_ID_TOKEN}}"


def test_fifty_references_to_ten_documents_are_ten_reads_and_one_login(
    vault: Vault, bao: OpenBao, tmp_path: Path
) -> None:
    role_id, secret_id = vault.approle()
    for number in range(10):
        vault.put(f"ci/r{number}", username="ci", password=CANARY)
    entries = "".join(
        f"  e{number}: {{server: r{number}.example, "
        f"credentials: 'vault:secret/ci/r{number % 10}'}}\n"
        for number in range(50)
    )
    auth = "{method: approle, credentials: {role_id: env:ROLE_ID, secret_id: env:SECRET_ID}}"
    path = config(vault, auth, entries, tmp_path)
    bao.audit.write_text("")
    environment = {"ROLE_ID": role_id, "SECRET_ID": secret_id}
    ran = run(tmp_path / "d", "--config", path, environment=environment)
    assert ran.code == 0, ran.stderr
    seen = _requests(bao.audit)
    reads = {path: n for path, n in seen.items() if path.startswith("secret/data/ci/r")}
    assert reads == {f"secret/data/ci/r{number}": 1 for number in range(10)}
    assert seen["auth/approle/login"] == 1
    assert sum(n for path, n in seen.items() if path.startswith("sys/internal/ui/mounts")) == 1
    assert len(json.loads((tmp_path / "d").read_text())["auths"]) == 50


def _requests(audit: Path) -> Counter[str]:
    events: list[Any] = [json.loads(line) for line in audit.read_text().splitlines()]
    return Counter(e["request"]["path"] for e in events if e["type"] == "request")


def test_jobs_of_one_project_share_a_cached_grant_and_another_project_does_not(
    vault: Vault, ecr: EcrStandIn, tmp_path: Path
) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    vault.put("ci/aws", access_key_id="AKIAVAULT", secret_access_key=f"{CANARY}-aws")
    entries = f"  prod: {{server: {ECR_HOST}, credentials: 'vault:secret/ci/aws'}}\n"
    path = config(vault, JWT, entries, tmp_path)
    keep = ("AWS_ENDPOINT_URL_ECR", "AWS_EC2_METADATA_DISABLED")
    endpoint = {name: ecr.environment[name] for name in keep}

    def job(**claims: str) -> Ran:
        environment = {**endpoint, "VAULT_ID_TOKEN": issuer.token(**claims)}
        ran = run(tmp_path / "d", "--config", path, environment=environment)
        assert ran.code == 0, ran.stderr
        assert CANARY not in ran.output
        return ran

    assert "fetched" in job(jti="1").stderr
    assert "cached" in job(jti="2").stderr
    assert ecr.token_calls == 1
    assert "fetched" in job(sub="project:2").stderr
    assert ecr.token_calls == 2


@pytest.mark.parametrize("fault", [silence, drip])
def test_a_vault_that_does_not_answer_ends_with_the_deadline(fault: Any, tmp_path: Path) -> None:
    with faulty_server(fault) as server:
        environment = {"VAULT_ADDR": server.url, "VAULT_TOKEN": "t"}
        path = tmp_path / "registries.yaml"
        path.write_text(f"registries:\n{REGISTRY}")
        started = time.monotonic()
        ran = run(tmp_path / "d", "--config", path, "--timeout", "3s", environment=environment)
        took_s = time.monotonic() - started
    assert (ran.code, ran.stdout) == (69, "")
    # half a second over the deadline on an idle machine; other tests run beside this one
    assert took_s < 6


def test_a_lease_of_seconds_is_too_short_to_be_written(tmp_path: Path) -> None:
    lease = (
        b'{"lease_id": "a/b/c", "lease_duration": 5, "data": {"username": "u", "password": "p"}}'
    )
    with faulty_server(answer(200, lease)) as server:
        path = tmp_path / "registries.yaml"
        path.write_text(
            "registries: {r: {server: r.example, "
            "credentials: 'vault:db/creds/ci?engine=logical&mount=db'}}\n"
        )
        environment = {"VAULT_ADDR": server.url, "VAULT_TOKEN": "t"}
        ran = run(tmp_path / "d", "--config", path, environment=environment)
    assert ran.code == 76, ran.stderr
    assert "validity-too-short" in ran.stderr


def _outcomes(vault: Vault) -> dict[str, tuple[dict[str, str], str, str, int]]:
    """Each case: environment, auth, reference; and the exit code."""
    plain = "secret/ci/registry"
    token = {"VAULT_TOKEN": vault.token()}
    by_token = "{method: token}"
    return {
        "right": (token, by_token, plain, 0),
        "wrong token": ({"VAULT_TOKEN": f"s.{CANARY}"}, by_token, plain, 77),
        "token with a line break in it": ({"VAULT_TOKEN": f"a\n{CANARY}"}, by_token, plain, 78),
        "no token": ({"HOME": "/nowhere"}, by_token, plain, 66),
        "wrong role": (
            {"VAULT_ID_TOKEN": JwtIssuer().token()},
            JWT,
            plain,
            77,
        ),
        "no right to read": (token, by_token, "secret/other/x", 77),
        "missing path": (token, by_token, "secret/ci/nope", 66),
        "missing field": (token, by_token, "secret/ci/registry#nope", 66),
        "missing version": (token, by_token, "secret/ci/registry?version=9", 66),
        "missing mount": ({"VAULT_TOKEN": vault.operator.token}, by_token, "nowhere/x", 66),
        "variable of the login not set": ({}, JWT, plain, 66),
    }


@pytest.mark.parametrize("level", ["info", "debug"])
def test_every_outcome_has_its_exit_code_and_shows_no_secret(
    vault: Vault, tmp_path: Path, level: str
) -> None:
    JwtIssuer().trusted_by(vault)
    for case, (environment, auth, reference, code) in _outcomes(vault).items():
        target = tmp_path / "d"
        target.write_text("as it was")
        entry = f"  team: {{server: r.example, username: u, credentials: 'vault:{reference}'}}\n"
        path = config(vault, auth, entry, tmp_path)
        started = time.monotonic()
        ran = run(target, "--config", path, "--log-level", level, environment=environment)
        took_s = time.monotonic() - started
        said = next(line for line in ran.stderr.splitlines() if "team" in line)
        print(f"| {case} | {ran.code} | {said} | {took_s:.2f} |")
        assert ran.code == code, (case, ran.stderr)
        assert CANARY not in ran.output, case
        assert "Traceback" not in ran.output, case
        assert took_s < 20, case
        if code:
            assert target.read_text() == "as it was", case


def test_settings_that_do_not_work_fail_only_who_refers_to_them(tmp_path: Path) -> None:
    path = tmp_path / "registries.yaml"
    path.write_text(
        f"registries:\n{REGISTRY}  hub: {{server: docker.io, username: u, credentials: env:T}}\n"
    )
    environment = {"VAULT_ADDR": "vault.example:8200", "T": "t"}
    ran = run(tmp_path / "d", "--config", path, "--keep-going", environment=environment)
    assert ran.code == 78
    assert "vault-address-unusable" in ran.stderr
    assert "index.docker.io" in (tmp_path / "d").read_text()
