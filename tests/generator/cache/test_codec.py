import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Secret
from generator.cache.codec import StoredGrant, decode_grant, encode_grant
from generator.cache.errors import UnusableFile
from generator.model import Grant
from tests.generator.cache.samples import CANARY, NAME, OTHER_NAME, USE, make_grant, moment

KEY = bytes(range(32))
GRANT = make_grant()


def encoded(grant: Grant = GRANT, name: str = NAME) -> bytes:
    keep_until = grant.expires_at or moment(1800043200)
    return encode_grant(StoredGrant(grant, USE, keep_until), name=name, key=KEY)


def decoded(content: bytes, name: str = NAME, key: bytes = KEY) -> Grant:
    stored = decode_grant(content, name=name, key=key)
    assert stored.use == USE
    return stored.grant


def signed(payload: bytes, header: bytes = b"dockercfg-grant 2 ") -> bytes:
    """Return a file with a payload of our choice and the right MAC, made by hand."""
    mac = blake2b(digest_size=32, key=KEY, person=b"dockercfg grant")
    for part in (header, NAME.encode(), payload):
        mac.update(len(part).to_bytes(8, "big") + part)
    return header + mac.hexdigest().encode() + b"\n" + payload


PAYLOAD = (
    b'{"provider":"ecr","used_by":["123456789012.dkr.ecr.eu-west-1.amazonaws.com"],'
    b'"inputs":{"region":"0badcafe"},"keep_until":1800043200.0,"username":"AWS","secret":"hunter2-CANARY","requested_at":1800000000.0,'
    b'"expires_at":1800043200.0,'
    b'"server_addresses":["123456789012.dkr.ecr.eu-west-1.amazonaws.com"],'
    b'"endpoint":"https://vpce.example","clock_skew_s":-3.5}'
)


def test_the_format_does_not_change_by_accident() -> None:
    assert encoded() == signed(PAYLOAD)
    assert decoded(signed(PAYLOAD)) == GRANT


def test_a_file_for_another_name_or_volume_is_no_grant() -> None:
    with pytest.raises(UnusableFile, match="another name or folder"):
        decoded(encoded(), name=OTHER_NAME)
    with pytest.raises(UnusableFile, match="another name or folder"):
        decoded(encoded(), key=bytes(32))


def test_a_file_torn_at_any_byte_is_no_grant() -> None:
    content = encoded()
    for length in range(len(content)):
        with pytest.raises(UnusableFile):
            decoded(content[:length])


def test_a_file_changed_at_any_byte_is_no_grant() -> None:
    content = encoded()
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= 1
        with pytest.raises(UnusableFile):
            decoded(bytes(changed))


@pytest.mark.parametrize("header", [b"dockercfg-grant 0 ", b"dockercfg-grant 1 ", b"", b"DCG1 "])
def test_another_schema_is_no_grant(header: bytes) -> None:
    with pytest.raises(UnusableFile, match="version"):
        decoded(signed(PAYLOAD, header))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        PAYLOAD.replace(b'"AWS"', b"[" * 60_000),
        PAYLOAD.replace(b'"AWS"', b"1"),
        PAYLOAD.replace(b'"AWS"', b"null"),
        PAYLOAD.replace(b"1800043200.0", b"NaN"),
        PAYLOAD.replace(b"1800043200.0", b"Infinity"),
        PAYLOAD.replace(b"1800043200.0", b"1e400"),
        PAYLOAD.replace(b"1800043200.0", b"1" + b"0" * 5000),
        PAYLOAD.replace(b"1800043200.0", b"-1"),
        PAYLOAD.replace(b"1800043200.0", b"253402300800"),
        PAYLOAD.replace(b"1800043200.0", b'"1800043200"'),
        PAYLOAD.replace(b"1800043200.0", b"null"),
        PAYLOAD.replace(b"}", b',"extra":1}'),
        PAYLOAD.replace(b"AWS", b"\xff\xfe"),
        PAYLOAD.replace(b"AWS", rb"\ud800"),
        PAYLOAD + PAYLOAD,
    ],
)
def test_a_payload_of_another_shape_is_no_grant(payload: bytes) -> None:
    with pytest.raises(UnusableFile) as caught:
        decoded(signed(payload))
    assert CANARY not in f"{caught.value.reason}{caught.value!r}{caught.value.__cause__!r}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.binary() | st.binary().map(lambda b: b"dockercfg-grant 2 " + b))
def test_garbage_never_raises_anything_else(content: bytes) -> None:
    with pytest.raises(UnusableFile):
        decoded(content)


@given(st.binary())
def test_signed_garbage_never_raises_anything_else(payload: bytes) -> None:
    with pytest.raises(UnusableFile):
        decoded(signed(payload))


@given(
    st.sampled_from(
        [
            "provider",
            "keep_until",
            "username",
            "secret",
            "requested_at",
            "expires_at",
            "server_addresses",
            "endpoint",
            "clock_skew_s",
        ]
    ),
    json_values,
)
def test_a_field_of_any_kind_is_a_grant_or_unusable(field: str, value: object) -> None:
    payload = {**json.loads(PAYLOAD), field: value}
    content = signed(json.dumps(payload).encode())
    try:
        stored = decode_grant(content, name=NAME, key=KEY)
    except UnusableFile:
        return
    again = encode_grant(stored, name=NAME, key=KEY)
    assert decode_grant(again, name=NAME, key=KEY) == stored


texts = st.text(st.characters(exclude_categories=["Cs"]))
times = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


@given(
    st.builds(
        Grant,
        username=texts,
        secret=texts.map(Secret),
        requested_at=times,
        expires_at=st.none() | times,
        server_addresses=st.lists(texts).map(tuple),
        endpoint=st.none() | texts,
        clock_skew_s=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_every_grant_comes_back_as_it_was(grant: Grant) -> None:
    assert decoded(encoded(grant)) == grant


def test_what_can_not_be_written_is_said_without_the_value() -> None:
    unwritable = replace(GRANT, secret=Secret(CANARY + "\udcff"))
    with pytest.raises(ValueError, match="JSON") as caught:
        encoded(unwritable)
    assert CANARY not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert caught.value.__suppress_context__
