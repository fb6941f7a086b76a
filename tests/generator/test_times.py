from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.fast.document import duration
from generator.times import iso, parse_moment


def test_moments_are_utc_to_the_second() -> None:
    assert iso(datetime(2026, 1, 2, 3, 4, 5, 678, UTC)) == "2026-01-02T03:04:05Z"
    assert iso(None) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(43199.6, "12 h 0 min"), (250, "4 min 10 s"), (59, "59 s"), (-3, "0 s")],
)
def test_durations_are_said_as_people_do(seconds: float, text: str) -> None:
    assert duration(seconds) == text


MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T13:00:00+01:00",
        "2026-01-31 12:00:00.000000000Z",
        "1769860800",
        "1769860800.0",
    ],
)
def test_a_moment_is_read_in_words_or_in_seconds(text: str) -> None:
    assert parse_moment(text) == MOMENT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-01-31T12:00:00", "of no time zone"),
        ("2026-01-31", "of no time zone"),
        ("1769860800000", "no time"),
        ("soon", "no time"),
        ("nan", "no time"),
        ("\u0661\u0662", "no time"),
        ("0001-01-01T00:00:00+01:00", "no time"),
    ],
)
def test_what_is_no_moment_says_why_and_is_not_echoed(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        parse_moment(text)
    assert text not in str(caught.value)


@given(st.integers(-86400 * 365, 86400 * 365 * 7000))
def test_both_ways_to_write_a_moment_mean_the_same_second(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert parse_moment(iso(moment)) == parse_moment(str(seconds)) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_a_problem(text: str) -> None:
    with suppress(ValueError):
        assert parse_moment(text).utcoffset() is not None
