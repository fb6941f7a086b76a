"""From what a run wrote to a document, or to why there is none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backends.base import RunContext
from backends.loader import BUILT_IN as BUILT_IN_BACKENDS
from generator.cache.freshness import FreshnessRule, fresh_until
from generator.cache.store import GrantCache
from generator.config.model import BackendSetup, Config
from generator.fast.document import Document
from generator.finished.holes import NoHole, put_holes
from generator.generate import EntryResult, Outcome
from generator.grants import Granted
from generator.output.replace import DEFAULT_MODE
from generator.registries.loader import BUILT_IN as BUILT_IN_REGISTRIES
from generator.summary import NAMED_SKEW_S, granted_words

LONGEST_USE_S = 86400.0
"""How long a document is used that holds nothing which expires."""


class NoDocument(Exception):
    """This run leaves no document; ``reason`` says why, without any value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Written:
    """What a run wrote, and what decided over it.

    ``mode`` is that of a new file, ``None`` where nobody said; ``told`` is whether the summary was
    shown.
    """

    outcome: Outcome
    content: bytes
    mode: int | None
    rule: FreshnessRule
    backends: Mapping[str, BackendSetup]
    cache: GrantCache
    told: bool


def reasons_of_config(config: Config) -> Iterator[str]:
    """Tell what in a config already rules a document out."""
    if config.merge:
        yield "what is written depends on what is there already (merge)"
    if config.remarks:
        yield "there is something to remark about an address"
    for entry in config.entries:
        if entry.provider not in BUILT_IN_REGISTRIES:
            yield f"{entry.name} is of a kind that another package brings"
    for name, setup in config.backends.items():
        if setup.type_name not in BUILT_IN_BACKENDS:
            yield f"the backend {name} is of a type that another package brings"


def make_document(written: Written, context: RunContext) -> Document:
    """Return the document of what a run wrote: what a warm run would write and say from now on.

    Raises:
        NoDocument: if a warm run could write or say something else.
    """
    results = written.outcome.results
    now = context.clock().timestamp()
    granted = [(result, _granted(result)) for result in results]
    addresses = sum(len(result.server_addresses) for result in results)
    document = Document(
        now,
        _until(granted, written.rule, now),
        DEFAULT_MODE if written.mode is None else written.mode,
        addresses if written.told else 0,
    )
    document.lines = [_line(result, one) for result, one in granted] if written.told else []
    try:
        put_holes(document, written.content, results, written.backends, context)
    except NoHole as error:
        raise NoDocument(error.reason) from None
    return document


def _granted(result: EntryResult) -> Granted:
    name, granted = result.entry.name, result.outcome
    if not isinstance(granted, Granted):
        raise NoDocument(f"{name} failed")
    if granted.state == "kept":
        raise NoDocument(f"{name} could not be renewed")
    if not granted.is_static and granted.stored_as is None:
        raise NoDocument(f"the token of {name} is not one that is stored")
    if abs(granted.grant.clock_skew_s) > NAMED_SKEW_S:
        raise NoDocument("the clock is off, which is worth a warning each time")
    return granted


def _until(
    granted: Sequence[tuple[EntryResult, Granted]], rule: FreshnessRule, now: float
) -> float:
    """Return the first moment at which any grant is no longer fresh."""
    until = now + LONGEST_USE_S
    for result, one in granted:
        grant = one.grant
        if grant.expires_at is None:
            continue
        moment = fresh_until(grant.requested_at.timestamp(), grant.expires_at.timestamp(), rule)
        if moment <= now:
            raise NoDocument(f"the token of {result.entry.name} is due to be renewed already")
        until = min(until, moment)
    return until


def _line(result: EntryResult, granted: Granted) -> tuple[float | None, str, str]:
    grant = granted.grant
    before, after = granted_words(result, grant, "static" if granted.is_static else "cached")
    if not (before + after).isprintable():
        raise NoDocument(f"the line of {result.entry.name} holds a character that is not printed")
    if grant.expires_at is None:
        return None, before + after, ""
    return grant.expires_at.timestamp(), before, after
