import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.cache.errors import UnusableFile
from generator.cache.failures import FailureNote, decode_note, encode_note
from generator.cache.volume import CacheVolume
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    ProviderBug,
    SecretMissing,
    Unavailable,
)
from tests.generator.cache.samples import NAME, NOW, OTHER_NAME, make_store
from tests.generator.cache.test_volume import PLANTED

KEY = bytes(range(32))
KINDS = [AccessDenied, ImplausibleAnswer, Misconfigured, ProviderBug, SecretMissing, Unavailable]
NOTE = FailureNote(AccessDenied("denied", "the registry said no", "ask"), NOW, "here")
FILE = f"{NAME}.failed"


def told(error: EntryError) -> tuple[type, str, str, str]:
    return type(error), error.reference, error.message, error.hint


@pytest.mark.parametrize("kind", KINDS)
def test_a_note_of_every_kind_comes_back_as_it_was(kind: type[EntryError]) -> None:
    note = FailureNote(kind("some-reference", "what happened", "what to do"), NOW, "c")
    again = decode_note(encode_note(note, name=NAME, key=KEY), name=NAME, key=KEY)
    assert told(again.error) == told(note.error)
    assert (again.noted_at, again.circumstances) == (NOW, "c")


def test_there_is_a_kind_for_every_error_of_an_entry() -> None:
    assert set(EntryError.__subclasses__()) == set(KINDS)


@pytest.mark.parametrize(
    ("began", "now", "circumstances", "is_for"),
    [
        (NOW - 5, NOW + 1, "here", True),
        (NOW, NOW, "here", True),
        (NOW - 5, NOW + 9.9, "here", True),
        (NOW - 5, NOW + 10, "here", False),  # too old
        (NOW + 0.1, NOW + 1, "here", False),  # the run began after the failure
        (NOW - 5, NOW - 0.1, "here", False),  # the clock was set back since
        (NOW - 3700, NOW - 3600, "here", False),
        (NOW + 3600, NOW + 3601, "here", False),  # the clock was set forward since
        (NOW - 5, NOW + 1, "behind another proxy", False),
    ],
)
def test_a_note_is_for_runs_that_had_begun_and_for_ten_seconds(
    began: float, now: float, circumstances: str, *, is_for: bool
) -> None:
    assert NOTE.is_for(began, now, circumstances) is is_for


def test_a_note_torn_or_changed_at_any_byte_is_none() -> None:
    content = encode_note(NOTE, name=NAME, key=KEY)
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= 1
        for broken in (bytes(changed), content[:index]):
            with pytest.raises(UnusableFile):
                decode_note(broken, name=NAME, key=KEY)
    with pytest.raises(UnusableFile):
        decode_note(content, name=OTHER_NAME, key=KEY)
    with pytest.raises(UnusableFile):
        decode_note(content, name=NAME, key=bytes(32))


@given(st.binary() | st.binary().map(lambda b: b"dockercfg-failure 2 " + b))
def test_garbage_is_no_note(content: bytes) -> None:
    with pytest.raises(UnusableFile):
        decode_note(content, name=NAME, key=KEY)


def test_an_exit_code_that_no_entry_ends_with_is_no_note() -> None:
    class Strange(EntryError):
        exit_code = 99  # type: ignore[assignment] # what a later version may know

    content = encode_note(FailureNote(Strange("r", "m", "h"), NOW, ""), name=NAME, key=KEY)
    with pytest.raises(UnusableFile):
        decode_note(content, name=NAME, key=KEY)


def test_what_was_noted_is_found_and_replaced(volume: CacheVolume) -> None:
    store, warnings = make_store(volume)
    assert store.failure(NAME) is None
    store.note_failure(NAME, NOTE)
    store.note_failure(NAME, FailureNote(Unavailable("down", "m", "h"), NOW + 1, ""))
    note = store.failure(NAME)
    assert note is not None
    assert note.error.reference == "down"
    assert store.failure(OTHER_NAME) is None
    assert warnings.given == []


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_note_is_ignored_without_a_word(volume: CacheVolume, kind: str) -> None:
    store, warnings = make_store(volume)
    PLANTED[kind](volume.path / FILE)
    assert store.failure(NAME) is None
    assert warnings.given == []


@pytest.mark.parametrize("message", ["x" * 100_000, "\udcff"])
def test_what_can_not_be_noted_is_not(volume: CacheVolume, message: str) -> None:
    store, warnings = make_store(volume)
    store.note_failure(NAME, FailureNote(AccessDenied("r", message, ""), NOW, ""))
    assert not volume.path.joinpath(FILE).exists()
    assert warnings.given == []
