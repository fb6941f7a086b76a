"""skopeo, a real client of registries."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.parts.process import require


@dataclass(frozen=True, slots=True)
class Skopeo:
    """skopeo with one dockercfg; a home of its own, so that no other login is found."""

    authfile: Path
    home: Path

    def push(self, layout: Path, image: str) -> "subprocess.CompletedProcess[str]":
        return self._run("copy", "--dest-tls-verify=false", f"oci:{layout}:latest", image)

    def pull(self, image: str, layout: Path) -> "subprocess.CompletedProcess[str]":
        return self._run("copy", "--src-tls-verify=false", image, f"oci:{layout}:latest")

    def inspect(self, image: str) -> "subprocess.CompletedProcess[str]":
        return self._run("inspect", "--tls-verify=false", image)

    def login_of(self, server: str) -> str:
        """Return the user name that the client picks for a server."""
        command = ["skopeo", "login", "--get-login", "--authfile", str(self.authfile), server]
        return self._execute(command).stdout.strip()

    def _run(self, verb: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self._execute(
            ["skopeo", "--insecure-policy", verb, "--authfile", str(self.authfile), *arguments]
        )

    def _execute(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        require("skopeo", "skopeo")
        return subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
