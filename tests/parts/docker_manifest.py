"""The docker CLI asks a registry itself, with no engine: ``docker manifest inspect``."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.parts.process import require


@dataclass(frozen=True, slots=True)
class DockerRegistryClient:
    """docker with one dockercfg as its ``config.json``; a home of its own."""

    folder: Path
    ca_file: Path | None = None

    @classmethod
    def with_dockercfg(
        cls, dockercfg: Path, folder: Path, ca_file: Path | None
    ) -> "DockerRegistryClient":
        """Put a dockercfg where docker looks for it."""
        folder.mkdir()
        (folder / "config.json").write_bytes(dockercfg.read_bytes())
        return cls(folder, ca_file)

    def inspect(self, image: str) -> "subprocess.CompletedProcess[str]":
        """Ask the registry for an image's manifest, as itself: no engine takes part."""
        require("docker", "docker.io")
        insecure = [] if self.ca_file else ["--insecure"]
        trust = {"SSL_CERT_FILE": str(self.ca_file)} if self.ca_file else {}
        return subprocess.run(
            ["docker", "--config", str(self.folder), "manifest", "inspect", *insecure, image],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)} | trust,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
