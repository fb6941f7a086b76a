"""skopeo, a real client of registries."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.parts.process import require


@dataclass(frozen=True, slots=True)
class Skopeo:
    """skopeo with one dockercfg; a home of its own, so that no other login is found.

    Without ``authfile`` it looks into its home, as every client does. ``ca_folder`` holds the
    ``ca.crt`` that a registry over TLS is checked with.
    """

    authfile: Path | None
    home: Path
    ca_folder: Path | None = None

    def push(self, layout: Path, image: str) -> "subprocess.CompletedProcess[str]":
        # of all formats docker's own is the one that every client reads
        options = ("--format=v2s2", *self._tls("dest-"))
        return self._run("copy", *options, f"oci:{layout}:latest", image)

    def pull(self, image: str, layout: Path) -> "subprocess.CompletedProcess[str]":
        return self._run("copy", *self._tls("src-"), image, f"oci:{layout}:latest")

    def inspect(self, image: str) -> "subprocess.CompletedProcess[str]":
        return self._run("inspect", *self._tls(""), image)

    def _tls(self, side: str) -> list[str]:
        if self.ca_folder is None:
            return [f"--{side}tls-verify=false"]
        return [f"--{side}cert-dir={self.ca_folder}"]

    def login_of(self, server: str) -> str:
        """Return the user name that the client picks for a server."""
        command = ["skopeo", "login", "--get-login", "--authfile", str(self.authfile), server]
        return self._execute(command).stdout.strip()

    def _run(self, verb: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        login = [] if self.authfile is None else ["--authfile", str(self.authfile)]
        return self._execute(["skopeo", "--insecure-policy", verb, *login, *arguments])

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
