import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from generator.cache.locks import grant_lock, lock_if_free
from generator.cache.volume import CacheVolume, open_volume
from tests.generator.cache.samples import NAME, OTHER_NAME

HOLD = """
import sys, time
from pathlib import Path
import anyio
from generator.cache.locks import grant_lock
from generator.cache.volume import open_volume

async def hold():
    with open_volume(Path(sys.argv[1])) as volume:
        async with grant_lock(volume, sys.argv[2]) as held:
            print(held, flush=True)
            await anyio.sleep(60)

anyio.run(hold)
"""


@contextmanager
def holder(volume: CacheVolume) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock of `NAME` until it is killed."""
    command = [sys.executable, "-c", HOLD, str(volume.path), NAME]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        try:
            yield process
        finally:
            process.kill()


class Sleeper:
    """Sleeps no longer than a turn of the loop, and remembers for how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await anyio.lowlevel.checkpoint()


def is_locked(volume: CacheVolume, name: str) -> bool:
    """Ask the plain system call, as another tool would."""
    descriptor = os.open(volume.path / f"{name}.lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_free_lock_is_held_without_waiting(volume: CacheVolume) -> None:
    sleep = Sleeper()
    async with grant_lock(volume, NAME, sleep=sleep) as held:
        assert held
        assert is_locked(volume, NAME)
        assert sleep.slept == []
    assert not is_locked(volume, NAME)


async def test_it_is_released_when_the_work_fails(volume: CacheVolume) -> None:
    with pytest.raises(RuntimeError, match="fetch"):
        async with grant_lock(volume, NAME):
            raise RuntimeError("fetch")
    assert not is_locked(volume, NAME)


async def test_locks_of_other_names_are_others(volume: CacheVolume) -> None:
    async with grant_lock(volume, NAME), grant_lock(volume, OTHER_NAME, patience_s=0) as held:
        assert held


async def test_one_task_waits_for_the_other(volume: CacheVolume) -> None:
    inside: list[str] = []

    async def work() -> None:
        async with grant_lock(volume, NAME) as held:
            assert held
            inside.append("in")
            await anyio.sleep(0.005)
            inside.append("out")

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(work)
    assert inside == ["in", "out"] * 5


async def test_patience_ends_and_the_pauses_grow(volume: CacheVolume) -> None:
    sleep = Sleeper()
    async with (
        grant_lock(volume, NAME),
        grant_lock(volume, NAME, patience_s=3.0, sleep=sleep) as held,
    ):
        assert not held
    assert sum(sleep.slept) == pytest.approx(3.0)
    assert 0.005 <= sleep.slept[0] <= 0.010
    assert max(sleep.slept) <= 0.150
    assert len(set(sleep.slept[8:-1])) > 1, "no jitter"
    assert volume.take_remarks() == []


async def test_it_contends_with_plain_flock(volume: CacheVolume) -> None:
    descriptor = volume.open_lock(NAME)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    async with grant_lock(volume, NAME, patience_s=0) as held:
        assert not held
    os.close(descriptor)
    async with grant_lock(volume, NAME, patience_s=0) as held:
        assert held


async def test_waiting_can_be_cancelled_at_once(volume: CacheVolume) -> None:
    before = open_descriptors()
    async with grant_lock(volume, NAME):
        started = time.monotonic()
        with anyio.move_on_after(0.05) as scope:
            async with grant_lock(volume, NAME, patience_s=60):
                pytest.fail("two hold one lock")
        assert scope.cancelled_caught
        assert time.monotonic() - started < 5
        assert is_locked(volume, NAME)
    assert open_descriptors() == before


async def test_a_lock_held_by_another_process_is_waited_for(volume: CacheVolume) -> None:
    with holder(volume) as process:
        async with grant_lock(volume, NAME, patience_s=0.05) as held:
            assert not held
        assert process.poll() is None


async def test_a_killed_holder_lets_go_at_once(volume: CacheVolume) -> None:
    with holder(volume) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        async with grant_lock(volume, NAME, patience_s=0) as held:
            assert held


async def test_who_waits_goes_on_when_the_holder_is_killed(volume: CacheVolume) -> None:
    with holder(volume) as process:
        polls = 0

        async def kill_at_the_third(seconds: float) -> None:
            nonlocal polls
            polls += 1
            if polls == 3:
                process.kill()
                process.wait()
            await anyio.lowlevel.checkpoint()

        async with grant_lock(volume, NAME, sleep=kill_at_the_third) as held:
            assert held
        assert polls == 3


def test_a_child_process_does_not_inherit_the_lock(volume: CacheVolume) -> None:
    command = [sys.executable, "-I", "-c", "print(flush=True); input()"]
    with lock_if_free(volume, NAME) as held:
        assert held
        # close_fds is off, so that only our own flag keeps the descriptor from the child
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False
        )
    try:
        assert child.stdout
        child.stdout.readline()
        assert not is_locked(volume, NAME)
    finally:
        child.communicate(b"\n")


async def test_a_planted_lock_file_is_a_remark_and_no_lock(volume: CacheVolume) -> None:
    volume.path.joinpath(f"{NAME}.lock").symlink_to("/etc/passwd")
    for _ in range(2):
        async with grant_lock(volume, NAME) as held:
            assert not held
    (remark,) = volume.take_remarks()
    assert remark.reference == "cache-not-writable"


class Unlockable(CacheVolume):
    """A volume whose lock files are none that flock(2) takes."""

    def open_lock(self, name: str) -> int:
        return os.open(self.path, os.O_PATH)


async def test_a_file_system_without_locks_is_one_remark(volume: CacheVolume) -> None:
    sleep = Sleeper()
    with open_volume(volume.path) as opened:
        unlockable = Unlockable(opened.path, os.dup(opened._folder), opened.key, writable=True)
    with unlockable:
        for name in (NAME, OTHER_NAME):
            async with grant_lock(unlockable, name, sleep=sleep) as held:
                assert not held
        (remark,) = unlockable.take_remarks()
    assert remark.reference == "cache-not-lockable"
    assert sleep.slept == []


async def test_a_lock_is_taken_only_if_it_is_free(volume: CacheVolume) -> None:
    with lock_if_free(volume, NAME) as held:
        assert held
        with lock_if_free(volume, NAME) as held_twice:
            assert not held_twice
    assert not is_locked(volume, NAME)
