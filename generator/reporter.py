"""Writes the report of a run, if one is asked for, however the run ends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import anyio

from generator.call import Call
from generator.errors import ExitCode, GeneratorError, OutputError, ProviderBug, worst
from generator.output.targets import Target, check_target
from generator.report import Ended, check_report, write_report
from generator.summary import report_error

# A pipe that nobody reads must not hold a run that was told to stop.
_STOPPED_S = 0.5


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports on one run; without a target it does nothing."""

    call: Call
    target: Target | None

    async def report(self, ended: Ended) -> int:
        """Write the report; return the run's exit code, which a failure to write it changes."""
        if self.target is None:
            return ended.exit_code
        try:
            await write_report(self.target, self.call.settings.path, ended, datetime.now(UTC))
        except GeneratorError as error:
            report_error(error, self.call.log, "report.failed")
            return worst([ExitCode(ended.exit_code), error.exit_code])
        return ended.exit_code

    async def report_stopped(self, code: int) -> None:
        """Write the report of a run that a signal has ended, at once or not at all."""
        stopped = GeneratorError("stopped", f"stopped by signal {code - 128}")
        with anyio.move_on_after(_STOPPED_S):
            await self.report(Ended(code, error=stopped))

    @contextmanager
    def told_of_errors(self) -> Iterator[None]:
        """Write the report of a run that an error has ended before there was an outcome."""
        try:
            yield
        except GeneratorError as error:
            self._report_error(error)
            raise
        except Exception:
            self._report_error(ProviderBug("bug", "a bug; the log says where", "report that line"))
            raise

    def _report_error(self, error: GeneratorError) -> None:
        if self.target is not None:
            anyio.run(partial(self.report, Ended(error.exit_code, error=error)))


def reporter_of(call: Call) -> Reporter:
    """Return who reports on the run.

    Raises:
        OutputError: if the report can not be written where it is to go, or would take the place of
            the dockercfg.
    """
    if call.settings.report is None:
        return Reporter(call, None)
    dockercfg = None
    # what is wrong with it is told later, and is part of the report
    with suppress(OutputError):
        dockercfg = check_target(call.settings.path, merge=False)
    return Reporter(call, check_report(call.settings.report, dockercfg))
