"""Digests, index and document: what is written is read, and nothing else is."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.fast.digest import derived, framed, mac
from generator.fast.document import Document, decode_document, encode_document
from generator.fast.index import decode_hints, decode_index, encode_index, hint_of
from generator.fast.inputs import FILE, PREFIX, VARIABLE, UnclearInput, current

KEY = bytes(range(32))
NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: b"\n" not in name)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\t\n\r", exclude_categories=["Cs"]),
    max_size=20,
)
ENVIRONMENTS = st.dictionaries(NAMES, st.binary(max_size=8), max_size=5)
INPUTS = st.lists(st.tuples(st.sampled_from([VARIABLE, PREFIX]), NAMES), max_size=5)


def test_a_known_digest_stays_what_it_is() -> None:
    assert derived(framed(b"x", b"content"), KEY)[0] == "8fcf96b3e0bcef42fc5b73cc9156d939"


@given(st.lists(st.none() | st.binary(max_size=6)), st.lists(st.none() | st.binary(max_size=6)))
def test_no_two_lists_are_framed_alike(one: list[bytes | None], other: list[bytes | None]) -> None:
    framed_one, framed_other = (
        b"".join(framed(b"v", v) for v in values) for values in (one, other)
    )
    assert (framed_one == framed_other) is (one == other)


@given(INPUTS, ENVIRONMENTS, ENVIRONMENTS)
def test_what_inputs_hold_differs_where_one_of_them_differs(
    inputs: list[tuple[bytes, bytes]], one: dict[bytes, bytes], other: dict[bytes, bytes]
) -> None:
    def relevant(environment: dict[bytes, bytes]) -> list[object]:
        return [
            environment.get(name)
            if kind == VARIABLE
            else sorted(item for item in environment.items() if item[0].startswith(name))
            for kind, name in inputs
        ]

    same = current(inputs, one) == current(inputs, other)
    assert same is (relevant(one) == relevant(other))


def test_a_file_counts_by_presence_and_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    listed = [(FILE, str(path).encode())]
    absent = current(listed, {})
    path.touch()
    empty = current(listed, {})
    path.write_text("x")
    assert len({absent, empty, current(listed, {})}) == 3
    assert current([(FILE, str(path / "below").encode())], {}).endswith(b"=-")


def test_what_is_no_plain_file_is_unclear(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(2 * 1024 * 1024)
    for path in (tmp_path, huge, Path("/dev/null")):
        with pytest.raises(UnclearInput):
            current([(FILE, str(path).encode())], {})


@given(INPUTS, st.text(max_size=8))
def test_an_index_is_read_as_it_was_written(inputs: list[tuple[bytes, bytes]], name: str) -> None:
    hints = {listed: hint_of(b"held", KEY) for listed in inputs}
    content = encode_index(inputs, hints, name, KEY)
    decoded = decode_index(content, name, KEY)
    assert decoded is not None
    assert decoded[0] == inputs
    assert decode_hints(decoded[1]) == hints
    assert decode_index(content, f"{name}x", KEY) is None
    assert decode_index(content, name, b"another key") is None


def test_a_name_that_no_line_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="no line"):
        encode_index([(VARIABLE, b"A\nB")], {}, "name", KEY)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    moments = st.floats(0, 4e9)
    made = Document(draw(moments), draw(moments), 0o640, draw(st.integers(0, 300)))
    made.body = draw(st.binary(max_size=60))
    made.grants = draw(st.lists(st.tuples(st.just("grant-0a"), st.integers(0), st.integers(0))))
    made.lines = draw(st.lists(st.tuples(st.none() | moments, TEXT, TEXT), max_size=3))
    offsets = st.lists(st.integers(0, len(made.body)), max_size=3, unique=True)
    made.holes = [(offset, "=ci", "$TOKEN") for offset in sorted(draw(offsets))]
    return made


@given(documents(), st.data())
def test_a_document_is_read_as_it_was_written_or_not_at_all(
    document: Document, data: st.DataObject
) -> None:
    content = encode_document(document, "finished-0a", KEY)
    read = decode_document(content, "finished-0a", KEY)
    assert read is not None
    for field in Document.__slots__:
        assert getattr(read, field) == getattr(document, field), field
    assert decode_document(content, "finished-0b", KEY) is None
    assert decode_document(content, "finished-0a", b"another") is None
    position = data.draw(st.integers(0, len(content) - 1))
    damaged = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
    assert decode_document(damaged, "finished-0a", KEY) is None
    assert decode_document(content[:position], "finished-0a", KEY) is None


@given(documents())
def test_holes_are_filled_where_they_are(document: Document) -> None:
    filled = document.filled({b"TOKEN": b"secret"})
    auth = base64.b64encode(b"ci:secret")
    expected, begin = b"", 0
    for offset, _, _ in document.holes:
        expected += document.body[begin:offset] + auth
        begin = offset
    assert filled == expected + document.body[begin:]


def test_a_hole_whose_secret_is_gone_can_not_be_filled(tmp_path: Path) -> None:
    document = Document(0, 1, 0o600, 1)
    for secret in ("$UNSET", "$EMPTY", f"@{tmp_path}/absent"):
        document.holes = [(0, "=ci", secret)]
        with pytest.raises(ValueError, match="gone"):
            document.filled({b"EMPTY": b""})


@pytest.mark.parametrize("line", [(None, "a\tb", ""), (1.0, "a", "b\nc")])
def test_a_text_that_no_line_can_hold_is_refused(line: tuple[float | None, str, str]) -> None:
    document = Document(0, 1, 0o600, 1)
    document.lines = [line]
    with pytest.raises(ValueError, match="no line"):
        encode_document(document, "name", KEY)


def test_macs_of_a_name_and_a_content_that_run_together_differ() -> None:
    assert mac("ab", b"c", KEY) != mac("a", b"bc", KEY)
