"""A second Docker engine in a network of its own: containers there find each other by name.

The engine that builds the image may have no bridge, so that it leaves the host's network alone.
This one makes bridges, rules and routes in a network namespace that ends with it.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command import Ran
from tests.parts.process import require, running

# `--kill-child`: who ends the first process ends all, containers too, and with them every mount.
_UNSHARE = (
    *("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"),
    *("bash", "-euc"),
)
_START = """
ip link set lo up
# a pulling engine looks names up as the host does
mount --bind {folder}/hosts /etc/hosts
exec dockerd -H unix://{folder}/s --data-root {folder}/d --exec-root {folder}/e -p {folder}/pid \
  --insecure-registry {registry}
"""


@dataclass(frozen=True, slots=True)
class PrivateEngine:
    """Speaks to the engine by the docker command line."""

    host: str

    def docker(self, *arguments: str | Path, timeout_s: float = 120) -> Ran:
        """Run the command line to its end."""
        done = subprocess.run(
            ["docker", "-H", self.host, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments: str | Path) -> str:
        """Run the command line; it has to succeed."""
        ran = self.docker(*arguments)
        assert ran.code == 0, ran.output
        return ran.stdout

    def load(self, image: str) -> None:
        """Copy an image from the engine that built it."""
        command = ["docker", "-H", self.host, "load", "--quiet"]
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
            subprocess.run(command, stdin=saved.stdout, check=True, stdout=subprocess.DEVNULL)
        assert saved.returncode == 0


@contextmanager
def private_engine(registry: str, address: str) -> Iterator[PrivateEngine]:
    """Run it until the block ends; it asks ``registry`` (host:port) at an IP address, by http."""
    require("dockerd", "docker.io")
    require("ip", "iproute2")
    # sockets have short paths
    folder = Path(tempfile.mkdtemp(prefix="e-", dir="/tmp"))
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n{address} {registry.partition(':')[0]}\n")
    engine = PrivateEngine(f"unix://{folder}/s")
    script = _START.format(folder=folder, registry=registry)
    try:
        with running(
            [*_UNSHARE, script],
            lambda: engine.docker("version").code == 0,
            folder / "log",
            folder,
        ):
            yield engine
    finally:
        shutil.rmtree(folder, ignore_errors=True)
