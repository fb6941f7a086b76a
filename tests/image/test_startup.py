"""The figures of container runs are real ones."""

import pytest

from tests.image.startup import measure

pytestmark = pytest.mark.image


def test_costs_are_measured_for_each_kind_of_run() -> None:
    costs = measure(rounds=1)
    assert [cost.name for cost in costs] == ["static", "warm, 1", "fast, 1", "warm, 20", "fast, 20"]
    assert all(cost.median_s > 0 and cost.ratio > 0 for cost in costs)
