import base64
import os
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Secret
from generator.cache.errors import UnusableFile
from generator.cache.sealing import OVERHEAD, CacheKeys, parse_cache_key, seal, unseal
from generator.cache.store import read_grant
from generator.cache.volume import CacheVolume
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
from tests.generator.cache.test_prune import NOTE

RAW = bytes(range(32))
KEYS = CacheKeys(Secret(RAW.hex()))
OTHERS = CacheKeys(Secret((b"x" * 32).hex()))


@pytest.mark.parametrize(
    "text",
    [
        RAW.hex(),
        RAW.hex().upper(),
        base64.b64encode(RAW).decode(),
        base64.b64encode(RAW).decode() + "\n",
        base64.b64encode(RAW).decode().rstrip("="),
        base64.urlsafe_b64encode(RAW).decode(),
    ],
)
def test_a_key_is_base64_or_hexadecimal(text: str) -> None:
    assert parse_cache_key(text).reveal() == RAW.hex()


def test_both_alphabets_of_base64_are_known() -> None:
    raw = b"\xfb\xff" * 16
    assert b"+" in base64.b64encode(raw)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert parse_cache_key(encode(raw).decode()).reveal() == raw.hex()


@pytest.mark.parametrize(
    "text", ["", CANARY, RAW.hex()[:-1], RAW.hex() + "00", base64.b64encode(RAW[:31]).decode(), "é"]
)
def test_anything_else_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes") as caught:
        parse_cache_key(text)
    assert not text or text not in str(caught.value)


@given(st.binary(max_size=300), st.text("abc", max_size=5))
def test_what_was_sealed_is_unsealed(content: bytes, name: str) -> None:
    sealed = seal(content, KEYS, name=name)
    assert unseal(sealed, KEYS, name=name) == content
    assert len(sealed) <= len(content) + OVERHEAD


def test_every_write_has_another_nonce() -> None:
    assert len({seal(b"", KEYS, name=NAME) for _ in range(100)}) == 100


def test_nothing_of_the_content_shows() -> None:
    assert CANARY.encode() not in seal(CANARY.encode(), KEYS, name=NAME)


@pytest.mark.parametrize(
    ("keys", "name", "word"),
    [
        (OTHERS, NAME, "another key"),
        (KEYS, OTHER_NAME, "another key, or is damaged"),
        (None, NAME, "is not set"),
    ],
)
def test_another_key_or_name_opens_nothing(keys: CacheKeys | None, name: str, word: str) -> None:
    with pytest.raises(UnusableFile, match=word):
        unseal(seal(b"content", KEYS, name=NAME), keys, name=name)


def test_with_a_key_what_is_not_encrypted_does_not_count() -> None:
    with pytest.raises(UnusableFile, match="not encrypted"):
        unseal(b"content", KEYS, name=NAME)


def test_content_torn_or_changed_at_any_byte_opens_nothing() -> None:
    sealed = seal(b"content", KEYS, name=NAME)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        for broken in (bytes(changed), sealed[:index]):
            with pytest.raises(UnusableFile):
                unseal(broken, KEYS, name=NAME)


def test_the_previous_key_still_opens() -> None:
    both = CacheKeys(OTHERS.current, KEYS.current)
    assert unseal(seal(b"old", KEYS, name=NAME), both, name=NAME) == b"old"
    assert unseal(seal(b"new", both, name=NAME), OTHERS, name=NAME) == b"new"


def test_a_store_with_a_key_leaves_nothing_in_clear(volume: CacheVolume) -> None:
    store, warnings = make_store(volume, KEYS)
    store.store(NAME, make_grant(), USE)
    store.note_failure(NAME, NOTE)
    assert store.load(NAME) == make_grant()
    assert store.failure(NAME) is not None
    for path in volume.path.iterdir():
        content = path.read_bytes()
        assert CANARY.encode() not in content
        assert USE.server_addresses[0].encode() not in content
        assert NOTE.error.message.encode() not in content
    assert warnings.given == []


@pytest.mark.parametrize("before", [KEYS, None])
@pytest.mark.parametrize("after", [OTHERS, None])
def test_a_store_whose_key_has_changed_misses_with_one_remark_and_goes_on(
    volume: CacheVolume, before: CacheKeys | None, after: CacheKeys | None
) -> None:
    if before == after:
        return
    make_store(volume, before)[0].store(NAME, make_grant(), USE)
    store, warnings = make_store(volume, after)
    for _ in range(2):
        assert store.load(NAME) is None
    assert warnings.references == ["cache-file-unusable"]
    store.store(NAME, make_grant(), USE)
    assert store.load(NAME) == make_grant()


def test_with_a_key_documents_of_runs_without_one_go_for_they_hold_tokens(
    volume: CacheVolume,
) -> None:
    name = f"finished-{1:032x}"
    volume.write(name, f"dockercfg-finished 1 {NOW + 9} mac\n{CANARY}".encode())
    make_store(volume)[0].prune(NOW)
    assert name in names_in(volume.path)
    make_store(volume, KEYS)[0].prune(NOW)
    assert name not in names_in(volume.path)


def test_a_static_secret_is_kept_encrypted_only(volume: CacheVolume) -> None:
    static = make_grant(expires_at=None)
    plain, _ = make_store(volume)
    plain.store(NAME, static, USE, static_s=3600)
    assert names_in(volume.path) == {"key", ".gitignore"}
    store, _ = make_store(volume, KEYS)
    store.store(NAME, static, USE)
    assert names_in(volume.path) == {"key", ".gitignore"}
    store.store(NAME, static, USE, static_s=3600)
    assert store.load(NAME) == static
    stored = read_grant(volume, NAME, KEYS)
    assert stored is not None
    assert stored.keep_until == static.requested_at + timedelta(hours=1)
    assert store.prune(NOW + 3599) == 0
    assert store.prune(NOW + 3600) == 1


def test_a_key_prints_as_stars() -> None:
    key = os.urandom(32).hex()
    assert key not in repr(CacheKeys(Secret(key)))
