"""A real container registry: Debian's docker-registry, with htpasswd on loopback."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt

from tests.parts.process import free_port, require, running

_CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: 127.0.0.1:{port}}}
auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}
"""


@contextmanager
def registry(folder: Path, username: str, password: str) -> Iterator[str]:
    """Run a registry that knows one user; yields its host and port."""
    require("docker-registry", "docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=5)).decode()
    (folder / "htpasswd").write_text(f"{username}:{hashed}\n")
    port = free_port()
    config = folder / "config.yml"
    config.write_text(_CONFIG.format(folder=folder, port=port))

    def ready() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=1)
        except urllib.error.HTTPError as error:
            with error:
                return error.code == 401
        except OSError:
            return False
        return False

    command = ["docker-registry", "serve", str(config)]
    with running(command, ready, folder / "log", folder):
        yield f"127.0.0.1:{port}"
