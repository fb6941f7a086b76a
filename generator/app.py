"""From arguments and environment to an exit code."""

import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM

import anyio
from anyio.abc import TaskStatus

from backends.aws_session import AwsSession
from backends.base import RunContext
from backends.tls import TlsTrust
from backends.transport import HttpTransport
from generator.cache.freshness import FreshnessRule
from generator.cache.opening import open_cache
from generator.cache.store import GrantCache
from generator.config.load import load_config
from generator.config.model import Config
from generator.errors import ConfigError, ExitCode, GeneratorError, UsageError, worst
from generator.fast.lock import RunLock
from generator.finished.leaving import NextRun
from generator.finished.making import Written
from generator.generate import Work, generate
from generator.log import Logger, make_logger
from generator.output.document import render
from generator.output.files import write, write_merged
from generator.output.targets import Target, check_target
from generator.registries.loader import provider_of
from generator.settings import HelpShown, Settings, parse_settings
from generator.summary import report, report_config_error, report_error, report_written

Leave = Callable[[int], None]
DEFAULT_TIMEOUT_S = 60.0


def main(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    leave: Leave,
    started_at: float,
    lock: RunLock | None = None,
) -> int:
    """Run the command line and return its exit code.

    ``started_at`` is when the process began, by ``time.monotonic()``: ``--timeout`` counts from
    there, so that a slow start does not make a run longer than was asked for.

    ``leave`` is called with the code as soon as all is done; in a process of our own it ends the
    process there, so that neither a thread that waits for a name server nor the interpreter's
    teardown can hold it.

    ``lock`` is what others wait at for the document that this run may leave.
    """
    next_run = NextRun(arguments, environment, lock)
    leave = _ended(next_run, leave)
    try:
        return _left(_main(arguments, environment, next_run, leave, started_at), leave)
    except Exception as error:  # noqa: BLE001 - neither its text nor its values may be shown
        _report_bug(error, make_logger("console", "error"))
        return _left(ExitCode.BUG, leave)


def _ended(next_run: NextRun, leave: Leave) -> Leave:
    def end_and_leave(code: int) -> None:
        next_run.end()
        leave(code)

    return end_and_leave


def _main(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    next_run: NextRun,
    leave: Leave,
    started_at: float,
) -> int:
    try:
        settings, problems = parse_settings(arguments, environment)
    except HelpShown as shown:
        sys.stdout.write(shown.text)
        return ExitCode.OK
    except UsageError as error:
        sys.stderr.write(f"error: {error.message}\n{error.hint}\n")
        return error.exit_code
    log = make_logger(settings.log_format, "warning" if settings.quiet else settings.log_level)
    try:
        config = load_config(settings, environment, next_run.inputs, problems)
        target = check_target(settings.path, merge=_merge(settings, config))
    except ConfigError as error:
        report_config_error(error, log)
        return error.exit_code
    except GeneratorError as error:
        report_error(error, log, "output.refused")
        return error.exit_code
    for remark in config.remarks:
        log.warning("config.remarked", message=remark)
    next_run.expect(config)
    run = _Run(settings, config, target, environment, next_run, log, started_at)
    return anyio.run(partial(_until_stopped, run, leave))


@dataclass(frozen=True, slots=True)
class _Run:
    """A run whose settings, config and target are known to be good."""

    settings: Settings
    config: Config
    target: Target
    environment: Mapping[str, str]
    next_run: NextRun
    log: Logger
    started_at: float

    async def go(self) -> ExitCode:
        """Generate, report, write."""
        context, cache, work = self._context(), self._cache(), self._work()
        outcome = await generate(work, context, cache)
        report(outcome, self.log, context.clock())
        logins = outcome.logins
        if not logins:
            report_written(self.settings.path, 0, self.log)
            return outcome.exit_code
        output_format = self.settings.output_format or self.config.output_format or "docker"
        mode = self.settings.mode if self.settings.mode is not None else self.config.mode
        try:
            if _merge(self.settings, self.config):
                await write_merged(self.target, logins, output_format, mode=mode)
            else:
                content = render(logins, output_format)
                await write(self.target, content, mode=mode)
                told = not self.settings.quiet and self.settings.log_level in ("debug", "info")
                written = Written(outcome, content, mode, work.rule, work.backends, cache, told)
                self.next_run.leave(written, context)
        except GeneratorError as error:
            report_error(error, self.log, "output.failed")
            return worst([outcome.exit_code, error.exit_code])
        report_written(self.settings.path, len(logins), self.log)
        return outcome.exit_code

    def _context(self) -> RunContext:
        inputs = self.next_run.inputs
        tls = TlsTrust(self.environment, inputs)
        return RunContext(
            environment=self.environment,
            inputs=inputs,
            clock=lambda: datetime.now(UTC),
            aws=AwsSession(self.environment, inputs, tls),
            transport=HttpTransport(self.environment, inputs, tls),
            base_folder=self.config.base_folder,
        )

    def _cache(self) -> GrantCache:
        named = self.settings.cache_dir
        return open_cache(Path(named) if named else self.config.cache.dir, warn=self._warn)

    def _warn(self, reference: str, message: str) -> None:
        self.next_run.rule_out("the cache gave a warning")
        self.log.warning("cache.remarked", message=message, reference=reference)

    def _work(self) -> Work:
        settings, config = self.settings, self.config
        return Work(
            entries=[(entry, provider_of(entry)) for entry in config.entries],
            backends=config.backends,
            rule=_rule(settings, config),
            timeout_s=settings.timeout_s or config.timeout_s or DEFAULT_TIMEOUT_S,
            elapsed_s=time.monotonic() - self.started_at,
            refresh=settings.refresh,
            keep_going=settings.keep_going,
        )


async def _until_stopped(run: _Run, leave: Leave) -> int:
    """Run until the end, or until a signal: within a moment, with nothing half written."""
    stopped_by: list[int] = []
    code: int = ExitCode.OK
    async with anyio.create_task_group() as group:
        await group.start(_watch_signals, group.cancel_scope, stopped_by)
        code = await run.go()
        group.cancel_scope.cancel()
    if stopped_by:
        code = 128 + stopped_by[0]
        run.log.error("run.stopped", message=f"stopped by signal {stopped_by[0]}")
    return _left(code, leave)


async def _watch_signals(
    scope: anyio.CancelScope, stopped_by: list[int], *, task_status: TaskStatus[None]
) -> None:
    with anyio.open_signal_receiver(SIGTERM, SIGINT) as signals:
        task_status.started()
        async for number in signals:
            stopped_by.append(number)
            scope.cancel()


def _report_bug(error: BaseException, log: Logger) -> None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    log.error(
        "run.crashed",
        message=f"a bug: {type(error).__name__} in {where}",
        hint="please report this line",
        reference="bug",
    )


def _merge(settings: Settings, config: Config) -> bool:
    return settings.merge or config.merge


def _rule(settings: Settings, config: Config) -> FreshnessRule:
    asked = settings.min_validity_s
    if asked is None:
        asked = config.cache.min_validity_s
    max_age_s = config.cache.max_age_s
    if asked is None:
        return FreshnessRule(max_age_s=max_age_s)
    return FreshnessRule(asked, promised=True, max_age_s=max_age_s)


def _left(code: int, leave: Leave) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A reader that went away has nothing to be told; a closed stream is None.
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    leave(int(code))
    return int(code)
