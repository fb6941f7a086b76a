"""Which way the next run goes for a grant, and why."""

from dataclasses import replace
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from generator.cache.codec import GrantUse
from generator.cache.freshness import FreshnessRule
from generator.explain.grant import GrantTold, Shelf, tell_grant
from generator.grant_inputs import GrantInputs
from generator.grant_plans import GrantPlan
from generator.model import GrantKey
from generator.stock import Stocked
from tests.generator.cache.samples import CANARY, NAME, NOW, OTHER_NAME, moment
from tests.generator.fakes import Clock, FakeProvider, entry

KEY = bytes(range(32))
TOKEN = SecretRef("env", "TOKEN")
ROLE = (("region", "eu-west-1"), ("role_arn", ""))


def inputs(secret: str = CANARY, parts: Any = ROLE) -> GrantInputs:
    return GrantInputs(
        "fake", GrantKey(parts), [("password", TOKEN)], [[("value", Secret(secret))]]
    )


def plan(of: GrantInputs | None = None, name: str = NAME) -> GrantPlan:
    return GrantPlan(name, FakeProvider(Clock()), (entry("r", "r.example"),), of or inputs())


def kept(of: GrantInputs | None = None, **changes: Any) -> Stocked:
    use = GrantUse("fake", ("r.example",), (of or inputs()).fingerprints(KEY))
    times = (moment(NOW), moment(NOW + 43200), moment(NOW + 100))
    return replace(Stocked(NAME, 1, "fresh", use, ("r.example",), *times), **changes)


def told(
    *stored: Stocked, of: GrantPlan | None = None, problem: str | None = None, **changes: Any
) -> GrantTold:
    shelf = Shelf(KEY, {grant.name: grant for grant in stored}, problem)
    of = of or plan()
    values: dict[str, Any] = {"now": NOW, "rule": FreshnessRule(), "refresh": False, **changes}
    answer = tell_grant(of, shelf, taken={of.name}, **values)
    assert CANARY not in f"{answer}{shelf}"
    return answer


def test_a_fresh_one_makes_the_run_warm() -> None:
    answer = told(kept())
    assert (answer.state, answer.way) == ("fresh", "warm")
    assert answer.because == "the stored token is fresh until 2027-01-15T08:01:40Z (1 min 40 s)"


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"now": NOW + 43200}, "expired at"),
        ({"now": NOW - 3600}, "stored later than now"),
        (
            {"now": NOW + 3600, "rule": FreshnessRule(max_age_s=3600)},
            "older than max_age (1 h 0 min)",
        ),
        ({"now": NOW + 40000}, "used up 80% of its life"),
        (
            {"now": NOW + 30000, "rule": FreshnessRule(20000, promised=True)},
            "less left than min_validity asks for (3 h 40 min)",
        ),
    ],
)
def test_a_stale_one_says_why_it_is(changes: dict[str, Any], because: str) -> None:
    answer = told(kept(state="stale"), **changes)
    assert answer.way == "cold"
    assert because in answer.because


def test_refresh_is_a_reason() -> None:
    assert "--refresh" in told(kept(), refresh=True).because


def test_one_that_can_not_be_read_says_why() -> None:
    answer = told(Stocked(NAME, 1, "unreadable", reason="is no grant of this version"))
    assert (answer.state, answer.way) == ("unreadable", "cold")
    assert answer.because == "the stored token is no grant of this version"


def test_what_is_handed_through_is_never_stored() -> None:
    answer = told(of=plan(replace(inputs(), hands_through=True)))
    assert (answer.state, answer.way) == ("not-cached", "static")


def test_without_a_cache_that_is_the_reason() -> None:
    assert told(problem="there is no cache").because == "there is no cache"
    assert told().because == "no token is stored for it"


@pytest.mark.parametrize(
    ("earlier", "changed"),
    [
        (inputs("before"), ["env:TOKEN"]),
        (inputs(parts=(("region", "us-east-1"), ("role_arn", ""))), ["region"]),
        (inputs("before", (("region", "x"), ("role_arn", ""))), ["region", "env:TOKEN"]),
        # what only comes with a change is not named beside it
        (inputs(parts=(("region", "x"), ("role_arn", ""), ("endpoint", "e"))), ["region"]),
        (inputs(parts=(*ROLE, ("endpoint", "e"))), ["endpoint"]),
    ],
)
def test_the_input_that_changed_is_named(earlier: GrantInputs, changed: list[str]) -> None:
    answer = told(kept(earlier, name=OTHER_NAME))
    assert (answer.state, answer.way) == ("absent", "cold")
    assert answer.changed == changed
    assert answer.because.endswith(f"was stored: {', '.join(changed)}")


def test_the_closest_is_compared_and_of_two_the_latest() -> None:
    far = kept(inputs("x", (("region", "y"), ("role_arn", "z"))), name="grant-" + "0c" * 16)
    near = kept(inputs("before"), name=OTHER_NAME)
    old = kept(inputs("first"), name="grant-" + "0d" * 16, requested_at=moment(NOW - 9))
    answer = told(far, near, old)
    assert answer.changed == ["env:TOKEN"]
    assert answer.stored == near


@pytest.mark.parametrize(
    ("backend", "static_s", "way"),
    [("vault", 3600.0, "warm"), ("vault", None, "static"), ("env", 3600.0, "static")],
)
def test_a_credential_that_is_handed_through_may_be_kept(
    backend: str, static_s: float | None, way: str
) -> None:
    ref = SecretRef(backend, "secret/ci")
    of = replace(inputs(), references=[("password", ref)], hands_through=True)
    assert told(kept(of), of=plan(of), static_s=static_s).way == way


def test_other_servers_other_kinds_and_other_entries_are_not_compared() -> None:
    other_server = kept(inputs("x"), name=OTHER_NAME, server_addresses=("s.example",))
    other_kind = kept(name=OTHER_NAME, use=GrantUse("ecr", ("r.example",), {"a": "b"}))
    for stored in (other_server, other_kind):
        assert told(stored).because == "no token is stored for it"
    of = plan()
    shelf = Shelf(KEY, {OTHER_NAME: kept(inputs("x"), name=OTHER_NAME)})
    answer = tell_grant(
        of, shelf, taken={OTHER_NAME, of.name}, now=NOW, rule=FreshnessRule(), refresh=False
    )
    assert answer.because == "no token is stored for it"


def test_fingerprints_are_short_keyed_and_hold_no_value() -> None:
    prints = inputs().fingerprints(KEY)
    assert set(prints) == {
        "region",
        "role_arn",
        "credentials.password (the reference)",
        "env:TOKEN",
    }
    assert all(len(value) == 8 for value in prints.values())
    assert prints["env:TOKEN"] != inputs().fingerprints(bytes(32))["env:TOKEN"]
    assert prints["env:TOKEN"] != inputs("other").fingerprints(KEY)["env:TOKEN"]
    assert CANARY not in repr(prints)
