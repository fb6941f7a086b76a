"""Fast runs as a host has them: killed at any moment, many at once, again and again."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, run, start
from tests.parts.ecr import EcrStandIn

# A test of chance: a few are enough to find what happens once in ten, TEST_KILLS=400 for more.
KILLS = int(os.environ.get("TEST_KILLS", "60"))


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


def environment_of(folder: Path, ecr: EcrStandIn, entries: int) -> dict[str, str]:
    hosts = [f"123456789012.dkr.ecr.xx-test-{n}.amazonaws.com" for n in range(entries)]
    lines = "".join(f"  r{number}: {{server: {host}}}\n" for number, host in enumerate(hosts))
    config = folder / "registries.yaml"
    config.write_text(f"cache: {{dir: cache}}\nregistries:\n{lines}")
    return {**ecr.environment, "DOCKERCFG_CONFIG": str(config)}


def test_the_third_run_is_the_same_without_asking_or_importing(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    environment = environment_of(tmp_path, ecr, 3)
    target = tmp_path / "dockercfg"
    cold = run(target, environment=environment)
    written = target.read_bytes()
    target.unlink()
    answer = subprocess.run(
        [str(COMMAND), str(target)],
        env=PLAIN_ENVIRONMENT | environment | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert target.read_bytes() == written
    assert "generator.app" not in answer.stderr
    said = [line for line in answer.stderr.splitlines() if not line.startswith("import time:")]
    assert len(said) == len(cold.stderr.splitlines()) == 4
    assert all("cached, valid until" in line for line in said[:-1])
    assert ecr.token_calls == 3


def test_a_fast_run_that_is_killed_leaves_a_whole_file_or_the_old_one(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    environment = environment_of(tmp_path, ecr, 20)
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "dockercfg"
    assert run(target, environment=environment).code == 0
    whole = target.read_bytes()
    started = time.monotonic()
    assert run(target, environment=environment).code == 0
    takes_s = time.monotonic() - started
    codes = set()
    for _ in range(KILLS):
        target.write_bytes(b"old")
        process = start(target, environment=environment)
        time.sleep(random.uniform(0.3, 1.1) * takes_s)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        codes.add(process.returncode)
        # before its handlers are there, the signal ends the interpreter by itself
        assert process.returncode in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
        assert [path.name for path in folder.iterdir()] == ["dockercfg"]
        assert target.read_bytes() in (b"old", whole)
        if process.returncode == 0:
            assert target.read_bytes() == whole
    assert len(codes) > 1


def test_jobs_that_start_together_on_a_cold_volume_make_each_call_once(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    environment = environment_of(tmp_path, ecr, 4)
    ecr.delay_s = 0.3
    targets = [tmp_path / f"dockercfg-{number}" for number in range(12)]
    jobs = [start(target, environment=environment) for target in targets]
    for job in jobs:
        _, stderr = job.communicate(timeout=60)
        assert job.returncode == 0, stderr
    assert ecr.token_calls == 4
    assert len({target.read_bytes() for target in targets}) == 1
    assert len(json.loads(targets[0].read_bytes())["auths"]) == 4


def test_jobs_whose_identity_can_not_be_compared_do_not_wait_for_each_other(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    environment = environment_of(tmp_path, ecr, 1)
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    keys = f"aws_access_key_id = AKIA\naws_secret_access_key = {CANARY}\n"
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del environment[name]
    jobs = [
        start(tmp_path / f"d{number}", environment={**environment, "HOME": str(home)})
        for number in range(4)
    ]
    for job in jobs:
        _, stderr = job.communicate(timeout=60)
        assert job.returncode == 0, stderr
    assert ecr.token_calls == 1
