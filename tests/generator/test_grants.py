"""What one grant does over time: clocks that jump, leases, short lives, promises."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.base import IdentityPart, Lease, Secret, SecretBackend, SecretDocument, SecretRef
from backends.testing import make_context
from generator.cache.freshness import FreshnessRule
from generator.cache.opening import open_cache
from generator.cache.sealing import CacheKeys
from generator.cache.store import GrantCache
from generator.errors import EntryError, Unavailable
from generator.grant_plans import GrantPlan, plan_grants
from generator.grants import Granted, GrantSource
from generator.model import Credentials, Grant
from generator.resolve import Resolver
from generator.shared_failures import SharedFailures
from tests.generator.fakes import CANARY, Clock, FakeProvider, entry

KEYS = CacheKeys(Secret("0b" * 32))
LIFE_S = 12 * 3600.0


class Store:
    """A secret store whose secrets may be leased."""

    def __init__(self, lease_s: float | None = None) -> None:
        self.lease = None if lease_s is None else Lease(lease_s)

    def identity(self, ref: SecretRef) -> list[IdentityPart]:
        return [("address", "https://store.example")]

    async def read(self, ref: SecretRef) -> SecretDocument:
        return SecretDocument(CANARY, lease=self.lease)


class Host:
    """One grant on one host, run after run."""

    def __init__(self, folder: Path, keys: CacheKeys | None = None) -> None:
        self.clock = Clock()
        self.provider = FakeProvider(self.clock)
        self.store = Store()
        self.kind = "vault"
        self.static_s: float | None = None
        self.cache: GrantCache = open_cache(folder / "cache", lambda *_: None, keys)

    def source(self, rule: FreshnessRule | None = None) -> tuple[GrantSource, GrantPlan]:
        context = make_context({}, clock=self.clock)
        ref = SecretRef("store", "ci", selector="token")
        wanted = entry(
            "a", credentials=Credentials(fields={"password": replace(ref, selector=None)})
        )
        backends: dict[str, tuple[str, SecretBackend]] = {"store": (self.kind, self.store)}
        (plan,), _ = plan_grants([(wanted, self.provider)], backends, context, self.cache.key)
        source = GrantSource(
            self.cache,
            Resolver({"store": self.store}, self.clock),
            context,
            rule or FreshnessRule(),
            SharedFailures(self.cache, context, lambda: 0.0, {}),
            static_s=self.static_s,
        )
        return source, plan

    async def run(self, rule: FreshnessRule | None = None) -> Granted | EntryError:
        source, plan = self.source(rule)
        try:
            return source.load(plan) or await source.obtain(plan)
        except EntryError as error:
            return error

    async def state(self, rule: FreshnessRule | None = None) -> str:
        outcome = await self.run(rule)
        return outcome.state if isinstance(outcome, Granted) else outcome.reference


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("jump_s", "state"),
    [
        (-30, "cached"),  # an adjustment
        (-90, "fetched"),
        (-10 * 365 * 86400, "fetched"),
        (3600, "cached"),
        (LIFE_S, "fetched"),
        (10 * 365 * 86400, "fetched"),
    ],
)
async def test_a_clock_that_jumps_makes_a_run_ask_again_rather_than_trust(
    host: Host, jump_s: float, state: str
) -> None:
    await host.run()
    host.clock.advance(jump_s)
    assert await host.state() == state
    assert await host.state() == "cached", "what was stored under the other clock is replaced"


async def test_a_grant_asked_for_in_the_far_future_is_a_miss(host: Host) -> None:
    host.clock.advance(86400)
    await host.run()
    host.clock.advance(-86400)
    assert await host.state() == "fetched"


async def test_a_server_whose_clock_is_ahead_gives_no_longer_life(host: Host) -> None:
    """Providers correct both times by the server's clock; what is kept is corrected."""
    skewed: list[Grant] = []

    class Skewed(FakeProvider):
        async def fetch(self, *arguments: Any) -> Grant:
            grant = await super().fetch(*arguments)
            skewed.append(replace(grant, clock_skew_s=7200.0))
            return skewed[-1]

    host.provider = Skewed(host.clock, lifetime_s=3600)
    await host.run()
    outcome = await host.run()
    assert isinstance(outcome, Granted)
    assert (outcome.state, outcome.grant) == ("cached", skewed[0])


async def test_a_token_of_five_minutes_is_used_for_half_of_them(host: Host) -> None:
    host.provider.lifetime_s = 300
    assert await host.state() == "fetched"
    host.clock.advance(149)
    assert await host.state() == "cached"
    host.clock.advance(2)
    assert await host.state() == "fetched"


async def test_a_token_ends_with_the_lease_of_the_secret_behind_it(host: Host) -> None:
    host.store = Store(lease_s=600)
    outcome = await host.run()
    assert isinstance(outcome, Granted)
    assert outcome.grant.expires_at == host.clock() + timedelta(seconds=600)
    host.clock.advance(301)
    assert await host.state() == "fetched"


