import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.cache.freshness import (
    WRITING_S,
    FreshnessRule,
    can_promise,
    fresh_until,
    is_fresh,
    is_usable,
    keeps_promise,
)

DEFAULT = FreshnessRule()
HOUR = 3600.0
T = 1_800_000_000.0

# 1/64 s is exact in a double at today's epoch, so that boundaries can be compared exactly.
moments = st.integers(0, 4_000_000_000 * 64).map(lambda n: n / 64)
durations = st.integers(0, 100 * 24 * 3600 * 64).map(lambda n: n / 64)
rules = st.builds(
    FreshnessRule,
    min_validity_s=durations,
    promised=st.booleans(),
    max_age_s=st.none() | durations,
)


def test_the_default_wants_ten_minutes() -> None:
    assert is_fresh(T + HOUR / 2, T, T + HOUR, DEFAULT)
    assert fresh_until(T, T + HOUR, DEFAULT) == T + 0.8 * HOUR
    assert fresh_until(T, T + 2400, DEFAULT) == math.nextafter(T + 1800 - WRITING_S, math.inf)


def test_exactly_the_wanted_validity_is_enough_once_the_file_is_written() -> None:
    rule = FreshnessRule(min_validity_s=900, promised=True)
    assert is_fresh(T + HOUR - 900 - WRITING_S, T, T + HOUR, rule)
    assert not is_fresh(T + HOUR - 899.99 - WRITING_S, T, T + HOUR, rule)


def test_eighty_percent_of_a_life_is_too_much() -> None:
    assert is_fresh(T + 0.8 * 43200 - 0.01, T, T + 43200, DEFAULT)
    assert not is_fresh(T + 0.8 * 43200, T, T + 43200, DEFAULT)


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (148, True), (149, True), (150, False)])
def test_a_five_minute_token_can_be_used_by_default(age: float, *, fresh: bool) -> None:
    assert is_fresh(T + age, T, T + 300, DEFAULT) is fresh


def test_a_promise_holds_exactly_even_for_short_tokens() -> None:
    rule = FreshnessRule(min_validity_s=280, promised=True)
    assert is_fresh(T + 20 - WRITING_S, T, T + 300, rule)
    assert not is_fresh(T + 21 - WRITING_S, T, T + 300, rule)


def test_max_age_bounds_the_use_of_a_long_token() -> None:
    rule = FreshnessRule(max_age_s=HOUR)
    assert is_fresh(T + HOUR - 1, T, T + 43200, rule)
    assert not is_fresh(T + HOUR, T, T + 43200, rule)


def test_a_clock_that_went_back_more_than_a_minute_is_not_trusted() -> None:
    assert is_fresh(T - 60, T, T + 43200, DEFAULT)
    assert not is_fresh(T - 61, T, T + 43200, DEFAULT)
    assert keeps_promise(T - 60, T, T + 43200, DEFAULT)
    assert not keeps_promise(T - 61, T, T + 43200, DEFAULT)


def test_units_are_seconds() -> None:
    twelve_hours_s = 12 * 60 * 60
    assert fresh_until(0, twelve_hours_s, DEFAULT) == pytest.approx(0.8 * twelve_hours_s)
    assert DEFAULT.min_validity_s == 10 * 60


def test_an_old_token_may_stand_in_while_it_keeps_the_promise() -> None:
    assert not is_fresh(T + 40_000, T, T + 43200, DEFAULT)
    assert keeps_promise(T + 40_000, T, T + 43200, DEFAULT)
    assert keeps_promise(T + 42_600 - WRITING_S, T, T + 43200, DEFAULT)
    assert not keeps_promise(T + 42_600, T, T + 43200, DEFAULT)


def test_the_age_limit_does_not_forbid_a_stand_in() -> None:
    assert keeps_promise(T + HOUR, T, T + 43200, FreshnessRule(max_age_s=60))


@pytest.mark.parametrize(
    ("lifetime", "promised", "possible"),
    [
        (899, True, True),  # told in whole seconds: 900 may look like 899.x
        (897, True, False),
        (900, True, True),
        (43200, True, True),
        (60, False, True),
    ],
)
def test_a_promise_is_possible_only_within_a_life(
    lifetime: float, *, promised: bool, possible: bool
) -> None:
    rule = FreshnessRule(min_validity_s=900, promised=promised)
    assert can_promise(T, T + lifetime, rule) is possible


def test_a_minute_is_the_least_that_is_written() -> None:
    assert is_usable(T, T + 60)
    assert not is_usable(T, T + 59.9)


@given(moments, moments, moments, rules)
def test_with_less_than_a_minute_left_nothing_is_fresh(
    now: float, requested_at: float, expires_at: float, rule: FreshnessRule
) -> None:
    if is_fresh(now, requested_at, expires_at, rule):
        assert expires_at - now >= 60
    if keeps_promise(now, requested_at, expires_at, rule):
        assert is_usable(now, expires_at)


@given(moments, durations, durations, durations, rules)
def test_what_is_no_longer_fresh_never_is_again(
    requested_at: float, lifetime: float, age: float, later: float, rule: FreshnessRule
) -> None:
    expires_at, now = requested_at + lifetime, requested_at + age
    if not is_fresh(now, requested_at, expires_at, rule):
        assert not is_fresh(now + later, requested_at, expires_at, rule)


@given(moments, durations, durations, rules)
def test_what_is_fresh_could_stand_in_as_well(
    requested_at: float, lifetime: float, age: float, rule: FreshnessRule
) -> None:
    expires_at, now = requested_at + lifetime, requested_at + age
    if is_fresh(now, requested_at, expires_at, rule):
        assert keeps_promise(now, requested_at, expires_at, rule)


@given(moments, durations, durations, rules)
def test_fresh_means_all_three_conditions(
    requested_at: float, lifetime: float, age: float, rule: FreshnessRule
) -> None:
    now, expires_at = requested_at + age, requested_at + lifetime
    wanted = rule.min_validity_s if rule.promised else min(rule.min_validity_s, lifetime / 2)
    expected = (
        now <= expires_at - (max(wanted, 60) + WRITING_S)
        and now < requested_at + 0.8 * lifetime
        and (rule.max_age_s is None or age < rule.max_age_s)
    )
    assert is_fresh(now, requested_at, expires_at, rule) is expected


@given(st.integers(120, 10**8))
def test_a_token_of_two_minutes_or_more_is_usable_by_default_when_it_is_fetched(
    lifetime: int,
) -> None:
    assert is_fresh(T, T, T + lifetime, DEFAULT)


def test_a_time_that_is_no_number_is_never_fresh() -> None:
    assert not is_fresh(T, T, math.nan, FreshnessRule(max_age_s=HOUR))
    assert not is_fresh(math.nan, T, T + HOUR, DEFAULT)
