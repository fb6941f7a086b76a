"""Runs that wait for one grant share what becomes of it; runs that come later ask again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from backends.base import RunContext, SecretRef
from backends.loader import load_backend_type
from backends.testing import make_context
from generator.cache.freshness import FreshnessRule
from generator.cache.opening import open_cache
from generator.config.model import BackendSetup
from generator.errors import AccessDenied, EntryError, Misconfigured, Unavailable
from generator.generate import Outcome, Work, generate
from generator.grants import Granted
from generator.model import Credentials, GrantKey, GrantRequest, RegistryEntry
from tests.generator.fakes import CANARY, Clock, FakeProvider, entry

ERRORS: dict[str, Callable[[], Exception]] = {
    "denied": lambda: AccessDenied("denied", "the registry said no", "ask"),
    "down": lambda: Unavailable("down", "the registry is down", "wait"),
    "provider-bug": lambda: ValueError(CANARY),
}


class Jobs:
    """Jobs on one host; each opens the cache for itself, as a process does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cache"
        self.clock = Clock()
        self.provider = FakeProvider(self.clock, delay_s=0.05)
        self.warnings: list[str] = []

    def fail_with(self, make: Callable[[], Exception] | None) -> None:
        self.provider.respond = lambda _request: make() if make else None

    async def run(self, *entries: RegistryEntry, began_s_ago: float = 0.0, **work: Any) -> Outcome:
        environment = work.pop("environment", {})
        values: dict[str, Any] = {"backends": {}, "rule": FreshnessRule(), **work}
        return await generate(
            Work([(e, self.provider) for e in entries], elapsed_s=began_s_ago, **values),
            make_context(environment, clock=self.clock),
            open_cache(self.folder, lambda *told: self.warnings.append(": ".join(told))),
        )

    async def together(self, count: int, **work: Any) -> list[Outcome]:
        outcomes: list[Outcome] = []

        async def one() -> None:
            outcomes.append(await self.run(entry("a"), began_s_ago=1.0, **work))

        async with anyio.create_task_group() as group:
            for _ in range(count):
                group.start_soon(one)
        return outcomes


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


def told(outcome: Outcome) -> str:
    (result,) = outcome.results
    return result.outcome.state if isinstance(result.outcome, Granted) else result.outcome.reference


@pytest.mark.parametrize("reference", ERRORS)
async def test_of_those_who_wait_together_one_asks_and_all_report_its_failure(
    jobs: Jobs, reference: str
) -> None:
    jobs.fail_with(ERRORS[reference])
    outcomes = await jobs.together(8)
    assert [told(outcome) for outcome in outcomes] == [reference] * 8
    assert len(jobs.provider.calls) == 1
    errors = [outcome.results[0].outcome for outcome in outcomes]
    assert len({(type(e), e.message, e.hint) for e in errors if isinstance(e, EntryError)}) == 1
    assert len({outcome.exit_code for outcome in outcomes}) == 1
    assert jobs.warnings == []
    stored = b"".join(path.read_bytes() for path in jobs.folder.iterdir())
    assert CANARY.encode() not in stored


async def test_a_run_that_begins_after_the_failure_asks_again(jobs: Jobs) -> None:
    jobs.fail_with(ERRORS["denied"])
    assert told(await jobs.run(entry("a"))) == "denied"
    jobs.fail_with(None)
    jobs.clock.advance(0.5)
    assert told(await jobs.run(entry("a"))) == "fetched"


async def test_a_run_that_began_before_but_comes_late_takes_it_for_ten_seconds(jobs: Jobs) -> None:
    jobs.fail_with(ERRORS["denied"])
    await jobs.run(entry("a"))
    jobs.clock.advance(9)
    assert told(await jobs.run(entry("a"), began_s_ago=9.5)) == "denied"
    assert len(jobs.provider.calls) == 1
    jobs.clock.advance(1)
    await jobs.run(entry("a"), began_s_ago=10.5)
    assert len(jobs.provider.calls) == 2


@pytest.mark.parametrize("jump_s", [-3600, -2, 2, 3600])
async def test_a_clock_that_was_set_makes_runs_ask_for_themselves(
    jobs: Jobs, jump_s: float
) -> None:
    jobs.fail_with(ERRORS["denied"])
    await jobs.run(entry("a"))
    jobs.clock.advance(jump_s)
    await jobs.run(entry("a"), began_s_ago=1.0)
    assert len(jobs.provider.calls) == 2


