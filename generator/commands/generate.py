"""``generate``: fetch what is not there, and write the dockercfg."""

from dataclasses import dataclass
from functools import partial
from signal import SIGINT, SIGTERM

import anyio
from anyio.abc import TaskStatus

from generator.cache.opening import open_cache
from generator.cache.store import GrantCache
from generator.call import Call, Setup
from generator.errors import ExitCode, GeneratorError, worst
from generator.finished.making import Written
from generator.generate import Outcome, Work, generate
from generator.output.document import render
from generator.output.files import write, write_merged
from generator.output.targets import Target, check_target
from generator.registries.loader import provider_of
from generator.report import Ended
from generator.reporter import Reporter, reporter_of
from generator.summary import report, report_error, report_written


def run(call: Call) -> int:
    """Run until the end, or until a signal."""
    reporter = reporter_of(call)
    with reporter.told_of_errors():
        setup = call.configured()
        call.next_run.expect(setup.config)
        target = check_target(call.settings.path, merge=setup.merge)
        if target.kind != "file":
            # its reader may be long in coming, and others would wait for that as well
            call.next_run.rule_out("what is written is taken by a reader, in its own time")
        return anyio.run(partial(_until_stopped, Run(setup, target, reporter)))


@dataclass(frozen=True, slots=True)
class Run:
    """A run whose settings, config and target are known to be good."""

    setup: Setup
    target: Target
    reporter: Reporter

    async def go(self) -> int:
        """Generate, report, write."""
        context, cache, work = self.setup.context(), self._cache(), self._work()
        outcome = await generate(work, context, cache)
        report(outcome, self.setup.call.log, context.clock(), self.setup.config.origin)
        call, logins = self.setup.call, outcome.logins
        try:
            content = await self._write(outcome)
        except GeneratorError as error:
            report_error(error, call.log, "output.failed")
            code = worst([outcome.exit_code, error.exit_code])
            return await self.reporter.report(Ended(code, outcome, error))
        if content is not None:
            mode, told = self.setup.mode, _tells_all(call)
            written = Written(outcome, content, mode, work.rule, work.backends, cache, told)
            call.next_run.leave(written, context)
        report_written(call.settings.path, len(logins), call.log)
        ended = Ended(outcome.exit_code, outcome, written=bool(logins))
        return await self.reporter.report(ended)

    async def _write(self, outcome: Outcome) -> bytes | None:
        """Write what there is; return it, unless it depends on what was there already."""
        setup, logins = self.setup, outcome.logins
        if not logins:
            return None
        if setup.merge:
            await write_merged(self.target, logins, setup.output_format, mode=setup.mode)
            return None
        content = render(logins, setup.output_format)
        await write(self.target, content, mode=setup.mode)
        return content

    def _cache(self) -> GrantCache:
        return open_cache(
            self.setup.cache_folder,
            warn=partial(_warn, self.setup.call),
            keys=self.setup.config.cache.keys,
        )

    def _work(self) -> Work:
        setup, settings = self.setup, self.setup.call.settings
        return Work(
            entries=[(entry, provider_of(entry)) for entry in setup.config.entries],
            backends=setup.config.backends,
            rule=setup.rule,
            timeout_s=setup.timeout_s,
            elapsed_s=setup.call.elapsed_s(),
            refresh=settings.refresh,
            keep_going=settings.keep_going,
            static_s=setup.config.cache.static_s,
        )


async def _until_stopped(run: Run) -> int:
    """Run until the end, or until a signal: within a moment, with nothing half written."""
    stopped_by: list[int] = []
    code: int = ExitCode.OK
    call = run.setup.call
    async with anyio.create_task_group() as group:
        await group.start(_watch_signals, group.cancel_scope, stopped_by)
        code = await run.go()
        group.cancel_scope.cancel()
    if stopped_by:
        code = 128 + stopped_by[0]
        call.log.error("run.stopped", message=f"stopped by signal {stopped_by[0]}")
        await run.reporter.report_stopped(code)
    # From here, not after the loop: a thread that waits for a name server would hold it.
    return call.leave(code)


async def _watch_signals(
    scope: anyio.CancelScope, stopped_by: list[int], *, task_status: TaskStatus[None]
) -> None:
    with anyio.open_signal_receiver(SIGTERM, SIGINT) as signals:
        task_status.started()
        async for number in signals:
            stopped_by.append(number)
            scope.cancel()


def _tells_all(call: Call) -> bool:
    return not call.settings.quiet and call.settings.log_level in ("debug", "info")


def _warn(call: Call, reference: str, message: str) -> None:
    call.next_run.rule_out("the cache gave a warning")
    call.log.warning("cache.remarked", message=message, reference=reference)
