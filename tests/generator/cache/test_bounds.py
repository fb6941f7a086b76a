"""A cache that ten thousand configs use stays small, and cheap to keep so."""

import os
import time

import pytest

from generator.cache.files import FileStatus
from generator.cache.layout import GRANT_PREFIX, LOCK_SUFFIX
from generator.cache.prune import BOUNDS, Bounds, prune_volume
from generator.cache.store import GrantStore
from generator.cache.volume import CacheVolume
from tests.generator.cache.samples import NOW, USE, make_grant, make_store, names_in


def name_of(number: int) -> str:
    return f"{GRANT_PREFIX}{number:032x}"


def fill(store: GrantStore, numbers: range, expires_at: float = NOW + 43200) -> None:
    for number in numbers:
        store.store(name_of(number), make_grant(expires_at=expires_at), USE)


def pruned(store: GrantStore, bounds: Bounds, now: float = NOW) -> int:
    return prune_volume(store.volume, now, store._read, bounds)


def grants_in(volume: CacheVolume) -> set[int]:
    names = {n for n in names_in(volume.path) if n.startswith(GRANT_PREFIX) and "." not in n}
    return {int(name.removeprefix(GRANT_PREFIX), 16) for name in names}


def test_within_the_bounds_all_stay(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    fill(store, range(10))
    assert pruned(store, Bounds(grants=10)) == 0


def test_beyond_the_count_those_stored_longest_ago_go_whatever_they_expire(
    volume: CacheVolume,
) -> None:
    store, _ = make_store(volume)
    fill(store, range(5), NOW + 86400)
    fill(store, range(5, 11), NOW + 600)
    assert pruned(store, Bounds(grants=10)) == 2
    assert grants_in(volume) == set(range(2, 11))


def test_beyond_the_size_it_is_the_same(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    fill(store, range(10))
    size = volume.path.joinpath(name_of(0)).stat().st_size
    assert pruned(store, Bounds(size=5 * size)) == 6
    assert grants_in(volume) == set(range(6, 10))


def test_expired_ones_go_before_any_other(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    fill(store, range(5))
    fill(store, range(5, 10), NOW - 1)
    assert pruned(store, Bounds(grants=5)) == 5
    assert grants_in(volume) == set(range(5))


def test_one_run_removes_no_more_than_it_may(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    fill(store, range(10), NOW - 1)
    assert [pruned(store, Bounds(removals=4)) for _ in range(4)] == [4, 4, 2, 0]


async def test_one_that_is_being_renewed_stays(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    fill(store, range(3))
    async with store.lock(name_of(0)):
        assert pruned(store, Bounds(grants=1)) == 2
    assert grants_in(volume) == {0}


async def test_locks_go_with_their_grants_and_those_of_none_after_an_hour(
    volume: CacheVolume,
) -> None:
    store, _ = make_store(volume)
    for number in range(4):
        async with store.lock(name_of(number)):
            fill(store, range(number, number + 1), NOW - number % 2)
    for number in (10, 11):
        async with store.lock(name_of(number)):
            pass
    os.utime(volume.path / (name_of(10) + LOCK_SUFFIX), (NOW - 3601, NOW - 3601))
    os.utime(volume.path / (name_of(11) + LOCK_SUFFIX), (NOW - 3599, NOW - 3599))
    store.prune(NOW - 0.5)
    locks = {name for name in names_in(volume.path) if name.endswith(LOCK_SUFFIX)}
    assert locks == {name_of(number) + LOCK_SUFFIX for number in (0, 2, 11)}


async def test_a_lock_that_is_held_stays_however_old(volume: CacheVolume) -> None:
    store, _ = make_store(volume)
    async with store.lock(name_of(1)):
        os.utime(volume.path / (name_of(1) + LOCK_SUFFIX), (0, 0))
        store.prune(NOW)
        assert name_of(1) + LOCK_SUFFIX in names_in(volume.path)
    store.prune(NOW)
    assert names_in(volume.path) == {"key", ".gitignore"}


def test_a_time_that_says_too_early_costs_a_look_and_no_grant(volume: CacheVolume) -> None:
    """A copied volume, or a file system that keeps no times."""
    store, _ = make_store(volume)
    fill(store, range(1))
    os.utime(volume.path / name_of(0), (NOW - 1, NOW - 1))
    assert store.prune(NOW) == 0


def test_pruning_ten_thousand_grants_opens_none_of_them_that_is_good(
    volume: CacheVolume,
) -> None:
    """A run that has fetched one token pays for a look at the names, and for what goes."""
    store, _ = make_store(volume)
    content = volume.path / name_of(0)
    fill(store, range(1))
    for number in range(1, 10_000):
        path = volume.path / name_of(number)
        path.write_bytes(content.read_bytes())
        os.utime(path, (NOW + 1, NOW + 1))
    started = time.monotonic()
    assert store.prune(NOW) == BOUNDS.removals
    first_s = time.monotonic() - started
    while store.prune(NOW):
        pass
    assert 0.85 * BOUNDS.grants < len(grants_in(volume)) <= BOUNDS.grants
    read: list[str] = []
    started = time.monotonic()
    assert prune_volume(volume, NOW, read.append) == 0
    assert read == []
    # milliseconds on an idle machine, where reading all of them would take a second
    assert first_s < 10
    assert time.monotonic() - started < 2


def test_a_folder_that_can_not_be_listed_is_pruned_of_nothing(
    volume: CacheVolume, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_folder: int) -> list[FileStatus]:
        raise OSError(5, "io")

    store, _ = make_store(volume)
    monkeypatch.setattr("generator.cache.files.statuses", fail)
    assert store.prune(NOW) == 0
