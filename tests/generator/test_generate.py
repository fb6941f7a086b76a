import time
from pathlib import Path
from typing import Any

import pytest

from backends.testing import make_context
from generator.cache.freshness import FreshnessRule
from generator.cache.opening import open_cache
from generator.cache.store import GrantCache, NoStore
from generator.errors import AccessDenied, EntryError, ExitCode, Unavailable
from generator.generate import Outcome, Work, generate
from generator.grants import Granted
from generator.model import GrantRequest, RegistryEntry
from tests.generator.fakes import CANARY, Clock, FakeProvider, entry

UNREACHABLE = Unavailable("down", "registry is down", "wait")
DENIED = AccessDenied("denied", "registry said no", "ask")


class Host:
    """A host on which runs follow each other, with a cache between them."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.provider = FakeProvider(self.clock)
        self.warnings: list[str] = []
        self.cache: GrantCache = open_cache(folder / "cache", self._warn)

    def _warn(self, reference: str, message: str) -> None:
        self.warnings.append(f"{reference}: {message}")

    async def run(self, *entries: RegistryEntry, **work: Any) -> Outcome:
        context = make_context({}, clock=self.clock)
        pairs = [(e, self.provider) for e in entries]
        values: dict[str, Any] = {"backends": {}, "rule": FreshnessRule(), **work}
        return await generate(Work(pairs, **values), context, self.cache)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def states(outcome: Outcome) -> list[str]:
    return [
        r.outcome.state if isinstance(r.outcome, Granted) else r.outcome.reference
        for r in outcome.results
    ]


def failing(name: str, error: EntryError) -> Any:
    def respond(request: GrantRequest) -> EntryError | None:
        return error if request.entry.name == name else None

    return respond


async def test_the_first_run_fetches_and_the_second_takes_it_from_the_cache(host: Host) -> None:
    first = await host.run(entry("a"), entry("b"))
    second = await host.run(entry("a"), entry("b"))
    assert (states(first), states(second)) == (["fetched"] * 2, ["cached"] * 2)
    assert sorted(host.provider.calls) == ["a", "b"]
    assert [x.secret for x in second.logins] == [x.secret for x in first.logins]
    assert host.warnings == []


async def test_entries_of_one_grant_share_one_call_also_without_a_cache(host: Host) -> None:
    host.cache = NoStore()
    outcome = await host.run(entry("a", "acct.one"), entry("b", "acct.two"))
    assert len(host.provider.calls) == 1
    assert [x.server_address for x in outcome.logins] == ["acct.one", "acct.two"]


async def test_aliases_get_the_same_grant(host: Host) -> None:
    outcome = await host.run(entry("a", "acct.one", aliases=("my.example",)))
    assert {x.server_address for x in outcome.logins} == {"acct.one", "my.example"}


async def test_a_grant_that_is_no_longer_fresh_is_fetched_again(host: Host) -> None:
    await host.run(entry("a"))
    host.clock.advance(0.81 * 12 * 3600)
    assert states(await host.run(entry("a"))) == ["fetched"]


async def test_a_token_that_loses_its_promise_while_another_is_waited_for_is_renewed(
    host: Host,
) -> None:
    promise = FreshnessRule(3600, promised=True)
    await host.run(entry("a"), rule=promise)
    host.clock.advance(9 * 3600)  # fresh still: less than 80 % of its life is gone

    def slow(request: GrantRequest) -> None:
        if request.entry.name == "b":
            host.clock.advance(2.5 * 3600)

    host.provider.respond = slow
    outcome = await host.run(entry("a"), entry("b"), rule=promise)
    assert states(outcome) == ["fetched", "fetched"]
    assert host.provider.calls == ["a", "b", "a"]


async def test_refresh_fetches_although_there_is_a_fresh_one(host: Host) -> None:
    await host.run(entry("a"))
    assert states(await host.run(entry("a"), refresh=True)) == ["fetched"]


async def test_an_unreachable_registry_leaves_the_stored_token_while_the_promise_holds(
    host: Host,
) -> None:
    await host.run(entry("a"))
    host.clock.advance(0.9 * 12 * 3600)
    host.provider.respond = failing("a", UNREACHABLE)
    outcome = await host.run(entry("a"))
    assert states(outcome) == ["kept"]
    assert outcome.exit_code is ExitCode.OK
    host.clock.advance(0.1 * 12 * 3600 - 60)
    assert states(await host.run(entry("a"))) == ["down"]


async def test_a_denied_refresh_does_not_fall_back(host: Host) -> None:
    await host.run(entry("a"))
    host.clock.advance(0.9 * 12 * 3600)
    host.provider.respond = failing("a", DENIED)
    assert states(await host.run(entry("a"))) == ["denied"]


async def test_one_failing_entry_writes_nothing_but_all_are_tried(host: Host) -> None:
    host.provider.respond = failing("a", DENIED)
    outcome = await host.run(entry("a"), entry("b"))
    assert states(outcome) == ["denied", "fetched"]
    assert outcome.exit_code is ExitCode.DENIED
    assert outcome.logins == []


async def test_keep_going_writes_what_there_is_and_keeps_the_exit_code(host: Host) -> None:
    host.provider.respond = failing("a", DENIED)
    outcome = await host.run(entry("a"), entry("b"), keep_going=True)
    assert outcome.exit_code is ExitCode.DENIED
    assert [x.server_address for x in outcome.logins] == ["b.example"]


async def test_an_optional_entry_may_fail(host: Host) -> None:
    host.provider.respond = failing("a", DENIED)
    outcome = await host.run(entry("a", optional=True), entry("b"))
    assert outcome.exit_code is ExitCode.OK
    assert [x.server_address for x in outcome.logins] == ["b.example"]


async def test_a_required_failure_decides_the_exit_code_even_if_an_optional_one_fails_too(
    host: Host,
) -> None:
    errors = {"a": UNREACHABLE, "b": DENIED}
    host.provider.respond = lambda request: errors[request.entry.name]
    outcome = await host.run(entry("a"), entry("b", optional=True))
    assert outcome.exit_code is ExitCode.UNAVAILABLE


async def test_nothing_is_written_when_only_optional_entries_exist_and_all_fail(host: Host) -> None:
    host.provider.respond = failing("a", DENIED)
    outcome = await host.run(entry("a", optional=True))
    assert outcome.exit_code is ExitCode.DENIED
    assert outcome.logins == []


async def test_a_slow_registry_delays_only_itself(host: Host) -> None:
    host.provider.delay_s = 0.2
    started = time.monotonic()
    outcome = await host.run(*(entry(f"r{number}") for number in range(20)))
    assert states(outcome) == ["fetched"] * 20
    # one after the other would take four
    assert time.monotonic() - started < 3.5


async def test_what_is_not_there_in_time_has_failed(host: Host) -> None:
    await host.run(entry("fast"))
    host.provider.delay_s = 60
    outcome = await host.run(entry("fast"), entry("slow"), timeout_s=0.2)
    assert states(outcome) == ["cached", "out-of-time"]
    assert outcome.exit_code is ExitCode.UNAVAILABLE


async def test_a_promise_that_the_registry_can_not_keep_fails(host: Host) -> None:
    host.provider.lifetime_s = 3600
    outcome = await host.run(entry("a"), rule=FreshnessRule(7200, promised=True))
    assert states(outcome) == ["validity-too-short"]
    (failed,) = outcome.results
    assert isinstance(failed.outcome, EntryError)
    assert failed.outcome.message == "the token lives 1 h 0 min, 2 h 0 min are asked for"
    assert outcome.exit_code is ExitCode.IMPLAUSIBLE


async def test_a_token_that_is_nearly_over_is_not_used(host: Host) -> None:
    host.provider.lifetime_s = 30
    assert states(await host.run(entry("a"))) == ["validity-too-short"]


async def test_what_has_no_expiry_is_not_stored(host: Host, tmp_path: Path) -> None:
    host.provider.lifetime_s = None
    assert states(await host.run(entry("a"))) == ["fetched"]
    assert states(await host.run(entry("a"))) == ["fetched"]
    stored = b"".join(f.read_bytes() for f in (tmp_path / "cache").iterdir() if f.is_file())
    assert CANARY.encode() not in stored


async def test_a_providers_bug_does_not_take_the_others_along_nor_show_its_values(
    host: Host,
) -> None:
    host.provider.respond = lambda r: ValueError(CANARY) if r.entry.name == "a" else None
    outcome = await host.run(entry("a"), entry("b"))
    assert states(outcome) == ["provider-bug", "fetched"]
    assert outcome.exit_code is ExitCode.BUG
    error = outcome.results[0].outcome
    assert isinstance(error, EntryError)
    assert CANARY not in error.message + error.hint


async def test_a_cache_that_can_not_be_used_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    host = Host(tmp_path)
    assert states(await host.run(entry("a"))) == ["fetched"]
    assert len(host.warnings) == 1
