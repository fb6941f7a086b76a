"""The report that later steps of a pipeline read, through the installed command."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import CANARY, run, start
from tests.parts.ecr import EcrStandIn

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
HUB = {"DOCKER_USERNAME": "ci-bot", "DOCKER_PASSWORD": CANARY}
CONFIG = f"""
cache: {{dir: cache}}
registries:
  prod: {{server: {ECR}}}
  ghcr: {{server: ghcr.io, username: ci, credentials: env:TOKEN}}
  spare: {{server: spare.io, username: ci, optional: true, credentials: env:NOT_SET}}
"""


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


def read(path: Path) -> dict[str, Any]:
    text = path.read_text()
    assert CANARY not in text
    report: dict[str, Any] = json.loads(text)
    return report


def test_it_says_what_became_of_each_entry(tmp_path: Path, ecr: EcrStandIn) -> None:
    (tmp_path / "r.yaml").write_text(CONFIG)
    environment = {**ecr.environment, "TOKEN": CANARY, "DOCKERCFG_REPORT": "report.json"}
    ran = run("./d", "--config", "r.yaml", environment=environment, folder=tmp_path)
    assert ran.code == 0, ran.stderr
    report = read(tmp_path / "report.json")
    assert report["tool"] == "dockercfg-generator"
    assert (report["path"], report["written"], report["exit_code"]) == ("./d", True, 0)
    prod, ghcr, spare = report["entries"]
    assert (prod["state"], ghcr["state"], spare["state"]) == ("fetched", "static", "failed")
    assert prod["server_addresses"] == [ECR]
    assert prod["provider"] == "ecr"
    assert prod["expires_at"] == report["earliest_expiry"]
    assert datetime.fromisoformat(prod["expires_at"]).utcoffset() is not None
    assert 43000 < prod["valid_for_s"] <= 43200
    assert ghcr["expires_at"] is None
    assert spare["optional"]
    assert spare["error"]["reference"] == "variable-not-set"
    assert spare["error"]["exit_code"] == 66

    run("./d", "--config", "r.yaml", environment=environment, folder=tmp_path)
    assert read(tmp_path / "report.json")["entries"][0]["state"] == "cached"


def test_a_failed_run_has_one_too(tmp_path: Path) -> None:
    config = "registries: {ghcr: {server: ghcr.io, username: ci, credentials: env:NOT_SET}}"
    ran = run(
        "./d",
        "--report",
        "report.json",
        environment={"DOCKERCFG_CONFIG_YAML": config},
        folder=tmp_path,
    )
    assert ran.code == 66
    report = read(tmp_path / "report.json")
    assert (report["written"], report["exit_code"]) == (False, 66)
    assert report["entries"][0]["error"]["reference"] == "variable-not-set"


def test_a_bad_config_is_in_it(tmp_path: Path) -> None:
    environment = {"DOCKERCFG_CONFIG_YAML": "registries: {a: {server: a.io, usernam: x}}"}
    ran = run("./d", "--report", "report.json", environment=environment, folder=tmp_path)
    assert ran.code == 78
    report = read(tmp_path / "report.json")
    assert (report["exit_code"], report["entries"]) == (78, [])
    assert report["error"]["reference"] == "config-invalid"
    assert report["problems"][0]["hint"] == "did you mean username?"


@pytest.mark.parametrize("report", ["no/report.json", "."])
def test_one_that_can_not_be_written_is_told_before_anything_is_fetched(
    report: str, tmp_path: Path, ecr: EcrStandIn
) -> None:
    (tmp_path / "r.yaml").write_text(CONFIG)
    environment = {**ecr.environment, "TOKEN": CANARY, "DOCKERCFG_CONFIG": "r.yaml"}
    ran = run("./d", "--report", report, environment=environment, folder=tmp_path)
    assert ran.code == 73
    assert ecr.token_calls == 0
    assert not (tmp_path / "d").exists()


def test_a_missing_folder_is_told_as_the_reports(tmp_path: Path) -> None:
    ran = run("./d", "--report", "/nodir/r.json", environment=HUB, folder=tmp_path)
    assert ran.code == 73
    assert "the report can not be written: the folder /nodir does not exist" in ran.stderr


@pytest.mark.parametrize(
    ("path", "report"),
    [("./d", "d"), ("link/d", "d"), ("./e", "d"), ("-", "-"), ("/dev/stdout", "-")],
)
def test_it_never_takes_the_dockercfgs_place(path: str, report: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "d").write_text("as it was")
    (tmp_path / "e").hardlink_to(tmp_path / "d")
    ran = run(path, "--report", report, environment=HUB, folder=tmp_path)
    assert (ran.code, ran.stdout) == (73, "")
    assert "both to be written" in ran.stderr
    assert (tmp_path / "d").read_text() == "as it was"


def test_it_can_be_stdout(tmp_path: Path) -> None:
    ran = run("./d", "--report", "-", environment=HUB, folder=tmp_path)
    assert json.loads(ran.stdout)["written"]
    assert CANARY not in ran.output


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_one_is_for_whom_the_umask_lets(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        run("./d", "--report", "report.json", environment=HUB, folder=tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o600


def test_a_full_disk_is_told_after_the_dockercfg_is_written(tmp_path: Path) -> None:
    ran = run("./d", "--report", "/dev/full", environment=HUB, folder=tmp_path)
    assert ran.code == 73
    assert (tmp_path / "d").exists()
    assert "/dev/full" in ran.stderr


def test_a_run_that_is_stopped_says_so(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = start(fifo, "--report", "report.json", environment=HUB, folder=tmp_path)
    assert process.stderr is not None
    assert "docker" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 143
    report = read(tmp_path / "report.json")
    assert (report["exit_code"], report["error"]["reference"]) == (143, "stopped")
