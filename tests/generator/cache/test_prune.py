import os
from pathlib import Path

from generator.cache.failures import FailureNote
from generator.cache.locks import grant_lock
from generator.cache.prune import MOST_DOCUMENTS, MOST_INDEXES
from generator.cache.volume import CacheVolume, open_volume
from generator.errors import AccessDenied
from tests.generator.cache.samples import (
    CANARY,
    NAME,
    NOW,
    OTHER_NAME,
    USE,
    make_grant,
    make_store,
    names_in,
)

WEEK = 7 * 86400.0
NOTE = FailureNote(AccessDenied("denied", "the registry said no", "ask"), NOW, "")


def age(path: Path, seconds: float) -> None:
    os.utime(path, (NOW - seconds, NOW - seconds))


def test_expired_grants_go_and_others_stay(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(expires_at=NOW), USE)
    store.store(OTHER_NAME, make_grant(expires_at=NOW + 1), USE)
    assert store.prune(NOW) == 1
    assert store.load(NAME) is None
    assert store.load(OTHER_NAME) is not None
    assert store.prune(NOW) == 0
    assert warnings.given == []


async def test_what_goes_with_a_grant_goes_with_it(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    async with store.lock(NAME):
        store.store(NAME, make_grant(expires_at=NOW), USE)
        store.note_failure(NAME, NOTE)
    store.prune(NOW)
    assert names_in(volume.path) == {"key", ".gitignore"}


async def test_a_grant_that_a_neighbour_is_renewing_stays(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    store.store(NAME, make_grant(expires_at=NOW), USE)
    with open_volume(volume.path) as neighbour:
        async with grant_lock(neighbour, NAME):
            assert store.prune(NOW) == 0
    assert store.prune(NOW) == 1


class Overtaken(CacheVolume):
    """A volume where a neighbour stores a fresh grant while we reach for the lock."""

    def open_lock(self, name: str) -> int:
        make_store(self)[0].store(name, make_grant(), USE)
        return super().open_lock(name)


def test_a_grant_that_a_neighbour_has_just_renewed_stays(volume: CacheVolume) -> None:
    make_store(volume)[0].store(NAME, make_grant(expires_at=NOW), USE)
    with Overtaken(volume.path, os.dup(volume._folder), volume.key, writable=True) as overtaken:
        store, _ = make_store(overtaken)
        assert store.prune(NOW) == 0
        assert store.load(NAME) == make_grant()


def test_a_stale_temporary_file_goes_after_an_hour(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    for name, seconds in ((".tmp-old", 3601), (".tmp-fresh", 3599), ("old", 10 * WEEK)):
        path = volume.path / name
        path.write_text(CANARY)
        age(path, seconds)
    assert store.prune(NOW) == 0
    assert names_in(volume.path) == {"key", ".gitignore", ".tmp-fresh", "old"}


def test_a_grant_that_nobody_can_read_goes_after_a_week_without_a_word(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    for name, seconds in ((NAME, WEEK + 1), (OTHER_NAME, WEEK - 1)):
        store.store(name, make_grant(), USE)
        path = volume.path / name
        path.write_bytes(path.read_bytes()[:-1])
        age(path, seconds)
    assert store.prune(NOW) == 1
    assert not volume.path.joinpath(NAME).exists()
    assert volume.path.joinpath(OTHER_NAME).exists()
    assert warnings.given == []


def test_what_is_foreign_stays_however_old(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    outside = volume.path.with_name("outside")
    outside.write_text("kept")
    age(outside, 10 * WEEK)
    for name in (NAME, ".tmp-link"):
        path = volume.path / name
        path.symlink_to(outside)
        os.utime(path, (0, 0), follow_symlinks=False)
    volume.path.joinpath(".tmp-folder").mkdir()
    age(volume.path / ".tmp-folder", 10 * WEEK)
    os.mkfifo(volume.path / OTHER_NAME)
    age(volume.path / OTHER_NAME, 10 * WEEK)
    names = names_in(volume.path)
    assert store.prune(NOW) == 0
    assert names_in(volume.path) == names
    assert outside.read_text() == "kept"


def test_files_of_other_kinds_stay(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    for name in (f"{NAME}.notes", "finished-00", "grant-notes", f"{NAME}0"):
        path = volume.path / name
        path.touch(0o600)
        age(path, 10 * WEEK)
    names = names_in(volume.path)
    assert store.prune(NOW) == 0
    assert names_in(volume.path) == names


def document(volume: CacheVolume, number: int, end: str) -> Path:
    name = f"finished-{number:032x}"
    volume.write(name, f"dockercfg-finished 1 {end} mac\n".encode())
    age(volume.path / name, -number)
    return volume.path / name


def test_finished_documents_go_when_their_time_is_over(volume: CacheVolume) -> None:
    past = document(volume, 1, f"{NOW}")
    future = document(volume, 2, f"{NOW + 1}")
    garbage = document(volume, 3, "garbage")
    old_garbage = document(volume, 4, "garbage")
    age(old_garbage, WEEK + 1)
    make_store(volume)[0].prune(NOW)
    assert [path.exists() for path in (past, future, garbage, old_garbage)] == [
        False,
        True,
        True,
        False,
    ]


def test_the_oldest_documents_go_when_there_are_too_many(volume: CacheVolume) -> None:
    made = [document(volume, n, f"{NOW + 9}") for n in range(MOST_DOCUMENTS + 3)]
    make_store(volume)[0].prune(NOW)
    assert [path.exists() for path in made] == [False] * 3 + [True] * MOST_DOCUMENTS


def test_a_document_of_a_clock_that_was_ahead_takes_no_place_for_long(volume: CacheVolume) -> None:
    ahead = [document(volume, n, f"{NOW + WEEK}") for n in range(MOST_DOCUMENTS)]
    for path in ahead:
        age(path, -86400)
    left_now = document(volume, MOST_DOCUMENTS, f"{NOW + 9}")
    age(left_now, 0)
    make_store(volume)[0].prune(NOW)
    assert left_now.exists()
    assert not any(path.exists() for path in ahead)


def test_the_oldest_indexes_go_when_there_are_too_many(volume: CacheVolume) -> None:
    """Each build in a folder of its own has an index of its own."""
    made = []
    for number in range(MOST_INDEXES + 2):
        made.append(volume.path / f"finished-{number:032x}.index")
        volume.write(made[-1].name, b"")
        age(made[-1], 600 - number)
    make_store(volume)[0].prune(NOW)
    assert [path.exists() for path in made] == [False] * 2 + [True] * MOST_INDEXES


def test_an_index_that_no_run_has_written_for_a_week_goes(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    names = [f"finished-{number:032x}.index" for number in range(2)]
    for name in names:
        volume.write(name, b"")
    volume.open_lock("finished-0a")
    age(volume.path / names[0], WEEK + 1)
    age(volume.path / names[1], WEEK - 1)
    store.prune(NOW)
    left = {"key", ".gitignore", names[1], "finished-0a.lock"}
    assert names_in(volume.path) == left
