"""What lies in a cache, and removing it, beside whoever uses it."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from backends.base import Secret
from generator.cache.freshness import FreshnessRule
from generator.cache.sealing import CacheKeys
from generator.cache.volume import CacheUnavailable, CacheVolume, open_volume
from generator.errors import CacheError, OutputError
from generator.stock import opened_to_look, opened_to_remove, remove, remove_documents, stocked
from tests.generator.cache.conftest import unprivileged_parent
from tests.generator.cache.samples import (
    CANARY,
    NAME,
    NOW,
    OTHER_NAME,
    USE,
    make_grant,
    make_store,
    moment,
    names_in,
    unprivileged,
)

__all__ = ["unprivileged_parent"]  # a fixture of the cache's own tests


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with one grant in it."""
    folder = tmp_path / "cache"
    with open_volume(folder) as volume:
        make_store(volume)[0].store(NAME, make_grant(), USE)
    return folder


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (NOW, "fresh"),
        (NOW + 43200 * 0.8 - 1, "fresh"),
        (NOW + 43200 * 0.8, "stale"),
        (NOW + 43199, "stale"),
        (NOW + 43200, "expired"),
        (NOW - 3600, "stale"),
    ],
)
def test_a_grant_is_fresh_stale_or_expired(cache: Path, now: float, state: str) -> None:
    with opened_to_look(cache) as volume:
        assert volume is not None
        (grant,) = stocked(volume, now, FreshnessRule())
    assert (grant.name, grant.state, grant.use) == (NAME, state, USE)
    assert grant.server_addresses == ("123456789012.dkr.ecr.eu-west-1.amazonaws.com",)
    assert CANARY not in repr(grant)


def test_looking_makes_and_changes_nothing(tmp_path: Path, cache: Path) -> None:
    with opened_to_look(tmp_path / "none") as volume:
        assert volume is None
    empty = tmp_path / "empty"
    empty.mkdir(0o755)
    empty.chmod(0o755)
    with opened_to_look(empty) as volume:
        assert volume is None
    assert names_in(empty) == set()
    cache.chmod(0o755)
    with opened_to_look(cache) as volume:
        assert volume is not None
    assert cache.stat().st_mode & 0o777 == 0o755


def test_what_is_no_cache_is_told(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(cache)
    (cache / "key").write_bytes(b"short")
    for path, said in (("file", "no folder"), ("link", "symbolic link"), ("cache", "is no key")):
        with pytest.raises(CacheError, match=said), opened_to_look(tmp_path / path):
            pass


async def test_removing_takes_what_goes_with_the_grant_its_lock_last(cache: Path) -> None:
    for suffix in ("", ".failed", ".lock"):
        (cache / f"{OTHER_NAME}{suffix}").write_bytes(b"x")
    for name in ("finished-0a", "finished-0a.lock", "other.txt"):
        (cache / name).write_bytes(b"x")
    with opened_to_remove(cache) as volume:
        assert volume is not None
        assert await remove(volume, OTHER_NAME)
        remove_documents(volume)
    left = {".gitignore", "key", NAME, "finished-0a.lock", "other.txt"}
    assert names_in(cache) == left


class Unlisted(CacheVolume):
    """A volume that can not be listed."""

    def statuses(self) -> NoReturn:
        raise CacheUnavailable("listed")


async def test_removing_one_does_not_look_through_all(cache: Path) -> None:
    """Else a folder with ten thousand grants is looked through ten thousand times."""
    with open_volume(cache) as opened:
        unlisted = Unlisted(cache, os.dup(opened.descriptor), opened.key, writable=True)
    with unlisted:
        assert await remove(unlisted, NAME)
    assert names_in(cache) == {".gitignore", "key"}


async def test_a_symbolic_link_by_a_grants_name_is_not_ours(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (cache / OTHER_NAME).symlink_to(tmp_path / "target")
    with opened_to_remove(cache) as volume:
        assert volume is not None
        assert [g.name for g in stocked(volume, NOW, FreshnessRule())] == [NAME]
    assert (tmp_path / "target").read_text() == "precious"


def test_a_cache_that_can_only_be_read_is_looked_at_and_not_cleared(
    unprivileged_parent: Path,
) -> None:
    cache = unprivileged_parent / "cache"
    with unprivileged():
        with open_volume(cache) as volume:
            make_store(volume)[0].store(NAME, make_grant(), USE)
        cache.chmod(0o500)
        with opened_to_look(cache) as volume_to_look:
            assert volume_to_look is not None
            assert len(stocked(volume_to_look, NOW, FreshnessRule())) == 1
        with pytest.raises(OutputError, match="can only be read"), opened_to_remove(cache):
            pass
        cache.chmod(0o700)


KEYS, OTHERS = (CacheKeys(Secret(digits * 32)) for digits in ("0b", "0c"))


def test_what_is_encrypted_is_told_with_its_key_and_sealed_without(tmp_path: Path) -> None:
    with open_volume(tmp_path / "cache") as volume:
        store, _ = make_store(volume, KEYS)
        store.store(NAME, make_grant(), USE)
        store.store(OTHER_NAME, make_grant(expires_at=None), USE, static_s=3600)
        for keys, state in ((KEYS, "fresh"), (OTHERS, "sealed"), (None, "sealed")):
            grants = stocked(volume, NOW, FreshnessRule(), keys)
            assert [grant.state for grant in grants] == [state] * 2
        token, static = stocked(volume, NOW, FreshnessRule(), KEYS)
        assert (token.use, static.expires_at) == (USE, moment(NOW + 3600))
        after_an_hour = stocked(volume, NOW + 3600, FreshnessRule(), KEYS)
        assert [grant.state for grant in after_an_hour] == ["fresh", "expired"]
        assert CANARY not in repr([token, static])
