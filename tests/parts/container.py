"""The built image on a real engine, through the docker command line."""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.e2e.command import Ran
from tests.parts.process import missing

IMAGE = "dockercfg-generator:1"
NONROOT = f"{IMAGE}-nonroot"
HARDENED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=128m",
    "--pids-limit=64",
)
ROOT = Path(__file__).parents[2]
_DIGESTS = """
import hashlib, pathlib, sys, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
for folder in ("backends", "generator"):
    for path in sorted((site / folder).rglob("*.py")):
        print(path.relative_to(site), hashlib.sha256(path.read_bytes()).hexdigest())
"""


def docker(*arguments: str | Path, timeout_s: float = 120) -> Ran:
    """Run the docker command line; its login files and the engine are the caller's own."""
    done = subprocess.run(
        ["docker", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def flags_of(
    environment: Mapping[str, str] | None = None,
    volumes: Mapping[Path | str, str] | None = None,
) -> list[str]:
    """Return the flags of ``docker run`` for variables and bind mounts (host to container)."""
    flags = [f"--env={name}={value}" for name, value in (environment or {}).items()]
    return flags + [f"--volume={host}:{place}" for host, place in (volumes or {}).items()]


def run_image(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    volumes: Mapping[Path | str, str] | None = None,
    flags: Iterable[str] = (),
    image: str = IMAGE,
    network: str = "none",
) -> Ran:
    """Run the image to its end; ``network`` is ``host`` where it asks a server of the test."""
    given = [f"--network={network}", *flags_of(environment, volumes), *flags]
    return docker("run", "--rm", *given, image, *arguments)


def require_image() -> None:
    """Skip a test without engine or image, naming what is missing; in CI nothing may be."""
    if problem := _problem():
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)


@cache
def _problem() -> str | None:
    if problem := missing("docker", "docker.io"):
        return problem
    if docker("version").code:
        return "no container engine answers: start Docker, or set DOCKER_HOST"
    for image in (IMAGE, NONROOT):
        if docker("image", "inspect", image).code:
            return f"the image {image} is not built: make image"
    if _digests_in_image() != _digests_in_tree():
        return f"the image {IMAGE} is not of this tree: make image"
    return None


def _digests_in_image() -> str:
    flags = ("--entrypoint=/opt/venv/bin/python",)
    return run_image("-I", "-c", _DIGESTS, flags=flags).stdout


def _digests_in_tree() -> str:
    program = _DIGESTS.replace('sysconfig.get_path("purelib")', repr(str(ROOT)))
    command: Sequence[str] = ("python3", "-I", "-c", program)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
