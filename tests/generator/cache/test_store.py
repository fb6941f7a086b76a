from pathlib import Path

import pytest

from generator.cache.store import LARGEST_GRANT, GrantCache, GrantStore, NoStore
from generator.cache.volume import CacheVolume, open_volume
from tests.generator.cache.samples import (
    CANARY,
    NAME,
    OTHER_NAME,
    USE,
    make_grant,
    make_store,
    names_in,
    unprivileged,
)
from tests.generator.cache.test_volume import OURS, PLANTED


def test_a_grant_is_loaded_as_it_was_stored(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(), USE)
    assert store.load(NAME) == make_grant()
    assert warnings.given == []


def test_another_process_of_the_same_volume_loads_it(folder: Path) -> None:
    with open_volume(folder) as volume:
        make_store(volume)[0].store(NAME, make_grant(), USE)
    with open_volume(folder) as volume:
        store, warnings = make_store(volume)
        assert store.load(NAME) == make_grant()
        assert warnings.given == []


def test_a_grant_that_is_not_there_is_a_silent_miss(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    assert store.load(NAME) is None
    assert warnings.given == []


def test_a_secret_without_expiry_is_not_stored(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(expires_at=None), USE)
    assert names_in(volume.path) == {"key", ".gitignore"}
    assert warnings.given == []


def test_an_expired_grant_is_still_loaded(volume: CacheVolume) -> None:
    """Whether it may be used is a question of freshness, not of storage."""
    store, _ = make_store(volume)
    store.store(NAME, make_grant(requested_at=0, expires_at=1), USE)
    assert store.load(NAME) == make_grant(requested_at=0, expires_at=1)


def test_a_file_swapped_for_anothers_is_a_miss(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(), USE)
    volume.path.joinpath(NAME).rename(volume.path / OTHER_NAME)
    assert store.load(OTHER_NAME) is None
    assert warnings.references == ["cache-file-unusable"]
    assert CANARY not in warnings.text


def test_a_torn_file_is_a_miss_and_overwritten(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(), USE)
    path = volume.path / NAME
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert store.load(NAME) is None
    assert len(warnings.given) == 1
    assert CANARY not in warnings.text
    store.store(NAME, make_grant(), USE)
    assert store.load(NAME) == make_grant()


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_thing_is_a_miss_with_one_warning(volume: CacheVolume, kind: str) -> None:
    store, warnings = make_store(volume)
    PLANTED[kind](volume.path / NAME)
    PLANTED["folder"](volume.path / OTHER_NAME)
    for _ in range(3):
        assert store.load(NAME) is None
        assert store.load(OTHER_NAME) is None
    store.store(NAME, make_grant(), USE)
    assert (store.load(NAME) == make_grant()) is (kind in OURS)
    assert warnings.references == ["cache-file-unusable"]
    assert NAME in warnings.text


def test_a_grant_that_is_too_large_is_not_stored(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(CANARY * LARGEST_GRANT), USE)
    assert names_in(volume.path) == {"key", ".gitignore"}
    assert warnings.references == ["cache-grant-not-stored"]
    assert CANARY not in warnings.text


def test_a_grant_that_is_not_unicode_is_not_stored(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    store.store(NAME, make_grant(CANARY + "\udcff"), USE)
    assert names_in(volume.path) == {"key", ".gitignore"}
    assert warnings.references == ["cache-grant-not-stored"]
    assert CANARY not in warnings.text


async def test_a_folder_that_can_only_be_read_gives_grants_and_one_warning(
    unprivileged_parent: Path,
) -> None:
    folder = unprivileged_parent / "cache"
    with unprivileged():
        with open_volume(folder) as volume:
            make_store(volume)[0].store(NAME, make_grant(), USE)
        folder.chmod(0o500)
        with open_volume(folder) as volume:
            store, warnings = make_store(volume)
            assert store.load(NAME) == make_grant()
            assert store.prune(1e10) == 0
            assert warnings.given == []
            async with store.lock(NAME) as held:
                assert not held
            store.store(NAME, make_grant(), USE)
            store.store(OTHER_NAME, make_grant(), USE)
            assert warnings.references == ["cache-not-writable"]
            assert store.load(NAME) == make_grant()
        folder.chmod(0o700)


async def test_the_lock_of_a_name_is_held(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    async with store.lock(NAME) as held, store.lock(OTHER_NAME) as other_held:
        assert held
        assert other_held
    assert warnings.given == []


async def test_without_a_cache_nothing_is_kept_and_nobody_waits() -> None:
    cache: GrantCache = NoStore()
    cache.store(NAME, make_grant(), USE)
    assert cache.load(NAME) is None
    assert cache.prune(1e10) == 0
    async with cache.lock(NAME), cache.lock(NAME) as held:
        assert not held


def test_names_can_be_made_with_and_without_a_cache(volume: CacheVolume) -> None:
    caches: list[GrantCache] = [NoStore(), NoStore(), GrantStore(volume, lambda *_: None)]
    keys = {cache.key for cache in caches}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
    assert volume.key in keys


def test_a_cache_file_holds_nothing_but_the_grant(volume: CacheVolume) -> None:
    """The secret is there in clear, once; the key that protects names is not."""
    store, _ = make_store(volume)
    store.store(NAME, make_grant(), USE)
    content = volume.path.joinpath(NAME).read_bytes()
    assert content.count(CANARY.encode()) == 1
    assert volume.key not in content
    assert volume.key.hex().encode() not in content
    assert volume.path.joinpath(NAME).stat().st_nlink == 1
