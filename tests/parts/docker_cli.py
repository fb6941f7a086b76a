"""The docker CLI, a real client of registries, with an engine that only listens.

The CLI picks the login itself and hands it to the engine in the header ``X-Registry-Auth`` of
``POST /images/create`` (Docker Engine API reference), so no engine is needed to see which.
"""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

from tests.parts.process import require


@dataclass(slots=True)
class DockerCli:
    """``docker --config FOLDER`` in front of an engine on a Unix socket."""

    folder: Path
    socket: Path
    headers: list[str] = field(default_factory=list)

    def login_for(self, image: str) -> str | None:
        """Return the user name that the CLI picks to pull ``image``, ``None`` if it picks none."""
        require("docker", "docker.io")
        self.headers.clear()
        subprocess.run(
            ["docker", "-H", f"unix://{self.socket}", "--config", self.folder, "pull", "-q", image],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            check=False,
            timeout=30,
        )
        (header,) = self.headers
        padded = header + "=" * (-len(header) % 4)
        login = json.loads(base64.urlsafe_b64decode(padded)) if header else {}
        return login.get("username") or None


class _Engine(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def docker_cli(dockercfg: Path, folder: Path) -> Iterator[DockerCli]:
    """Let the CLI read ``dockercfg``; ``folder`` is its home, and must have a short path."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_bytes(dockercfg.read_bytes())
    cli = DockerCli(folder, folder / "engine.sock")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer({})

        def do_GET(self) -> None:
            self.answer({"ApiVersion": "1.41", "Os": "linux", "Arch": "amd64"})

        def do_POST(self) -> None:
            if "/images/create" in self.path:
                cli.headers.append(self.headers.get("X-Registry-Auth", ""))
            self.answer({"status": "ok"})

        def answer(self, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response_only(200)
            self.send_header("Api-Version", "1.41")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

        def address_string(self) -> str:
            return "unix"

    with _Engine(str(cli.socket), Handler) as engine:
        threading.Thread(target=engine.serve_forever, args=(0.01,), daemon=True).start()
        yield cli
        engine.shutdown()
