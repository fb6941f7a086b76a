"""Every call to the file system fails once, or is the last that a process makes."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backends.base import Secret
from generator.cache.codec import decode_grant
from generator.cache.errors import CacheUnavailable
from generator.cache.layout import TEMPORARY_PREFIX, is_grant_name
from generator.cache.locks import lock_if_free
from generator.cache.sealing import CacheKeys
from generator.cache.volume import CacheVolume, open_volume
from tests.generator.cache.samples import NAME, NOW, OTHER_NAME, USE, make_grant, make_store
from tests.generator.cache.test_failures import NOTE

CALLS = ("open", "fstat", "stat", "fsync", "utime", "rename", "link", "unlink", "scandir", "close")
WAYS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EDQUOT)
KEYS = CacheKeys(Secret("0b" * 32))


class Killed(BaseException):
    """Stands for the end of the process: nothing after it is tidied up."""


@contextmanager
def failing(call: str, turn: int, error: int | None) -> Iterator[list[int]]:
    """Let the ``turn``-th use of an ``os`` function fail, or kill; yields how often it was used.

    After a kill every call fails, so that no clean-up of a process that is dead takes place.
    """
    used, dead = [0], list[bool]()
    real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CALLS}

    def make(name: str) -> Callable[..., Any]:
        def instead(*arguments: Any, **options: Any) -> Any:
            if dead and name != "close":
                raise Killed
            if name == call:
                used[0] += 1
                if used[0] == turn:
                    if name == "close":  # it is closed, whatever it says
                        real[name](*arguments)
                    if error is None:
                        dead.append(True)
                        raise Killed
                    raise OSError(error, os.strerror(error))
            return real[name](*arguments, **options)

        return instead

    for name in CALLS:
        setattr(os, name, make(name))
    try:
        yield used
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def live(folder: Path, keys: CacheKeys | None) -> None:
    """Do what a run does to a cache: open, load, lock, note, store, prune."""
    with open_volume(folder) as volume:
        store, _ = make_store(volume, keys)
        with lock_if_free(volume, NAME):
            store.load(NAME)
            store.note_failure(NAME, NOTE)
            store.store(NAME, make_grant("new"), USE)
        store.prune(NOW)


def is_sound(folder: Path, keys: CacheKeys | None) -> None:
    """Every file is whole or a miss, no lock is held, and the next run works."""
    with open_volume(folder) as volume:
        store, warnings = make_store(volume, keys)
        assert store.load(NAME) in (None, make_grant("old"), make_grant("new"))
        note = store.failure(NAME)
        assert note is None or note.error.reference == "denied"
        with lock_if_free(volume, NAME) as held:
            assert held, "a lock was lost"
        store.store(NAME, make_grant("next"), USE)
        assert store.load(NAME) == make_grant("next")
        assert warnings.given == []


def prepared(folder: Path, keys: CacheKeys | None) -> Path:
    with open_volume(folder) as volume:
        store, _ = make_store(volume, keys)
        store.store(NAME, make_grant("old"), USE)
        store.store(OTHER_NAME, make_grant("spent", expires_at=NOW - 1), USE)
    return folder


@pytest.mark.parametrize("keys", [None, KEYS], ids=["plain", "sealed"])
@pytest.mark.parametrize("fresh", [True, False], ids=["made", "there"])
@pytest.mark.parametrize("call", CALLS)
def test_whatever_fails_or_kills_nothing_false_is_left(
    tmp_path: Path, call: str, *, fresh: bool, keys: CacheKeys | None
) -> None:
    turn, ended = 0, False
    while not ended:
        turn += 1
        for way in (*WAYS, None) if turn == 1 else (random.choice(WAYS), None):
            folder = tmp_path / f"cache-{turn}-{way}"
            if not fresh:
                prepared(folder, keys)
            with failing(call, turn, way) as used:
                try:
                    live(folder, keys)
                except CacheUnavailable:
                    assert way is not None
                except Killed:
                    assert way is None
            ended = used[0] < turn
            is_sound(folder, keys)
    assert turn > 1 or (call == "link" and not fresh), "it was never called"


# Forks a child for each line that it reads, and says its number and what it died of: all that a
# child needs is imported already, so that a kill costs milliseconds.
STORE_FOR_EVER = """
import os, sys
from pathlib import Path
from generator.cache.locks import lock_if_free
from generator.cache.prune import remove_grant
from generator.cache.volume import open_volume
from tests.generator.cache.samples import NOW, USE, make_grant, make_store
from tests.generator.cache.test_failures import NOTE

def work(folder, names):
    while True:
        for name in names:
            with open_volume(folder) as volume:
                store, _ = make_store(volume)
                with lock_if_free(volume, name) as held:
                    if held:
                        store.note_failure(name, NOTE)
                        store.store(name, make_grant("x" * 3000), USE)
                store.prune(NOW)
                if held:
                    remove_grant(volume, name)
                store.store(name, make_grant("y" * 3000), USE)

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        work(Path(sys.argv[1]), sys.argv[2:])
    print(child, flush=True)
    _, status = os.wait()
    print(os.WTERMSIG(status), flush=True)
"""
KILLS = 200


def test_hundreds_of_kills_under_load_leave_whole_files_and_free_locks(folder: Path) -> None:
    names = [f"grant-{number:032x}" for number in range(5)]
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", STORE_FOR_EVER, str(folder), *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    killed, until = 0, time.monotonic() + 30
    while killed < KILLS and time.monotonic() < until:
        children = [_child_of(job) for job in jobs]
        time.sleep(random.uniform(0.002, 0.03))
        for job, child in zip(jobs, children, strict=True):
            os.kill(child, signal.SIGKILL)
            assert job.stdout is not None
            assert job.stdout.readline() == f"{int(signal.SIGKILL)}\n"
            killed += 1
    for job in jobs:
        job.communicate(timeout=20)
        assert job.returncode == 0
    assert killed >= KILLS // 4, "the machine is too busy to tell anything"
    with open_volume(folder) as volume:
        _check(volume, names)


def _child_of(job: "subprocess.Popen[str]") -> int:
    assert job.stdin is not None
    assert job.stdout is not None
    job.stdin.write("\n")
    job.stdin.flush()
    return int(job.stdout.readline())


def _check(volume: CacheVolume, names: list[str]) -> None:
    store, warnings = make_store(volume)
    left = 0
    for path in volume.path.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        if is_grant_name(path.name):
            decode_grant(path.read_bytes(), name=path.name, key=volume.key)
        left += path.name.startswith(TEMPORARY_PREFIX)
    for name in names:
        assert store.load(name) in (None, make_grant("x" * 3000), make_grant("y" * 3000))
        with lock_if_free(volume, name) as held:
            assert held
    assert warnings.given == []
    assert left <= 2 * KILLS
    store.prune(NOW + 10 * 86400)
    assert not [path for path in volume.path.iterdir() if path.name.startswith(TEMPORARY_PREFIX)]
