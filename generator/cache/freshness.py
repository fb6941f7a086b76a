"""May a grant still be used: one rule over plain numbers.

All moments are seconds since the epoch by this machine's clock, all durations seconds.
"""

import math
from dataclasses import dataclass

SHORTEST_USE_S = 60.0
"""A token with less time left than this is of no use to a build that has yet to start."""

CLOCK_STEP_S = 60.0
"""A clock set back by up to this much is an adjustment; by more, and no age can be trusted."""

SPENT_SHARE = 0.8
"""The share of its life after which a token is renewed ahead of need."""

WRITING_S = 1.0
"""What passes at most between judging a token and its file being in place, on a busy machine."""

LIFETIME_TOLERANCE_S = 2.0
"""Servers tell an expiry in whole seconds, and clocks are compared no finer than to two."""


@dataclass(frozen=True, slots=True)
class FreshnessRule:
    """What the user asks of a token.

    ``min_validity_s`` is how long a token must still live. It is ``promised`` if the user set it,
    and then holds exactly; as a default it is at most half the token's lifetime. ``max_age_s``
    bounds how long a stored token is used, however long it lives.
    """

    min_validity_s: float = 600.0
    promised: bool = False
    max_age_s: float | None = None


def fresh_until(requested_at: float, expires_at: float, rule: FreshnessRule) -> float:
    """Return the first moment at which the grant is no longer fresh."""
    last_use_at = expires_at - _reserve_s(requested_at, expires_at, rule)
    # Exactly the reserve is still enough.
    until = math.nextafter(last_use_at, math.inf)
    until = min(until, requested_at + SPENT_SHARE * (expires_at - requested_at))
    if rule.max_age_s is not None:
        until = min(until, requested_at + rule.max_age_s)
    return until


def is_fresh(now: float, requested_at: float, expires_at: float, rule: FreshnessRule) -> bool:
    """Return whether the grant may be used without asking for another."""
    return requested_at - CLOCK_STEP_S <= now < fresh_until(requested_at, expires_at, rule)


def is_fresh_static(now: float, requested_at: float, keep_s: float, rule: FreshnessRule) -> bool:
    """Return whether a stored secret without expiry may be used: only its age counts."""
    oldest_s = keep_s if rule.max_age_s is None else min(keep_s, rule.max_age_s)
    return requested_at - CLOCK_STEP_S <= now < requested_at + oldest_s


def keeps_promise(now: float, requested_at: float, expires_at: float, rule: FreshnessRule) -> bool:
    """Return whether a stored grant may stand in after a refresh that failed.

    Its age does not count here, only what is left of its life.
    """
    reserve_s = _reserve_s(requested_at, expires_at, rule)
    return requested_at - CLOCK_STEP_S <= now <= expires_at - reserve_s


def can_promise(requested_at: float, expires_at: float, rule: FreshnessRule) -> bool:
    """Return whether a grant that was just fetched lives as long as the user was promised."""
    lifetime_s = expires_at - requested_at
    return not rule.promised or lifetime_s + LIFETIME_TOLERANCE_S >= rule.min_validity_s


def is_usable(now: float, expires_at: float) -> bool:
    """Return whether enough is left of a grant to be written to a dockercfg at all."""
    return expires_at - now >= SHORTEST_USE_S


def _reserve_s(requested_at: float, expires_at: float, rule: FreshnessRule) -> float:
    """Return how much validity must be left for the grant to be used.

    The promise is about the file, so what its writing takes comes on top.
    """
    wanted_s = rule.min_validity_s
    if not rule.promised:
        wanted_s = min(wanted_s, (expires_at - requested_at) / 2)
    return max(wanted_s, SHORTEST_USE_S) + WRITING_S
