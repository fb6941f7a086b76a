"""The story of a run: config -> entries -> grants -> merge -> write."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio

from backends.base import RunContext, SecretBackend
from backends.errors import BackendError
from generator.cache.freshness import FreshnessRule
from generator.cache.store import GrantCache
from generator.config.model import BackendSetup
from generator.errors import EntryError, ExitCode, Unavailable, worst
from generator.grant_plans import GrantPlan, plan_grants
from generator.grants import Granted, GrantSource
from generator.model import RegistryEntry
from generator.output.document import Login
from generator.registries.base import TokenProvider
from generator.resolve import Resolver, UnusableBackend
from generator.shared_failures import SharedFailures


@dataclass(frozen=True, slots=True)
class Work:
    """What a run is to do, settled before anything is asked.

    ``timeout_s`` is for the run as a whole, of which ``elapsed_s`` are over already. A static
    secret may be kept for ``static_s``, if the cache is encrypted.
    """

    entries: Sequence[tuple[RegistryEntry, TokenProvider]]
    backends: Mapping[str, BackendSetup]
    rule: FreshnessRule
    timeout_s: float = 60.0
    elapsed_s: float = 0.0
    refresh: bool = False
    keep_going: bool = False
    static_s: float | None = None


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one entry."""

    entry: RegistryEntry
    outcome: Granted | EntryError

    @property
    def server_addresses(self) -> tuple[str, ...]:
        """The keys that the entry gets in the dockercfg."""
        learnt: tuple[str, ...] = ()
        if self.entry.server is not None:
            learnt = (self.entry.server,)
        elif isinstance(self.outcome, Granted):
            learnt = self.outcome.grant.server_addresses
        return (*learnt, *self.entry.aliases)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all entries, in the order of the config."""

    results: Sequence[EntryResult]
    keep_going: bool

    @property
    def exit_code(self) -> ExitCode:
        """The first of the required entries' failures; optional ones count if nothing else does.

        That is so where every entry has failed, and none of them is required.
        """
        failures = [r for r in self.results if isinstance(r.outcome, EntryError)]
        required = [r for r in failures if not r.entry.optional]
        counted = required or (failures if len(failures) == len(self.results) else [])
        return worst(r.outcome.exit_code for r in counted if isinstance(r.outcome, EntryError))

    @property
    def logins(self) -> list[Login]:
        """What is to be written; empty if nothing may be."""
        if self.exit_code and not self.keep_going:
            return []
        return [
            Login(address, result.outcome.grant.username, result.outcome.grant.secret)
            for result in self.results
            if isinstance(result.outcome, Granted)
            for address in result.server_addresses
        ]


async def generate(work: Work, context: RunContext, cache: GrantCache) -> Outcome:
    """Get a grant for every entry: fresh ones from the cache, the others concurrently.

    A slow or broken registry delays only itself; whatever is not there after ``timeout_s`` has
    failed.
    """
    async with opened_backends(work.backends, context) as backends:
        plans, failed = plan_grants(work.entries, backends, context, cache.key)
        by_name = {name: backend for name, (_, backend) in backends.items()}
        resolver = Resolver(by_name, context.clock)
        began = anyio.current_time() - work.elapsed_s
        failures = SharedFailures(
            cache, context, lambda: anyio.current_time() - began, work.backends
        )
        source = GrantSource(
            cache, resolver, context, work.rule, failures, work.refresh, work.static_s
        )
        outcomes = await _all_of(plans, source, work)
    by_entry: dict[str, Granted | EntryError] = dict(failed)
    for plan in plans:
        by_entry |= {entry.name: outcomes[plan.name] for entry in plan.entries}
    results = [EntryResult(entry, by_entry[entry.name]) for entry, _ in work.entries]
    return Outcome(results, work.keep_going)


async def _all_of(
    plans: Sequence[GrantPlan], source: GrantSource, work: Work
) -> dict[str, Granted | EntryError]:
    outcomes: dict[str, Granted | EntryError] = {}
    for plan in plans:
        if granted := source.load(plan):
            outcomes[plan.name] = granted
    stale = [plan for plan in plans if plan.name not in outcomes]

    async def obtain(plan: GrantPlan) -> None:
        try:
            outcomes[plan.name] = await source.obtain(plan)
        except EntryError as error:
            outcomes[plan.name] = error

    def is_late(plan: GrantPlan) -> bool:
        outcome = outcomes[plan.name]
        return isinstance(outcome, Granted) and source.is_late(outcome)

    with anyio.move_on_after(work.timeout_s - work.elapsed_s):
        waiting = stale
        while waiting:
            async with anyio.create_task_group() as group:
                for plan in waiting:
                    group.start_soon(obtain, plan)
            waiting = [plan for plan in plans if is_late(plan)]
    if stale:
        source.cache.prune(source.context.clock().timestamp())
    for plan in stale:
        outcomes.setdefault(
            plan.name,
            Unavailable(
                "out-of-time",
                f"no token within the run's {work.timeout_s:g} s",
                "check that its endpoint and the secret backend can be reached from here",
            ),
        )
    return outcomes


@asynccontextmanager
async def opened_backends(
    setups: Mapping[str, BackendSetup], context: RunContext
) -> AsyncIterator[dict[str, tuple[str, SecretBackend]]]:
    """Enter every backend in this task, for a task group's scopes must not cross tasks."""
    async with AsyncExitStack() as stack:
        backends: dict[str, tuple[str, SecretBackend]] = {}
        for name, setup in setups.items():
            backend: SecretBackend
            try:
                backend = await stack.enter_async_context(setup.factory(setup.options, context))
            except BackendError as error:
                backend = UnusableBackend(error)
            backends[name] = (setup.type_name, backend)
        yield backends
