"""Lock files that are removed while others wait for them: nobody else ever holds the lock."""

import os
import subprocess
import sys

from generator.cache.layout import LOCK_SUFFIX
from generator.cache.locks import grant_lock, lock_if_free
from generator.cache.volume import CacheVolume
from tests.generator.cache.samples import NAME, names_in

# Each holder makes a file that only one process can make, and removes it, before it lets go.
CONTEND = """
import os, sys
from pathlib import Path
import anyio
from generator.cache.locks import grant_lock
from generator.cache.volume import open_volume

async def shortly(_):
    await anyio.sleep(0.0005)

async def contend(folder, witness, name, times):
    with open_volume(Path(folder)) as volume:
        for _ in range(times):
            async with grant_lock(volume, name, patience_s=1e6, sleep=shortly) as held:
                assert held
                os.close(os.open(witness, os.O_CREAT | os.O_EXCL))
                os.sched_yield()
                os.unlink(witness)
                volume.remove(name + ".lock")
            await anyio.sleep(0.0005)

anyio.run(contend, *sys.argv[1:4], int(sys.argv[4]))
"""


def test_of_many_who_remove_the_lock_they_hold_each_holds_it_alone(volume: CacheVolume) -> None:
    witness = volume.path.with_name("witness")
    command = [sys.executable, "-c", CONTEND, str(volume.path), str(witness), NAME, "150"]
    jobs = [subprocess.Popen(command) for _ in range(6)]
    assert [job.wait(timeout=50) for job in jobs] == [0] * 6
    assert not witness.exists()


async def test_who_waits_for_a_file_that_is_removed_takes_the_next_one(volume: CacheVolume) -> None:
    waiting = volume.open_lock(NAME)
    volume.remove(NAME + LOCK_SUFFIX)
    assert not volume.is_lock(NAME, waiting)
    with lock_if_free(volume, NAME) as held:
        assert held
        assert not volume.is_lock(NAME, waiting)
    os.close(waiting)


class Overtaken(CacheVolume):
    """A volume where the lock file is removed between opening it and locking it, a few times."""

    overtakers = 3

    def open_lock(self, name: str) -> int:
        descriptor = super().open_lock(name)
        if self.overtakers:
            self.overtakers -= 1
            self.remove(name + LOCK_SUFFIX)
        return descriptor


async def test_a_lock_on_a_removed_file_is_not_taken_for_the_lock(volume: CacheVolume) -> None:
    with Overtaken(volume.path, os.dup(volume._folder), volume.key, writable=True) as overtaken:
        with lock_if_free(overtaken, NAME) as held:
            assert not held
        async with grant_lock(overtaken, NAME) as held:
            assert held
            assert overtaken.overtakers == 0
            assert NAME + LOCK_SUFFIX in names_in(volume.path)
