"""The command as any CI sees it: one path, the environment, an exit code, a public log."""

import base64
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, run, start

HUB = {"DOCKER_USERNAME": "ci-bot", "DOCKER_PASSWORD": CANARY}


def login_of(document: str | bytes, address: str) -> str:
    auths = json.loads(document)["auths"]
    return base64.b64decode(auths[address]["auth"]).decode()


def test_one_path_and_the_environment_make_a_dockercfg(tmp_path: Path) -> None:
    target = tmp_path / "dockercfg"
    ran = run(target, environment=HUB)
    assert ran.code == 0, ran.stderr
    assert login_of(target.read_bytes(), "https://index.docker.io/v1/") == f"ci-bot:{CANARY}"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert ran.stdout == ""
    assert CANARY not in ran.stderr
    assert "docker: https://index.docker.io/v1/" in ran.stderr
    assert f"wrote {target}" in ran.stderr


def test_python_m_generator_is_the_same(tmp_path: Path) -> None:
    target = tmp_path / "dockercfg"
    subprocess.run(
        [sys.executable, "-I", "-m", "generator", str(target)],
        env=PLAIN_ENVIRONMENT | HUB,
        check=True,
        capture_output=True,
    )
    by_script = run("-", environment=HUB)
    assert target.read_text() == by_script.stdout


def test_a_dash_is_stdout_and_the_log_stays_on_stderr() -> None:
    ran = run("-", environment=HUB)
    assert login_of(ran.stdout, "https://index.docker.io/v1/") == f"ci-bot:{CANARY}"
    assert CANARY not in ran.stderr


def test_legacy_format_is_the_flat_map(tmp_path: Path) -> None:
    ran = run("-", "--format", "legacy", environment=HUB)
    entry = json.loads(ran.stdout)["https://index.docker.io/v1/"]
    assert entry["email"] == ""
    assert base64.b64decode(entry["auth"]).decode() == f"ci-bot:{CANARY}"


def test_json_log_has_one_event_a_line_with_documented_names(tmp_path: Path) -> None:
    ran = run(tmp_path / "d", "--log-format", "json", environment=HUB)
    events = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [event["event"] for event in events] == ["entry.ready", "file.written"]
    assert events[0]["registry"] == "docker"
    assert events[0]["state"] == "static"
    assert CANARY not in ran.stderr


def test_quiet_says_nothing_when_all_is_well(tmp_path: Path) -> None:
    ran = run(tmp_path / "d", "--quiet", environment=HUB)
    assert (ran.code, ran.output) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "PATH"),
        (["word"], 2, "./word"),
        (["./d", "--no-such-option"], 2, "--no-such-option"),
        (["./d", "--config", "missing.yaml"], 78, "missing.yaml"),
    ],
)
def test_a_wrong_command_line_says_what_to_write(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    ran = run(*arguments, folder=tmp_path)
    assert ran.code == code
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_nothing_configured_and_nothing_recognised_teaches_how(tmp_path: Path) -> None:
    ran = run(tmp_path / "d")
    assert ran.code == 78
    assert "--config" in ran.stderr
    assert "DOCKER_USERNAME" in ran.stderr


def test_an_unknown_variable_of_ours_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    ran = run(tmp_path / "d", environment={**HUB, "DOCKERCFG_CACHEDIR": "/cache"})
    assert ran.code == 78
    assert "DOCKERCFG_CACHE_DIR" in ran.stderr


def test_a_folder_that_does_not_exist_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    ran = run(tmp_path / "no" / "d", environment=HUB)
    assert ran.code == 73
    assert str(tmp_path / "no") in ran.stderr


def test_a_path_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, environment=HUB).code == 73


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"DOCKER_USERNAME": "ci"}, 78, "DOCKER_PASSWORD"),
        ({**HUB, "DOCKER_USERNAME": f"a:{CANARY}"}, 78, ":"),
        ({**HUB, "DOCKER_PASSWORD": f"{CANARY}\n"}, 78, "line break"),
        ({**HUB, "DOCKER_PASSWORD": CANARY * 5000}, 78, "64 KiB"),
        ({**HUB, "DOCKER_REGISTRY": "a/b/c"}, 78, "DOCKER_REGISTRY"),
    ],
)
def test_bad_variables_leave_the_file_as_it_was_and_show_no_value(
    environment: dict[str, str], code: int, said: str, tmp_path: Path
) -> None:
    target = tmp_path / "d"
    target.write_text("as it was")
    ran = run(target, environment=environment)
    assert ran.code == code, ran.stderr
    assert said in ran.stderr
    assert CANARY not in ran.output
    assert target.read_text() == "as it was"


@pytest.mark.parametrize("password", [f'"{CANARY}"', f"a:b:{CANARY}", f"pässwörd {CANARY} $HOME *"])
def test_odd_passwords_arrive_unchanged(password: str) -> None:
    ran = run("-", environment={**HUB, "DOCKER_PASSWORD": password})
    assert login_of(ran.stdout, "https://index.docker.io/v1/") == f"ci-bot:{password}"


def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "d"
    target.touch(0o640)
    target.chmod(0o640)
    assert run(target, environment=HUB).code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_that_waits_and_leaves_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = start(fifo, environment=HUB)
    # stderr stays open: the first line of the summary says that only the pipe's reader is missing
    assert process.stderr is not None
    assert "docker" in process.stderr.readline()
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "signal" in stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo"]


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">&-", 73, "stdout is closed"),
        (">/dev/full", 73, "stdout lies on a full file system"),
        ("2>&- >out", 0, ""),
        ("<&- >out", 0, "docker:"),
    ],
)
def test_closed_and_full_streams_are_no_reason_to_crash_or_to_write_elsewhere(
    redirection: str, code: int, said: str, tmp_path: Path
) -> None:
    answer = subprocess.run(
        ["bash", "-c", f"{COMMAND} - {redirection}"],
        cwd=tmp_path,
        env=PLAIN_ENVIRONMENT | HUB,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    if code == 0:
        document = (tmp_path / "out").read_text()
        assert login_of(document, "https://index.docker.io/v1/") == f"ci-bot:{CANARY}"


def test_a_file_is_written_although_stdout_is_closed(tmp_path: Path) -> None:
    command = f"{COMMAND} {tmp_path / 'd'} >&- 2>&-"
    subprocess.run(["bash", "-c", command], env=PLAIN_ENVIRONMENT | HUB, check=True)
    assert "auths" in (tmp_path / "d").read_text()


def test_version_and_help_are_on_stdout() -> None:
    assert run("--version").stdout.startswith("dockercfg-generator ")
    assert "DOCKERCFG_CONFIG" in run("--help").stdout


def test_the_command_is_the_installed_one() -> None:
    assert COMMAND.is_file()