async def test_a_lease_that_is_longer_than_the_token_says_nothing(host: Host) -> None:
    host.store = Store(lease_s=LIFE_S + 1)
    outcome = await host.run()
    assert isinstance(outcome, Granted)
    assert outcome.grant.expires_at == host.clock() + timedelta(seconds=LIFE_S)


async def test_without_the_users_wish_what_has_no_expiry_is_never_kept(tmp_path: Path) -> None:
    host = Host(tmp_path, KEYS)
    host.provider.lifetime_s = None
    assert [await host.state(), await host.state()] == ["fetched", "fetched"]


async def test_what_has_no_expiry_is_kept_for_as_long_as_was_asked(tmp_path: Path) -> None:
    host = Host(tmp_path, KEYS)
    host.provider.lifetime_s, host.static_s = None, 3600
    assert await host.state() == "fetched"
    host.clock.advance(3599)
    outcome = await host.run()
    assert isinstance(outcome, Granted)
    assert (outcome.state, outcome.grant.expires_at) == ("cached", None)
    assert await host.state(FreshnessRule(max_age_s=60)) == "fetched"
    host.clock.advance(3600)
    assert await host.state() == "fetched"
    host.clock.advance(-120)
    assert await host.state() == "fetched", "its age can not be told"


async def test_a_shorter_wish_counts_at_once(tmp_path: Path) -> None:
    host = Host(tmp_path, KEYS)
    host.provider.lifetime_s, host.static_s = None, 3600
    await host.run()
    host.clock.advance(600)
    host.static_s = 300
    assert await host.state() == "fetched"
    host.static_s = None
    assert await host.state() == "fetched"


@pytest.mark.parametrize("kind", ["env", "file"])
async def test_what_comes_from_this_machine_is_never_kept(tmp_path: Path, kind: str) -> None:
    host = Host(tmp_path, KEYS)
    host.provider.lifetime_s, host.static_s, host.kind = None, 3600, kind
    assert [await host.state(), await host.state()] == ["fetched", "fetched"]


async def test_a_leased_secret_without_expiry_is_not_static(tmp_path: Path) -> None:
    host = Host(tmp_path, KEYS)
    host.provider.lifetime_s, host.static_s, host.store = None, 3600, Store(lease_s=1800)
    assert [await host.state(), await host.state()] == ["fetched", "fetched"]


async def test_static_secrets_need_encryption(host: Host) -> None:
    host.provider.lifetime_s, host.static_s = None, 3600
    assert [await host.state(), await host.state()] == ["fetched", "fetched"]


steps = st.lists(
    st.tuples(
        st.sampled_from([-86400.0, -61.0, -59.0, 0.0, 1.0, 100.0, 600.0, 3600.0, 86400.0]),
        st.sampled_from([90.0, 300.0, 3600.0, LIFE_S]),
        st.sampled_from(["up", "down"]),
    ),
    min_size=1,
    max_size=8,
)
rules = st.builds(
    FreshnessRule,
    min_validity_s=st.sampled_from([60.0, 280.0, 600.0, 7200.0]),
    promised=st.booleans(),
    max_age_s=st.none() | st.sampled_from([30.0, 1800.0]),
)


@given(steps, rules, st.none() | st.sampled_from([120.0, 900.0]))
@settings(max_examples=60, deadline=None)
def test_whatever_the_clock_does_what_is_handed_out_keeps_the_promise(
    steps: list[tuple[float, float, str]], rule: FreshnessRule, lease_s: float | None
) -> None:
    async def live(folder: Path) -> None:
        host = Host(folder)
        host.store = Store(lease_s)
        for jump_s, lifetime_s, network in steps:
            host.clock.advance(jump_s)
            host.provider.lifetime_s = lifetime_s
            down = Unavailable("down", "is down", "wait")
            host.provider.respond = lambda _r, n=network, e=down: e if n == "down" else None  # type: ignore[misc] # binds this turn's
            calls = len(host.provider.calls)
            outcome = await host.run(rule)
            if isinstance(outcome, EntryError):
                assert outcome.reference in {"down", "validity-too-short"}
                continue
            grant, now = outcome.grant, host.clock()
            assert grant.expires_at is not None
            left_s = (grant.expires_at - now).total_seconds()
            assert left_s >= 60
            if rule.promised:
                assert left_s >= rule.min_validity_s - 2
            assert grant.requested_at <= now + timedelta(seconds=60), "from the future"
            if outcome.state == "fetched":
                assert len(host.provider.calls) == calls + 1
                assert grant.requested_at == now
            if outcome.state == "cached" and rule.max_age_s is not None:
                assert (now - grant.requested_at).total_seconds() < rule.max_age_s
            if lease_s is not None:
                assert grant.expires_at <= grant.requested_at + timedelta(seconds=lease_s)

    with TemporaryDirectory() as folder:
        anyio.run(live, Path(folder))


class Handing(FakeProvider):
    """Gives the base credential itself, and knows when that ends."""

    hands_through = True

    async def fetch(self, *arguments: Any) -> Grant:
        grant = await super().fetch(*arguments)
        return replace(grant, secret=Secret(CANARY), expires_at=self.ends_at)

    ends_at: datetime | None = None


