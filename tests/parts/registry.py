"""A real container registry: Debian's docker-registry on loopback."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import trustme

from tests.parts.process import free_port, require, running
from tests.parts.token_server import ISSUER, SERVICE, TokenServer

_CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: 127.0.0.1:{port}{tls}}}
auth: {auth}
"""
CA_FILE, CERTIFICATE = "ca.crt", "server.pem"


@contextmanager
def registry(folder: Path, username: str, password: str, *, tls: bool = False) -> Iterator[str]:
    """Run a registry that knows one user; yields its host and port.

    With ``tls`` it has a certificate of a private CA, which is ``ca.crt`` in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=5)).decode()
    (folder / "htpasswd").write_text(f"{username}:{hashed}\n")
    auth = f"{{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}"
    with _serving(folder, auth, tls=tls) as host:
        yield host


@contextmanager
def token_registry(folder: Path, tokens: TokenServer, *, tls: bool = False) -> Iterator[str]:
    """Run a registry that believes a token server; yields its host and port."""
    folder.mkdir(parents=True, exist_ok=True)
    auth = (
        f"{{token: {{realm: {tokens.url}, service: {SERVICE}, issuer: {ISSUER},"
        f" rootcertbundle: {tokens.ca_file}}}}}"
    )
    with _serving(folder, auth, tls=tls) as host:
        yield host


@contextmanager
def _serving(folder: Path, auth: str, *, tls: bool) -> Iterator[str]:
    require("docker-registry", "docker-registry")
    port = free_port()
    scheme, pem = ("https" if tls else "http"), folder / CERTIFICATE
    trust = _make_certificate(folder) if tls else None
    config = folder / "config.yml"
    config.write_text(
        _CONFIG.format(
            folder=folder,
            port=port,
            auth=auth,
            tls=f", tls: {{certificate: {pem}, key: {pem}}}" if tls else "",
        )
    )

    def ready() -> bool:
        try:
            urllib.request.urlopen(f"{scheme}://127.0.0.1:{port}/v2/", timeout=1, context=trust)
        except urllib.error.HTTPError as error:
            with error:
                return error.code == 401
        except OSError:
            return False
        return False

    command = ["docker-registry", "serve", str(config)]
    with running(command, ready, folder / "log", folder):
        yield f"127.0.0.1:{port}"


def _make_certificate(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / CA_FILE)
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / CERTIFICATE)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
