"""`explain` and `check` with every kind there is: no connection, no look-up, no program."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.one_entry import SECRET, entries, environment, token

# Python itself tells of whatever leaves the process (sys.addaudithook), whichever library asks.
WATCHED = """
import sys
def told(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.send",
                         "subprocess", "os.posix_spawn", "os.exec", "os.fork", "os.system")):
        sys.stderr.write(f"LEFT THE PROCESS: {event}\\n")
sys.addaudithook(told)
sys.argv[0] = "dockercfg-generator"
from generator.__main__ import main
main()
"""
JOBS: dict[str, dict[str, str]] = {
    "github": {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token(oidc_sub="a"),
    },
    "buildkite": {"BUILDKITE": "true", "BUILDKITE_AGENT_ACCESS_TOKEN": SECRET},
    "none": {},
}


def configs() -> Iterator[str]:
    """Yield configs with entries of all kinds, of each kind one."""
    helper = {"provider": "credential-helper", "server": "h.example", "helper": "pass"}
    job = {"provider": "chainguard", "identity": "a/b"}
    left = [*(dict(one.entry) for one in entries().values()), helper, job]
    while left:
        of_kinds = {str(block["provider"]): block for block in reversed(left)}
        yield json.dumps({"registries": of_kinds})
        left = [block for block in left if block not in of_kinds.values()]


def run(command: list[str], config: str, home: Path, **variables: str) -> tuple[str, list[str]]:
    """Return what was said, and what left the process."""
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED, *command],
        env={
            **environment(),
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "DOCKERCFG_CONFIG_YAML": config,
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = ran.stdout + ran.stderr
    assert "Traceback" not in said
    return said, [line for line in ran.stderr.splitlines() if "LEFT" in line]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("command", ["explain", "check"])
def test_nothing_leaves_the_process(command: str, job: str, tmp_path: Path) -> None:
    for config in configs():
        said, left = run([command], config, tmp_path, **JOBS[job])
        assert "ok: " in said or "next run: " in said
        assert left == []
        assert SECRET not in said


def test_of_a_run_it_is_told_what_leaves_the_process(tmp_path: Path) -> None:
    helper, quay = {"provider": "credential-helper", "helper": "pass"}, {"provider": "quay"}
    config = {"h": {**helper, "server": "h.example"}, "q": {**quay, "robot": "a+b"}}
    _, left = run(["-"], json.dumps({"registries": config}), tmp_path, **JOBS["github"])
    assert {line.rpartition(" ")[2] for line in left} >= {"socket.connect", "subprocess.Popen"}