def handing(folder: Path, lasts_s: float | None, keys: CacheKeys | None = KEYS) -> Host:
    host = Host(folder, keys)
    provider = Handing(host.clock)
    provider.ends_at = None if lasts_s is None else host.clock() + timedelta(seconds=lasts_s)
    host.provider, host.static_s = provider, 3600
    return host


@pytest.mark.parametrize("kind", ["vault", "env"])
@pytest.mark.parametrize("keys", [KEYS, None])
async def test_what_is_handed_through_and_ends_is_never_kept(
    tmp_path: Path, kind: str, keys: CacheKeys | None
) -> None:
    host = handing(tmp_path, LIFE_S, keys)
    host.kind = kind
    for _ in range(2):
        granted = await host.run()
        assert isinstance(granted, Granted)
        assert (granted.state, granted.told_state) == ("fetched", "static")
        assert (granted.is_static, granted.stored_as) == (True, None)
        assert granted.grant.expires_at == host.clock() + timedelta(seconds=LIFE_S)
    assert not list((tmp_path / "cache").glob("grant-*[0-9a-f]"))
    stored = [path.read_bytes() for path in (tmp_path / "cache").iterdir() if path.is_file()]
    assert CANARY.encode() not in b"".join(stored)


@pytest.mark.parametrize("kind", ["vault", "env"])
@pytest.mark.parametrize("keys", [KEYS, None])
async def test_a_credential_that_comes_back_as_a_token_is_never_kept(
    tmp_path: Path, kind: str, keys: CacheKeys | None
) -> None:
    class Echoing(Handing):
        hands_through = False

    host = handing(tmp_path, LIFE_S, keys)
    host.provider, host.kind = Echoing(host.clock), kind
    host.provider.ends_at = host.clock() + timedelta(seconds=LIFE_S)
    for _ in range(2):
        granted = await host.run()
        assert isinstance(granted, Granted)
        assert (granted.told_state, granted.stored_as) == ("static", None)
    assert not list((tmp_path / "cache").glob("grant-*[0-9a-f]"))


async def test_less_than_a_minute_of_what_is_handed_through_is_never_written(
    tmp_path: Path,
) -> None:
    host = handing(tmp_path, 61)
    granted = await host.run()
    assert isinstance(granted, Granted)
    source, _ = host.source()
    assert not source.is_late(granted)
    host.clock.advance(2)
    assert source.is_late(granted), "others were waited for meanwhile"
    assert await host.state() == "validity-too-short"


async def test_the_promise_is_kept_for_what_is_handed_through(tmp_path: Path) -> None:
    rule = FreshnessRule(min_validity_s=1800, promised=True)
    host = handing(tmp_path, 1810)
    assert await host.state(rule) == "fetched"
    host.clock.advance(15)
    assert await host.state(rule) == "validity-too-short"
    assert await host.state() == "fetched", "nobody has promised anything"


async def test_a_lease_counts_from_when_the_secret_was_asked_for(host: Host) -> None:
    class Slow(Store):
        async def read(self, ref: SecretRef) -> SecretDocument:
            host.clock.advance(20)
            return await super().read(ref)

    host.store = Slow(lease_s=600)
    began = host.clock()
    granted = await host.run()
    assert isinstance(granted, Granted)
    assert granted.grant.requested_at == began + timedelta(seconds=20)
    assert granted.grant.expires_at == began + timedelta(seconds=600)


@given(
    st.lists(st.sampled_from([0.0, 1.0, 29.0, 60.0, 600.0, 3600.0]), min_size=1, max_size=8),
    st.sampled_from([30.0, 59.0, 61.0, 700.0, LIFE_S]),
    st.none() | st.sampled_from([100.0, 900.0]),
    rules,
)
@settings(max_examples=60, deadline=None)
def test_whatever_time_passes_what_is_handed_through_never_outlives_its_expiry(
    jumps: list[float], lasts_s: float, lease_s: float | None, rule: FreshnessRule
) -> None:
    async def live(folder: Path) -> None:
        host = handing(folder, lasts_s)
        host.store = Store(lease_s)
        provider = host.provider
        assert isinstance(provider, Handing)
        for jump_s in jumps:
            host.clock.advance(jump_s)
            calls = len(provider.calls)
            outcome = await host.run(rule)
            assert len(provider.calls) == calls + 1, "nothing of it is ever loaded"
            if isinstance(outcome, EntryError):
                assert outcome.reference == "validity-too-short"
                continue
            expires_at = outcome.grant.expires_at
            assert expires_at is not None
            assert provider.ends_at is not None
            assert expires_at <= provider.ends_at
            left_s = (expires_at - host.clock()).total_seconds()
            assert left_s >= 60
            if rule.promised:
                assert left_s >= rule.min_validity_s - 2

    with TemporaryDirectory() as folder:
        anyio.run(live, Path(folder))
