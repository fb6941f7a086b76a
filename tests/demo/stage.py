"""What the demo stands on: programs, a narrator, expectations."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

COMMAND = Path(sys.executable).with_name("dockercfg-generator")
_PACKAGES = {"skopeo": "skopeo", "docker-registry": "docker-registry"}


def say(text: str) -> None:
    """Print a line of the story."""
    print(text, flush=True)


def step(title: str) -> None:
    """Begin a chapter."""
    say(f"\n--- {title}")


def fail(text: str) -> NoReturn:
    """End the demo: something was not as promised."""
    sys.exit(f"demo failed: {text}")


def expect(truth: object, promise: str) -> None:
    """Say that a promise was kept, or end the demo."""
    if not truth:
        fail(promise)
    say(f"  ok: {promise}")


def provide_programs() -> None:
    """Install the real programs that are missing, or say what to install."""
    missing = [package for program, package in _PACKAGES.items() if not shutil.which(program)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        fail(f"missing programs; install them first: apt-get install {' '.join(missing)}")
    say(f"installing {', '.join(missing)} …")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def generate(target: Path, environment: dict[str, str]) -> str:
    """Run the installed command, show its log, and return it."""
    say(f"$ dockercfg-generator {target.name}")
    run = subprocess.run(
        [str(COMMAND), str(target)],
        env={"PATH": "/usr/bin:/bin"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    for line in run.stderr.splitlines():
        say(f"  {line}")
    if run.returncode:
        fail(f"the command ended with {run.returncode}")
    return run.stderr


def masked(dockercfg: Path) -> str:
    """Return the file as JSON with each password behind stars."""
    document = json.loads(dockercfg.read_text())
    for entry in document["auths"].values():
        username = base64.b64decode(entry["auth"]).decode().partition(":")[0]
        entry["auth"] = f"base64({username}:***)"
    return json.dumps(document, indent=2)
