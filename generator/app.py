"""From arguments and environment to a command, and from its end to an exit code."""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from generator.call import Call
from generator.errors import ConfigError, ExitCode, GeneratorError, OutputError, UsageError
from generator.fast.lock import RunLock
from generator.finished.leaving import NextRun
from generator.help import DISTRIBUTION
from generator.log import Logger, make_logger
from generator.settings import HelpShown, parse_settings
from generator.summary import report_config_error, report_error


def main(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    leave: Callable[[int], None],
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
    left = partial(_left, next_run=next_run, leave=leave)
    try:
        return left(_main(arguments, environment, next_run, left, started_at))
    except Exception as error:  # noqa: BLE001 - neither its text nor its values may be shown
        _report_bug(error, make_logger("console", "error"))
        return left(ExitCode.BUG)


def _main(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    next_run: NextRun,
    leave: Callable[[int], int],
    started_at: float,
) -> int:
    try:
        settings, problems = parse_settings(arguments, environment)
    except HelpShown as shown:
        sys.stdout.write(shown.text)
        return ExitCode.OK
    except UsageError as error:
        told = f"error: {error.message} [{error.reference}]\n{error.hint}\n"
        sys.stderr.write(f"{told}{DISTRIBUTION} --help says more\n")
        return error.exit_code
    log = make_logger(settings.log_format, "warning" if settings.quiet else settings.log_level)
    call = Call(settings, problems, environment, next_run, log, leave, started_at)
    try:
        return settings.command.load()(call)
    except ConfigError as error:
        report_config_error(error, log)
        return error.exit_code
    except GeneratorError as error:
        refused = "output" if isinstance(error, OutputError) else "command"
        report_error(error, log, f"{refused}.refused")
        return error.exit_code


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


def _left(code: int, next_run: NextRun, leave: Callable[[int], None]) -> int:
    next_run.end()
    for stream in (sys.stdout, sys.stderr):
        # A reader that went away has nothing to be told; a closed stream is None.
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    leave(int(code))
    return int(code)
