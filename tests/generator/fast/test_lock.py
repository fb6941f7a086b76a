"""The run lock: one does the work, the others wait for its document, and never for nothing."""

import errno
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from generator.fast.lock import RunLock, Waiter, patience_s
from generator.fast.run import attempt
from tests.e2e.command import COMMAND, PLAIN_ENVIRONMENT
from tests.generator.fast.samples import CANARY, Place


@pytest.fixture
def folder(tmp_path: Path) -> int:
    return os.open(tmp_path, os.O_RDONLY)


@pytest.fixture
def cold(tmp_path: Path) -> Place:
    """A place where nothing has run yet."""
    return Place(tmp_path, {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": CANARY})


def attempted(place: Place, **changes: str) -> tuple[RunLock | None, list[int]]:
    codes: list[int] = []
    environment = {os.fsencode(k): os.fsencode(v) for k, v in (place.environment | changes).items()}
    return attempt([str(place.target)], environment, codes.append), codes


def test_one_of_two_has_it(folder: int) -> None:
    first, second = Waiter(folder, "0a"), Waiter(folder, "0a")
    lock = first.taken()
    assert lock is not None
    assert second.taken() is None
    assert not second.is_pointless()
    lock.release()
    assert second.taken() is not None


def test_who_gives_up_lets_all_who_wait_go_on(folder: int) -> None:
    first, second, third = (Waiter(folder, "0a") for _ in range(3))
    lock = first.taken()
    assert lock is not None
    lock.abandon()
    lock.abandon()
    assert second.is_pointless()
    assert third.is_pointless()
    assert not Waiter(folder, "0a").is_pointless()


def test_a_folder_that_can_not_be_written_has_no_lock(folder: int, tmp_path: Path) -> None:
    (tmp_path / "finished-0a.lock").mkdir()
    waiter = Waiter(folder, "0a")
    assert waiter.taken() is None
    assert waiter.is_pointless()
    waiter.close()


@pytest.mark.parametrize(
    ("timeout", "config", "seconds"),
    [
        ("", b"registries: {}", 10.0),
        ("60s", b"", 10.0),
        ("8s", b"", 2.0),
        ("soon", b"", 0.0),
        ("", b"timeout: 5s", 2.5),
    ],
)
def test_waiting_leaves_time_for_the_work(timeout: str, config: bytes, seconds: float) -> None:
    assert patience_s(timeout, config) == seconds


def test_the_first_on_a_cold_volume_gets_it_and_makes_the_folder(cold: Place) -> None:
    lock, codes = attempted(cold)
    assert lock is not None
    assert codes == []
    assert cold.cache.stat().st_mode & 0o777 == 0o700
    assert [path.name[:9] for path in cold.cache.iterdir()] == ["finished-"]
    lock.release()


def test_who_waits_gets_the_document_of_who_works(cold: Place) -> None:
    lock, _ = attempted(cold)
    assert lock is not None

    seen: list[tuple[RunLock | None, list[int]]] = []
    waiting = threading.Thread(target=lambda: seen.append(attempted(cold)))
    waiting.start()
    time.sleep(0.2)
    assert seen == []
    assert cold.ordinary() == 0
    cold.target.unlink()
    lock.release()
    waiting.join(timeout=20)
    assert seen == [(None, [0])]
    assert cold.target.exists()


def test_who_waits_for_somebody_who_gives_up_goes_on_at_once(cold: Place) -> None:
    lock, _ = attempted(cold)
    assert lock is not None
    timer = threading.Timer(0.2, lock.abandon)
    timer.start()
    started = time.monotonic()
    assert attempted(cold) == (None, [])
    assert 0.15 < time.monotonic() - started < 5


def test_nobody_waits_for_the_reader_of_anothers_pipe(cold: Place) -> None:
    pipe = cold.folder / "pipe"
    os.mkfifo(pipe)
    environment = PLAIN_ENVIRONMENT | cold.environment
    with subprocess.Popen([COMMAND, pipe], env=environment, stderr=subprocess.PIPE) as other:
        assert other.stderr is not None
        other.stderr.readline()  # it has all that it needs, but for the reader
        started = time.monotonic()
        done = subprocess.run([COMMAND, cold.target], env=environment, check=False)
        waited_s = time.monotonic() - started
        other.kill()
    assert done.returncode == 0
    assert waited_s < 5


def test_who_waits_too_long_goes_on_without(cold: Place) -> None:
    cold.environment["DOCKERCFG_TIMEOUT"] = "2s"
    lock, _ = attempted(cold)
    assert lock is not None
    started = time.monotonic()
    assert attempted(cold) == (None, [])
    assert 0.4 < time.monotonic() - started < 8
    lock.release()


def test_another_identity_does_not_wait_once_there_is_an_index(cold: Place) -> None:
    assert cold.ordinary() == 0
    first, _ = attempted(cold, DOCKER_PASSWORD="one")
    others = [attempted(cold, DOCKER_PASSWORD=f"other-{number}")[0] for number in range(3)]
    assert first is not None
    assert any(others)  # two of 256 locks may be the same one, three hardly are


def test_a_run_whose_folder_is_closed_to_nobody_still_locks(cold: Place) -> None:
    cold.cache.mkdir(0o755)
    lock, _ = attempted(cold)
    assert lock is not None
    lock.release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_who_waits_at_once(cold: Place, number: signal.Signals) -> None:
    lock, _ = attempted(cold)
    assert lock is not None
    environment = PLAIN_ENVIRONMENT | cold.environment
    process = subprocess.Popen([COMMAND, cold.target], env=environment)
    time.sleep(0.5)
    assert process.poll() is None
    sent = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=20) == 128 + number
    assert time.monotonic() - sent < 3
    assert not cold.target.exists()
    lock.release()


def test_who_is_killed_is_followed_by_the_next(cold: Place) -> None:
    lock, _ = attempted(cold)
    assert lock is not None
    environment = PLAIN_ENVIRONMENT | cold.environment
    processes = [subprocess.Popen([COMMAND, cold.target], env=environment) for _ in range(3)]
    time.sleep(0.3)
    lock.release()  # what the system does for a process that was killed
    assert [process.wait(timeout=30) for process in processes] == [0, 0, 0]
    assert cold.target.exists()


def test_a_file_system_without_locks_holds_nobody(
    folder: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    waiter = Waiter(folder, "0a")
    monkeypatch.setattr("fcntl.flock", refused)
    assert waiter.taken() is None
    assert waiter.is_pointless()


def test_giving_up_ends_the_lock_even_where_no_time_can_be_set(
    folder: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object) -> None:
        raise OSError(errno.EROFS, "read only")

    lock, other = Waiter(folder, "0a").taken(), Waiter(folder, "0a")
    assert lock is not None
    monkeypatch.setattr("os.utime", refused)
    lock.abandon()
    assert other.taken() is not None
