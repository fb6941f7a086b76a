"""What a person reads in the build log: a line for each entry, a line for the file."""

from collections.abc import Callable
from datetime import datetime

from generator.errors import ConfigError, EntryError, GeneratorError
from generator.fast.document import duration, written_words
from generator.generate import EntryResult, Outcome
from generator.grants import Granted, ToldState
from generator.log import Logger
from generator.model import Grant
from generator.times import iso

Origin = Callable[[tuple[str, ...]], str | None]
# Beyond this a machine's clock is worth a word.
NAMED_SKEW_S = 60


def report(outcome: Outcome, log: Logger, now: datetime, origin: Origin) -> None:
    """Log what became of each entry; ``origin`` tells where a setting stands (`Config.origin`)."""
    for result in outcome.results:
        if isinstance(result.outcome, Granted):
            _report_granted(result, result.outcome, log, now)
        else:
            _report_failed(result, result.outcome, log, origin)
    skews = [
        r.outcome.grant.clock_skew_s for r in outcome.results if isinstance(r.outcome, Granted)
    ]
    skew = max(skews, key=abs, default=0.0)
    if abs(skew) > NAMED_SKEW_S:
        direction = "behind" if skew > 0 else "ahead of"
        log.warning(
            "clock.skewed",
            message=f"this machine's clock is {abs(skew):.0f} s {direction} the registries'",
            hint="times above are corrected for it; set the clock",
            skew_s=skew,
        )


def report_error(error: GeneratorError, log: Logger, event: str) -> None:
    """Log an error that ends the run."""
    log.error(event, message=error.message, hint=error.hint, reference=error.reference)


def report_config_error(error: ConfigError, log: Logger) -> None:
    """Log every problem of the configuration, each with its place."""
    for place, problem in error.problems:
        log.error(
            "config.refused",
            message=f"{place}: {problem.message}",
            hint=problem.hint,
            reference=error.reference,
            place=place,
        )


def report_written(path: str, servers: int, log: Logger) -> None:
    """Log what became of the file."""
    if servers:
        log.info(
            "file.written",
            message=written_words(path, servers),
            path=path,
            server_addresses=servers,
        )
    else:
        log.error(
            "file.kept",
            message="nothing was written" + ("" if path == "-" else f"; {path} is as it was"),
            path=path,
        )


def granted_words(result: EntryResult, grant: Grant, state: ToldState) -> tuple[str, str]:
    """Return an entry's line without how long its token still lives: what stands around that."""
    start = f"{result.entry.name}: {', '.join(result.server_addresses)}: "
    end = f", from {grant.endpoint}" if grant.endpoint else ""
    if grant.expires_at is None:
        return f"{start}static, no expiry known", end
    return f"{start}{state}, valid until {iso(grant.expires_at)} (", f"){end}"


def _report_granted(result: EntryResult, granted: Granted, log: Logger, now: datetime) -> None:
    grant = granted.grant
    before, after = granted_words(result, grant, granted.told_state)
    ends_at = grant.expires_at
    remaining_s = None if ends_at is None else (ends_at - now).total_seconds()
    log.info(
        "entry.ready",
        message=before + ("" if remaining_s is None else duration(remaining_s)) + after,
        registry=result.entry.name,
        server_addresses=list(result.server_addresses),
        state=granted.told_state,
        expires_at=grant.expires_at and grant.expires_at.isoformat(timespec="seconds"),
        valid_for_s=remaining_s and round(remaining_s),
        endpoint=grant.endpoint,
    )
    if granted.kept_because is not None:
        error = granted.kept_because
        log.warning(
            "refresh.failed",
            message=f"{result.entry.name}: kept the stored token, for its refresh failed: "
            f"{error.message}",
            hint=error.hint,
            reference=error.reference,
            registry=result.entry.name,
        )


def _report_failed(result: EntryResult, error: EntryError, log: Logger, origin: Origin) -> None:
    place = origin(("registries", result.entry.name))
    hints = [error.hint, f"the entry is from {place}" if place else ""]
    write = log.warning if result.entry.optional else log.error
    write(
        "entry.failed",
        message=f"{result.entry.name}: {error.message}",
        hint="; ".join(filter(None, hints)),
        reference=error.reference,
        registry=result.entry.name,
        server_addresses=list(result.server_addresses),
        optional=result.entry.optional,
    )
