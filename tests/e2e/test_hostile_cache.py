"""Whatever lies in the cache folder, whatever the disk does: one warning, a correct dockercfg."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, Ran, run
from tests.generator.cache.test_crash import needs_mount
from tests.generator.cache.test_volume import PLANTED
from tests.parts.ecr import EcrStandIn

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


class Job:
    """A job whose cache is somebody's playground."""

    def __init__(self, folder: Path, ecr: EcrStandIn) -> None:
        self.cache, self.target, self.ecr = folder / "cache", folder / "dockercfg", ecr
        config = f"{{cache: {{dir: {self.cache}}}, registries: {{r: {{server: {HOST}}}}}}}"
        self.environment = ecr.environment | {"DOCKERCFG_CONFIG_YAML": config}

    def run(self, **environment: str) -> Ran:
        self.target.unlink(missing_ok=True)
        return run(self.target, environment=self.environment | environment)

    @property
    def grant(self) -> Path:
        (path,) = [p for p in self.cache.glob("grant-*") if "." not in p.name]
        return path

    def is_correct(self, ran: Ran, warnings: int = 1) -> None:
        assert ran.code == 0, ran.stderr
        assert ran.stderr.count("warning:") == warnings, ran.stderr
        assert "Traceback" not in ran.stderr
        assert CANARY not in ran.output
        assert list(json.loads(self.target.read_text())["auths"]) == [HOST]


@pytest.fixture
def job(tmp_path: Path, ecr: EcrStandIn) -> Job:
    return Job(tmp_path, ecr)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_grant_is_neither_followed_nor_trusted(job: Job, kind: str) -> None:
    job.run()
    path = job.grant
    path.unlink()
    PLANTED[kind](path)
    started = time.monotonic()
    job.is_correct(job.run())
    assert time.monotonic() - started < 15
    assert job.ecr.token_calls == 2
    target = path.with_name("target")
    assert not target.exists() or target.read_bytes() == b"planted"


@pytest.mark.parametrize("kind", ["symbolic link", "fifo", "folder"])
@pytest.mark.parametrize("suffix", [".lock", ".failed"])
def test_what_goes_with_a_grant_may_be_planted_too(job: Job, kind: str, suffix: str) -> None:
    job.run()
    path = job.grant
    path.unlink()
    beside = path.with_name(path.name + suffix)
    beside.unlink(missing_ok=True)
    PLANTED[kind](beside)
    job.is_correct(job.run(), warnings=1 if suffix == ".lock" else 0)


GARBAGE: dict[str, Callable[[bytes], bytes]] = {
    "deep JSON": lambda _: b"dockercfg-grant 2 " + b"0" * 64 + b"\n" + b"[" * 100_000,
    "old schema": lambda whole: whole.replace(b"dockercfg-grant 2", b"dockercfg-grant 1"),
    "later schema": lambda whole: whole.replace(b"dockercfg-grant 2", b"dockercfg-grant 9"),
    "nothing": lambda _: b"",
    "zeros": lambda whole: bytes(len(whole)),
    "half": lambda whole: whole[: len(whole) // 2],
    "another token": lambda whole: whole.replace(b"AWS", b"SWA"),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_a_miss_and_replaced(job: Job, kind: str) -> None:
    job.run()
    job.grant.write_bytes(GARBAGE[kind](job.grant.read_bytes()))
    job.is_correct(job.run())
    job.is_correct(job.run(), warnings=0)
    assert job.ecr.token_calls == 2


def test_a_grant_swapped_for_anothers_is_a_miss(job: Job) -> None:
    job.run()
    mine = job.grant
    content = mine.read_bytes()
    mine.unlink()
    job.run(AWS_SECRET_ACCESS_KEY="another")
    job.grant.write_bytes(content)
    job.is_correct(job.run(AWS_SECRET_ACCESS_KEY="another"))


def test_a_folder_that_all_may_write_to_is_not_used(job: Job) -> None:
    job.cache.mkdir()
    job.cache.chmod(0o777)
    job.is_correct(job.run())
    assert list(job.cache.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_not_used(job: Job) -> None:
    job.cache.mkdir(0o700)
    os.chown(job.cache, 12345, 12345)
    job.is_correct(job.run())
    assert list(job.cache.iterdir()) == []


@needs_mount
@pytest.mark.parametrize(
    "mount",
    [
        '-t tmpfs -o size=12k,mode=700 tmpfs "$0"; head -c 4096 /dev/zero > "$0/big"',
        '--bind "$0" "$0" && mount -o remount,bind,ro "$0"',
    ],
    ids=["full", "read-only"],
)
def test_a_full_or_read_only_volume_is_one_warning(job: Job, mount: str) -> None:
    job.cache.mkdir(0o700)
    if "ro" in mount:
        job.run()
        job.grant.unlink()
    script = f'mount {mount} && exec "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, str(job.cache), str(COMMAND), str(job.target)],
        env=PLAIN_ENVIRONMENT | job.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    job.is_correct(Ran(done.returncode, done.stdout, done.stderr))


def test_with_a_key_the_volume_shows_neither_token_nor_server(job: Job) -> None:
    job.is_correct(job.run(DOCKERCFG_CACHE_KEY=KEY), warnings=0)
    stored = b"".join(path.read_bytes() for path in job.cache.iterdir())
    assert CANARY.encode() not in stored
    assert HOST.encode() not in stored
    job.is_correct(job.run(DOCKERCFG_CACHE_KEY=KEY), warnings=0)
    assert job.ecr.token_calls == 1
    rotated = {"DOCKERCFG_CACHE_KEY": OTHER_KEY, "DOCKERCFG_CACHE_KEY_PREVIOUS": KEY}
    job.is_correct(job.run(**rotated), warnings=0)
    assert job.ecr.token_calls == 1
    job.is_correct(job.run(DOCKERCFG_CACHE_KEY=OTHER_KEY))
    job.is_correct(job.run())
    assert job.ecr.token_calls == 3


@pytest.mark.parametrize("name", ["DOCKERCFG_CACHE_KEY", "DOCKERCFG_CACHE_KEY_PREVIOUS"])
def test_a_malformed_key_is_told_by_its_variable_and_never_shown(job: Job, name: str) -> None:
    environment = {"DOCKERCFG_CACHE_KEY": KEY} | {name: f"{CANARY}-key"}
    ran = job.run(**environment)
    assert (ran.code, job.ecr.token_calls) == (78, 0)
    assert f"{name}: is not 32 bytes as base64 or hexadecimal" in ran.stderr
    assert CANARY not in ran.output
