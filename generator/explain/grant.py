"""Whether a grant is stored and still fresh, and if not, why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from generator.cache.freshness import CLOCK_STEP_S, SPENT_SHARE, FreshnessRule
from generator.fast.document import duration
from generator.grant_plans import GrantPlan
from generator.stock import Stocked, StockState
from generator.times import iso

Way = Literal["warm", "cold", "static", "failing"]
GrantState = Literal[StockState, "absent", "not-cached", "unknown"]
"""``not-cached``: a credential that is handed through, and never stored; ``unknown``: an input is
missing, so that nobody can say which grant is meant."""


@dataclass(frozen=True, slots=True)
class GrantTold:
    """What is known of an entry's grant, which way the next run goes for it, and why."""

    state: GrantState
    way: Way
    because: str
    stored: Stocked | None = None
    changed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The stored grants by name; ``problem`` says why there are none, if it is not chance."""

    key: bytes
    grants: Mapping[str, Stocked]
    problem: str | None = None


def tell_grant(
    plan: GrantPlan,
    shelf: Shelf,
    *,
    taken: Collection[str],
    now: float,
    rule: FreshnessRule,
    refresh: bool,
    static_s: float | None = None,
) -> GrantTold:
    """Return what a run at ``now`` would do for a grant.

    Args:
        plan: the grant.
        shelf: what is stored.
        taken: names of grants that the config's entries have now.
        now: seconds since the epoch.
        rule: what a fresh one must still be good for.
        refresh: whether new ones are asked for in any case.
        static_s: for how long a credential of a secret store is kept that is handed through.
    """
    is_kept = static_s is not None and plan.inputs.are_remote
    if plan.inputs.hands_through and not is_kept:
        return GrantTold(
            "not-cached", "static", "the credential is handed through as it is; nothing is stored"
        )
    stored = shelf.grants.get(plan.name)
    if stored is None:
        return _told_absent(plan, shelf, taken)
    if stored.state in ("sealed", "unreadable"):
        because = f"the stored token {stored.reason}"
    elif refresh:
        because = "--refresh asks for a token although one is stored"
    elif stored.state == "fresh":
        because = f"the stored token is fresh{_until(stored, now)}"
        return GrantTold("fresh", "warm", because, stored)
    else:
        because = f"the stored token {_why_stale(stored, now, rule)}"
    return GrantTold(stored.state, "cold", because, stored)


def _told_absent(plan: GrantPlan, shelf: Shelf, taken: Collection[str]) -> GrantTold:
    if shelf.problem is not None:
        return GrantTold("absent", "cold", shelf.problem)
    current = plan.inputs.fingerprints(shelf.key)
    earlier = _closest(plan, shelf, taken, current)
    if earlier is None:
        return GrantTold("absent", "cold", "no token is stored for it")
    changed = _differences(current, earlier.use.inputs)
    when = iso(earlier.requested_at)
    because = f"changed since the token of {when} was stored: {', '.join(changed)}"
    return GrantTold("absent", "cold", because, earlier, changed)


def _closest(
    plan: GrantPlan, shelf: Shelf, taken: Collection[str], current: Mapping[str, str]
) -> Stocked | None:
    """Return the grant that once was for these servers and that least differs from the plan."""
    servers = {a for e in plan.entries for a in (e.server, *e.aliases) if a is not None}
    candidates = [
        stored
        for stored in shelf.grants.values()
        if stored.name not in taken
        and stored.use.provider == plan.entry.provider
        and (not servers or servers & set(stored.server_addresses))
        and stored.use.inputs
    ]

    def distance(stored: Stocked) -> tuple[int, float]:
        stored_at = stored.requested_at.timestamp() if stored.requested_at else 0.0
        return len(_differences(current, stored.use.inputs)), -stored_at

    return min(candidates, key=distance, default=None)


def _differences(current: Mapping[str, str], earlier: Mapping[str, str]) -> list[str]:
    """Return the inputs that changed; else those that came or went, as a change may bring some."""
    names = dict.fromkeys((*current, *earlier))
    changed = [n for n in names if current.get(n) != earlier.get(n)]
    return [n for n in changed if n in current and n in earlier] or changed


def _until(stored: Stocked, now: float) -> str:
    until = stored.fresh_until
    if until is None:
        return ""
    return f" until {iso(until)} ({duration(until.timestamp() - now)})"


def _why_stale(stored: Stocked, now: float, rule: FreshnessRule) -> str:
    if stored.requested_at is None or stored.expires_at is None:
        return "has no time of expiry"
    requested_at, expires_at = stored.requested_at.timestamp(), stored.expires_at.timestamp()
    if expires_at <= now:
        return f"expired at {iso(stored.expires_at)}"
    if now < requested_at - CLOCK_STEP_S:
        return "was stored later than now by this machine's clock"
    if rule.max_age_s is not None and now >= requested_at + rule.max_age_s:
        return f"is older than max_age ({duration(rule.max_age_s)})"
    if now >= requested_at + SPENT_SHARE * (expires_at - requested_at):
        return f"has used up {SPENT_SHARE:.0%} of its life"
    return f"has less left than min_validity asks for ({duration(expires_at - now)})"
