"""The command with a credential helper: what a public log shows, and that nobody is left behind."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, PLAIN_ENVIRONMENT, run, start
from tests.parts.helper import helper, telling

pytestmark = pytest.mark.e2e
ENTRY = "{provider: credential-helper, server: r.example, helper: own}"


def environment(folder: Path, script: str, entry: str = ENTRY) -> dict[str, str]:
    helper(folder, script)
    return {
        "PATH": f"{folder}:{PLAIN_ENVIRONMENT['PATH']}",
        "HOME": str(folder),
        "DOCKERCFG_CONFIG_YAML": f"registries: {{own: {entry}}}",
        "DOCKERCFG_LOG_LEVEL": "debug",
    }


def is_gone(file: Path) -> bool:
    for _ in range(100):
        try:
            os.kill(int(file.read_text()), 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_the_log_has_neither_the_secret_nor_the_helpers_words(tmp_path: Path) -> None:
    script = f"echo {CANARY} >&2\n{telling('ci', CANARY)}"
    ran = run(tmp_path / "d", environment=environment(tmp_path, script))
    assert ran.code == 0, ran.stderr
    assert ran.stderr.startswith("own: r.example: static, no expiry known")
    assert list(json.loads((tmp_path / "d").read_text())["auths"]) == ["r.example"]
    assert CANARY not in ran.output
    script = f"echo {CANARY}; echo {CANARY} >&2; exit 1"
    ran = run(tmp_path / "d", environment=environment(tmp_path, script))
    assert ran.code == 77
    assert "docker-credential-own gave no login (exit status 1)" in ran.stderr
    assert CANARY not in ran.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_and_the_helper_at_once(tmp_path: Path, number: int) -> None:
    script = f'trap "" TERM INT; echo $$ >"$HOME/pid"; sleep 600 & echo {CANARY}; wait; wait'
    process = start(tmp_path / "d", environment=environment(tmp_path, script))
    deadline = time.monotonic() + 15
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    started = time.monotonic()
    process.send_signal(number)
    output = "".join(process.communicate(timeout=10))
    assert time.monotonic() - started < 2
    assert process.returncode == 128 + number
    assert is_gone(tmp_path / "pid")
    assert not (tmp_path / "d").exists()
    assert CANARY not in output


def test_a_helper_that_hangs_delays_only_itself_and_the_run_ends_in_time(tmp_path: Path) -> None:
    other = "{server: s.example, username: ci, credentials: env:KEY}"
    settings = environment(tmp_path, "trap '' TERM; echo $$ >\"$HOME/pid\"; sleep 600; sleep 600")
    settings["DOCKERCFG_CONFIG_YAML"] = f"registries: {{own: {ENTRY}, other: {other}}}"
    settings |= {"KEY": CANARY, "DOCKERCFG_TIMEOUT": "2s", "DOCKERCFG_KEEP_GOING": "1"}
    started = time.monotonic()
    ran = run(tmp_path / "d", environment=settings)
    assert time.monotonic() - started < 8
    assert ran.code == 69
    assert "no token within the run's 2 s" in ran.stderr
    assert list(json.loads((tmp_path / "d").read_text())["auths"]) == ["s.example"]
    assert is_gone(tmp_path / "pid")


def test_an_operator_who_allows_secrets_only_allows_no_program(tmp_path: Path) -> None:
    settings = environment(tmp_path, 'touch "$HOME/ran"')
    ran = run(tmp_path / "d", environment={**settings, "DOCKERCFG_ALLOW_SECRETS": "*"})
    assert ran.code == 78
    assert "DOCKERCFG_ALLOW_PROGRAMS does not allow this program" in ran.stderr
    assert not (tmp_path / "ran").exists()


def test_explain_runs_nothing(tmp_path: Path) -> None:
    settings = environment(tmp_path, 'touch "$HOME/ran"')
    ran = run("explain", environment=settings)
    assert ran.code == 0, ran.stderr
    assert "handed through" in ran.stdout
    assert "credential-helper" in ran.stdout
    assert not (tmp_path / "ran").exists()
