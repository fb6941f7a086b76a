import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.durations import LONGEST_S, parse_duration, written_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1800.0, "30m"),
        (90.0, "90s"),
        (5400.0, "90m"),
        (7200.0, "2h"),
        (86400.0, "1d"),
        (5.0, "5s"),
        (0.5, "500ms"),
        (1.5, "1.5s"),
    ],
)
def test_a_duration_is_shown_as_a_config_writes_it(seconds: float, text: str) -> None:
    assert written_duration(seconds) == text


@given(st.integers(min_value=1, max_value=int(LONGEST_S * 1000)))
def test_what_is_shown_can_be_written(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(written_duration(seconds)) == pytest.approx(seconds)
