"""Programs that tests start and stop."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

START_S = 15.0


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def missing(program: str, package: str) -> str | None:
    """Return what to install if ``program`` is not there."""
    if shutil.which(program):
        return None
    return f"{program} is missing: apt-get install {package}"


def require(program: str, package: str) -> None:
    """Skip a test whose real part is missing, naming it; in CI nothing may be missing."""
    if problem := missing(program, package):
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)


@contextmanager
def running(
    command: Sequence[str], ready: Callable[[], bool], log: Path, home: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server with an environment of its own until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()
