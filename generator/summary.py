"""What a person reads in the build log: a line for each entry, a line for the file."""

from datetime import datetime

from generator.errors import ConfigError, EntryError, GeneratorError
from generator.generate import EntryResult, Outcome
from generator.grants import Granted
from generator.log import Logger

# Beyond this a machine's clock is worth a word.
NAMED_SKEW_S = 60


def report(outcome: Outcome, log: Logger, now: datetime) -> None:
    """Log what became of each entry."""
    for result in outcome.results:
        if isinstance(result.outcome, Granted):
            _report_granted(result, result.outcome, log, now)
        else:
            _report_failed(result, result.outcome, log)
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
            message=f"wrote {path}: {servers} server address{'es' if servers > 1 else ''}",
            path=path,
            server_addresses=servers,
        )
    else:
        log.error(
            "file.kept",
            message=f"nothing was written; {path} is as it was",
            path=path,
        )


def _report_granted(result: EntryResult, granted: Granted, log: Logger, now: datetime) -> None:
    grant = granted.grant
    addresses = result.server_addresses
    state, validity, remaining_s = "static", "no expiry known", None
    if grant.expires_at is not None:
        state = granted.state
        remaining_s = (grant.expires_at - now).total_seconds()
        validity = f"valid until {grant.expires_at:%Y-%m-%dT%H:%M:%SZ} ({duration(remaining_s)})"
    endpoint = f", from {grant.endpoint}" if grant.endpoint else ""
    log.info(
        "entry.ready",
        message=f"{result.entry.name}: {', '.join(addresses)}: {state}, {validity}{endpoint}",
        registry=result.entry.name,
        server_addresses=list(addresses),
        state=state,
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


def _report_failed(result: EntryResult, error: EntryError, log: Logger) -> None:
    write = log.warning if result.entry.optional else log.error
    write(
        "entry.failed",
        message=f"{result.entry.name}: {error.message}",
        hint=error.hint,
        reference=error.reference,
        registry=result.entry.name,
        server_addresses=list(result.server_addresses),
        optional=result.entry.optional,
    )


def duration(seconds: float) -> str:
    """Return a duration as people say it: "11 h 59 min", "4 min 10 s"."""
    total = max(0, round(seconds))
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
