from datetime import UTC, datetime

import pytest

from generator.fast.document import duration
from generator.times import iso


def test_moments_are_utc_to_the_second() -> None:
    assert iso(datetime(2026, 1, 2, 3, 4, 5, 678, UTC)) == "2026-01-02T03:04:05Z"
    assert iso(None) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(43199.6, "12 h 0 min"), (250, "4 min 10 s"), (59, "59 s"), (-3, "0 s")],
)
def test_durations_are_said_as_people_do(seconds: float, text: str) -> None:
    assert duration(seconds) == text
