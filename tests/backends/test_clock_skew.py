"""How far a server's clock is off, by a header that may say anything."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.clock_skew import clock_skew_s

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "ahead_s"),
    [
        ("Thu, 01 Jan 2026 12:10:00 GMT", 600.0),
        ("Thu, 01 Jan 2026 11:50:00 GMT", -600.0),
        ("Thu, 01 Jan 2026 12:00:02 GMT", 0.0),
        ("Thu, 01 Jan 2026 12:10:00 -0000", 0.0),
        ("soon", 0.0),
        (None, 0.0),
    ],
)
def test_a_server_is_ahead_by_its_own_word(date: str | None, ahead_s: float) -> None:
    assert clock_skew_s(date, NOW) == ahead_s


@pytest.mark.parametrize(
    "date",
    [
        f"Thu, 01 Jan {'9' * 25} 00:00:00 GMT",
        f"Thu, 01 Jan 2026 {'9' * 25}:00:00 GMT",
        f"Thu, 01 Jan 2026 00:00:00 +{'9' * 25}",
    ],
)
def test_numbers_that_are_no_part_of_a_date_say_nothing(date: str) -> None:
    assert clock_skew_s(date, NOW) == 0.0


PARTS = ["Thu,", "01", "Jan", "2026", "12:00:00", "GMT", "+0000", "-2359", ":", "(", '"', "9" * 25]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=9))
def test_no_header_ends_in_a_crash(parts: list[str]) -> None:
    assert isinstance(clock_skew_s(" ".join(parts), NOW), float)
