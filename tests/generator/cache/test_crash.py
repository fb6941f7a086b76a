"""Real processes that die, race, or find the disk full or read-only."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator.cache.volume import CacheVolume, open_volume
from tests.generator.cache.samples import CANARY, NAME, NOW, USE, make_grant, make_store, names_in

STORE = """
import os, signal, sys
from pathlib import Path
from generator.cache.store import GrantStore
from generator.cache.volume import open_volume
from tests.generator.cache.samples import NAME, USE, make_grant

def warn(reference, message):
    print(reference, message, flush=True)

def store_all(store, secret, times):
    for _ in range(times):
        store.store(NAME, make_grant(secret), USE)

folder, secret, times, before = sys.argv[1:]
exec(before)
with open_volume(Path(folder)) as volume:
    store_all(GrantStore(volume, warn), secret, int(times))
"""
DIE_AT = "os.{} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)"


def storing(folder: Path, secret: str, times: int, before: str = "") -> list[str]:
    return [sys.executable, "-c", STORE, str(folder), secret, str(times), before]


@pytest.mark.parametrize("call", ["rename", "fsync"])
def test_a_process_killed_before_the_rename_leaves_a_readable_store(
    volume: CacheVolume, call: str
) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant("old"), USE)
    done = subprocess.run(storing(volume.path, CANARY, 1, DIE_AT.format(call)), check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = names_in(volume.path) - {"key", ".gitignore", NAME}
    assert left.startswith(".tmp-")
    assert store.load(NAME) == make_grant("old")
    os.utime(volume.path / left, (NOW - 7200, NOW - 7200))
    store.prune(NOW)
    assert names_in(volume.path) == {"key", ".gitignore", NAME}
    assert warnings.given == []


@pytest.mark.parametrize("call", ["link", "unlink"])
def test_a_process_killed_while_it_makes_the_key_leaves_a_usable_folder(
    folder: Path, call: str
) -> None:
    done = subprocess.run(storing(folder, CANARY, 1, DIE_AT.format(call)), check=False)
    assert done.returncode == -signal.SIGKILL
    with open_volume(folder) as volume:
        store, warnings = make_store(volume)
        store.store(NAME, make_grant(), USE)
        assert store.load(NAME) == make_grant()
        assert warnings.given == []


def test_two_processes_that_store_at_once_leave_one_whole_file(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant("a"), USE)
    expected = [make_grant("a"), make_grant("b" * 5000)]
    processes = [subprocess.Popen(storing(volume.path, s, 150)) for s in ("a", "b" * 5000)]
    seen = []
    while any(process.poll() is None for process in processes):
        seen.append(store.load(NAME))
    assert [process.returncode for process in processes] == [0, 0]
    assert all(grant in expected for grant in seen)
    assert store.load(NAME) in expected
    assert warnings.given == []
    assert names_in(volume.path) == {"key", ".gitignore", NAME}


def mounted(options: str, folder: Path, command: list[str]) -> str:
    """Run a command in a mount namespace of its own where ``folder`` is mounted as asked."""
    script = f'mount {options} "$0" && exec "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, str(folder), *command],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def can_mount() -> bool:
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="needs mount(2): run as root")


@needs_mount
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_read_only_mount_is_read_and_warned_of_once(volume: CacheVolume, mode: int) -> None:
    make_store(volume)[0].store(NAME, make_grant(), USE)
    volume.path.chmod(mode)
    before = names_in(volume.path)
    load = "opened = open_volume(Path(folder)); print(GrantStore(opened, warn).load(NAME).username)"
    options = f'--bind "{volume.path}" "$0" && mount -o remount,bind,ro'
    output = mounted(options, volume.path, storing(volume.path, CANARY, 3, load)).splitlines()
    assert output[0] == "AWS"
    (warning,) = output[1:]
    assert warning.startswith("cache-not-writable")
    assert "read" in warning
    assert CANARY not in warning
    assert names_in(volume.path) == before


@needs_mount
def test_a_full_disk_is_warned_of_once_and_nothing_is_left(tmp_path: Path) -> None:
    fill = (
        "opened = open_volume(Path(folder));"
        "f = open(folder + '/big', 'wb', buffering=0)\n"
        "try:\n    while True: f.write(bytes(512))\nexcept OSError: pass\n"
        "import atexit; atexit.register(lambda: print(sorted(os.listdir(folder))))"
    )
    folder = tmp_path / "cache"
    folder.mkdir(0o700)
    command = storing(folder, CANARY, 3, fill)
    output = mounted("-t tmpfs -o size=64k,mode=700 tmpfs", folder, command).splitlines()
    assert output[0].startswith("cache-not-writable")
    assert "no space left" in output[0]
    assert CANARY not in output[0]
    assert output[1:] == ["['.gitignore', 'big', 'key']"]
