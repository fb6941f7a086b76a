"""``--report FILE``: what became of a run, in JSON, for the later steps of a pipeline.

It holds no secret, so a new file is for everybody whom the umask lets read it: the step that reads
it often runs as another user. Fields: ``tool``, ``version``, ``path``, ``written``, ``exit_code``,
``earliest_expiry``, ``entries`` (``name``, ``provider``, ``server_addresses``, ``optional``,
``state``, ``expires_at``, ``valid_for_s``, ``endpoint``, ``error``), ``error`` and ``problems``
(``place``, ``message``, ``hint``); an error has ``reference``, ``message``, ``hint``, an entry's
also ``exit_code``. ``state`` is fetched, cached, kept, static or failed; times are UTC.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from generator.errors import ConfigError, GeneratorError, OutputError
from generator.generate import EntryResult, Outcome
from generator.grants import Granted
from generator.help import DISTRIBUTION
from generator.output.files import write
from generator.output.targets import Target, check_target
from generator.times import iso

_READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: with an outcome, unless an error came before it; written or not."""

    exit_code: int
    outcome: Outcome | None = None
    error: GeneratorError | None = None
    written: bool = False


def check_report(path: str, dockercfg: Target | None) -> Target:
    """Return where the report goes, if it can be written there.

    Raises:
        OutputError: if it can not, or if the dockercfg goes there.
    """
    try:
        target = check_target(path, merge=False)
    except OutputError as error:
        message = f"the report can not be written: {error.message}"
        raise OutputError(error.reference, message, error.hint) from None
    if dockercfg is not None and _same_place(target, dockercfg):
        raise OutputError(
            "report-over-dockercfg",
            f"the report and the dockercfg are both to be written to {path}",
            "name another file",
        )
    return target


async def write_report(target: Target, path: str, ended: Ended, now: datetime) -> None:
    """Write the report on a run that was to write ``path``.

    Raises:
        OutputError: if it can not be written.
    """
    text = json.dumps(_report(path, ended, now), indent=2, ensure_ascii=False) + "\n"
    # a file name that is not UTF-8 is shown, not stumbled over
    content = text.encode("utf-8", "backslashreplace")
    await write(target, content, mode=_READABLE & ~_umask())


def _same_place(one: Target, other: Target) -> bool:
    if "descriptor" in (one.kind, other.kind):
        return one.descriptor == other.descriptor
    if one.path.exists() and other.path.exists():
        return one.path.samefile(other.path)
    return one.path.resolve() == other.path.resolve()


def _report(path: str, ended: Ended, now: datetime) -> dict[str, Any]:
    from importlib.metadata import version  # noqa: PLC0415 - 14 ms that few runs need

    results = ended.outcome.results if ended.outcome else ()
    problems = ended.error.problems if isinstance(ended.error, ConfigError) else ()
    return {
        "tool": DISTRIBUTION,
        "version": version(DISTRIBUTION),
        "path": path,
        "written": ended.written,
        "exit_code": int(ended.exit_code),
        "earliest_expiry": iso(min(_expiries(results), default=None)),
        "entries": [_entry(result, now) for result in results],
        "error": _words(ended.error) if ended.error else None,
        "problems": [
            {"place": place, "message": problem.message, "hint": problem.hint}
            for place, problem in problems
        ],
    }


def _entry(result: EntryResult, now: datetime) -> dict[str, Any]:
    entry, outcome = result.entry, result.outcome
    row: dict[str, Any] = {
        "name": entry.name,
        "provider": entry.provider,
        "server_addresses": list(result.server_addresses),
        "optional": entry.optional,
    }
    if not isinstance(outcome, Granted):
        nothing = {"expires_at": None, "valid_for_s": None, "endpoint": None}
        return {**row, "state": "failed", **nothing, "error": _error(outcome)}
    expires_at = outcome.grant.expires_at
    return {
        **row,
        "state": outcome.told_state,
        "expires_at": iso(expires_at),
        "valid_for_s": round((expires_at - now).total_seconds()) if expires_at else None,
        "endpoint": outcome.grant.endpoint,
        "error": _error(outcome.kept_because) if outcome.kept_because else None,
    }


def _error(error: GeneratorError) -> dict[str, Any]:
    return {**_words(error), "exit_code": int(error.exit_code)}


def _words(error: GeneratorError) -> dict[str, Any]:
    return {"reference": error.reference, "message": error.message, "hint": error.hint}


def _expiries(results: Sequence[EntryResult]) -> list[datetime]:
    grants = [r.outcome.grant for r in results if isinstance(r.outcome, Granted)]
    return [grant.expires_at for grant in grants if grant.expires_at is not None]


def _umask() -> int:
    # there is no other way to read it; nothing of ours makes files beside this
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
