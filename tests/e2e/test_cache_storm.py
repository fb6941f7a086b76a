"""Jobs that start together, through the command: who pays, who waits, and what stops whom."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, start
from tests.parts.ecr import EcrStandIn

REGIONS = ("eu-west-1", "us-east-1")
TOGETHER = 6


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


class Host:
    """A host with a cache; every job has a config of its own for one region's registry."""

    def __init__(self, folder: Path, ecr: EcrStandIn) -> None:
        self.folder, self.ecr = folder, ecr
        self.jobs: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, region: str = REGIONS[0]) -> "subprocess.Popen[str]":
        server = f"123456789012.dkr.ecr.{region}.amazonaws.com"
        config = f"{{cache: {{dir: {self.folder}/cache}}, registries: {{r: {{server: {server}}}}}}}"
        target = self.folder / f"dockercfg-{len(self.jobs)}"
        environment = self.ecr.environment | {"DOCKERCFG_CONFIG_YAML": config}
        self.jobs.append(start(target, *arguments, environment=environment))
        return self.jobs[-1]

    def is_asked(self, times: int, region: str = REGIONS[0]) -> None:
        """Wait until the registry has been asked so often."""
        deadline = time.monotonic() + 20
        while self.ecr.calls["GetAuthorizationToken", region] < times:
            assert time.monotonic() < deadline, "nobody asks"
            time.sleep(0.01)


@pytest.fixture
def host(tmp_path: Path, ecr: EcrStandIn) -> Iterator[Host]:
    host = Host(tmp_path, ecr)
    yield host
    for job in host.jobs:
        job.kill()
        job.wait()
        for pipe in (job.stdout, job.stderr):
            assert pipe is not None
            pipe.close()


def ended(job: "subprocess.Popen[str]") -> tuple[int, str]:
    _, stderr = job.communicate(timeout=50)
    assert CANARY not in stderr
    return job.returncode, stderr


def test_many_jobs_with_wrong_credentials_make_one_call(host: Host) -> None:
    host.ecr.delay_s = 0.5
    host.ecr.fail_next(*["denied"] * TOGETHER)
    jobs = [host.start() for _ in range(TOGETHER)]
    results = [ended(job) for job in jobs]
    assert {code for code, _ in results} == {77}
    assert len({stderr.replace(f"dockercfg-{n}", "") for n, (_, stderr) in enumerate(results)}) == 1
    assert host.ecr.token_calls == 1
    host.ecr.plan.clear()
    assert ended(host.start())[0] == 0, "what was mended works at once"


def test_when_the_one_that_asks_is_killed_the_next_one_asks_at_once(host: Host) -> None:
    host.ecr.fail_next("hang")
    first = host.start()
    host.is_asked(1)
    others = [host.start() for _ in range(3)]
    time.sleep(1.5)
    killed_at = time.monotonic()
    first.kill()
    assert [ended(job)[0] for job in others] == [0, 0, 0]
    assert host.ecr.token_calls == 2
    assert time.monotonic() - killed_at < 9, "they have waited for their patience to end"


def test_when_the_one_that_asks_is_stopped_the_others_go_on_after_their_patience(
    host: Host,
) -> None:
    host.ecr.fail_next("hang")
    first = host.start()
    host.is_asked(1)
    os.kill(first.pid, signal.SIGSTOP)
    started = time.monotonic()
    second, other = host.start(), host.start(region=REGIONS[1])
    assert ended(other)[0] == 0
    assert time.monotonic() - started < 9, "another grant has waited"
    assert ended(second)[0] == 0
    assert 9 < time.monotonic() - started < 50
    os.kill(first.pid, signal.SIGCONT)


def test_waiting_for_the_lock_ends_with_the_run(host: Host) -> None:
    host.ecr.fail_next("hang")
    host.start()
    host.is_asked(1)
    started = time.monotonic()
    code, stderr = ended(host.start("--timeout", "2s"))
    assert (code, "out-of-time" in stderr) == (69, True), stderr
    assert time.monotonic() - started < 8
    assert host.ecr.token_calls == 1