async def test_those_who_wait_fall_back_to_the_stored_token_as_well(jobs: Jobs) -> None:
    await jobs.run(entry("a"))
    jobs.clock.advance(0.9 * 12 * 3600)
    jobs.fail_with(ERRORS["down"])
    outcomes = await jobs.together(5)
    assert [told(outcome) for outcome in outcomes] == ["kept"] * 5
    assert len(jobs.provider.calls) == 2


async def test_an_optional_entry_takes_it_too(jobs: Jobs) -> None:
    jobs.fail_with(ERRORS["denied"])
    await jobs.run(entry("a"))
    outcome = await jobs.run(entry("a", optional=True), entry("b"), began_s_ago=1.0)
    assert jobs.provider.calls == ["a", "b"]
    assert [isinstance(r.outcome, EntryError) for r in outcome.results] == [True, True]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "BAO_CACERT"])
async def test_who_goes_another_way_asks_for_himself(jobs: Jobs, name: str) -> None:
    jobs.fail_with(ERRORS["down"])
    await jobs.run(entry("a"), environment={name: "/wrong"})
    await jobs.run(entry("a"), began_s_ago=1.0)
    assert len(jobs.provider.calls) == 2
    await jobs.run(entry("a"), began_s_ago=1.0, environment={"CI_JOB_ID": "7"})
    assert len(jobs.provider.calls) == 2


def setup(kind: str, **options: str) -> dict[str, BackendSetup]:
    factory = load_backend_type(kind)
    assert factory is not None
    return {"store": BackendSetup(kind, factory, factory.options(**options))}


async def test_who_has_other_settings_for_the_store_asks_for_himself(jobs: Jobs) -> None:
    """Not whose token it is, but whether it can be had."""
    a = entry("a", credentials=Credentials(SecretRef("store", "secret/a")))
    good, bad = (
        setup("vault", address="https://127.0.0.1:1", ca_file=path) for path in ("/good", "/bad")
    )
    jobs.clock.advance(1)
    first = await jobs.run(a, backends=bad, environment={"VAULT_TOKEN": "t"})
    second = await jobs.run(a, backends=good, environment={"VAULT_TOKEN": "t"}, began_s_ago=1.0)
    third = await jobs.run(a, backends=good, environment={"VAULT_TOKEN": "t"}, began_s_ago=1.0)
    messages = [
        r.message
        for o in (first, second, third)
        if isinstance(r := o.results[0].outcome, EntryError)
    ]
    assert "/bad" in messages[0]
    assert "/good" in messages[1]
    assert messages[2] == messages[1]


class OfTheJob(FakeProvider):
    """A provider whose login token the CI mints for each job."""

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        return GrantKey((("issuer", "https://ci.example"), ("subject", "project")))


@pytest.mark.parametrize(("reference", "calls"), [("denied", 3), ("down", 1)])
async def test_a_refusal_of_one_jobs_own_token_is_not_the_next_ones(
    jobs: Jobs, reference: str, calls: int
) -> None:
    jobs.provider = OfTheJob(jobs.clock, delay_s=0.02)
    jobs.fail_with(ERRORS[reference])
    await jobs.together(3)
    assert len(jobs.provider.calls) == calls


async def test_settings_that_do_not_work_here_are_no_failure_of_another_job(jobs: Jobs) -> None:
    """A file that one container lacks, a program that one environment does not allow."""
    jobs.fail_with(lambda: Misconfigured("file-missing", "/ca.pem does not exist", "mount it"))
    assert told(await jobs.run(entry("a"))) == "file-missing"
    jobs.fail_with(None)
    assert told(await jobs.run(entry("a"), began_s_ago=1.0)) == "fetched"


async def test_other_grants_are_not_concerned(jobs: Jobs) -> None:
    def respond(request: GrantRequest) -> Exception | None:
        return AccessDenied("denied", "no", "") if request.entry.name == "a" else None

    jobs.provider.respond = respond
    await jobs.run(entry("a"))
    assert told(await jobs.run(entry("b"), began_s_ago=1.0)) == "fetched"


async def test_a_promise_that_can_not_be_kept_costs_one_call_and_is_no_failure_of_others(
    jobs: Jobs,
) -> None:
    """What one run asks for is nothing that a neighbour failed at."""
    promise = FreshnessRule(13 * 3600, promised=True)
    outcomes = await jobs.together(4, rule=promise)
    assert [told(outcome) for outcome in outcomes] == ["validity-too-short"] * 4
    assert told(await jobs.run(entry("a"), began_s_ago=1.0)) == "cached"
    assert len(jobs.provider.calls) == 1
    jobs.clock.advance(5)
    assert told(await jobs.run(entry("a"), rule=promise)) == "validity-too-short"
    assert len(jobs.provider.calls) == 2
