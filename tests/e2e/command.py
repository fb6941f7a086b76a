"""Runs the installed command as a CI does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("dockercfg-generator")
CANARY = "hunter2-CANARY"
PLAIN_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
    # what the command runs through counts as covered
    **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS")},
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a finished run left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """All that a public build log would show."""
        return self.stdout + self.stderr


def start(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> "subprocess.Popen[str]":
    """Start the command with an environment of its own: nothing of the developer's leaks in."""
    return subprocess.Popen(
        [str(COMMAND), *map(str, arguments)],
        env=PLAIN_ENVIRONMENT | dict(environment or {}),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout_s: float = 30,
) -> Ran:
    """Run the command to its end."""
    process = start(*arguments, environment=environment, folder=folder)
    stdout, stderr = process.communicate(timeout=timeout_s)
    return Ran(process.returncode, stdout, stderr)
