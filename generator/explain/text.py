"""What `explain` says to people."""

from collections.abc import Iterator

from generator.explain.entries import EntryTold
from generator.explain.settings import DEFAULT, Setting
from generator.explain.sources import Inputs, Reference
from generator.times import iso


def entry_lines(told: EntryTold) -> Iterator[str]:
    """Yield the lines on one entry, a heading first."""
    entry = told.entry
    addresses = ", ".join(a for a in (entry.server, *entry.aliases) if a is not None)
    yield f"{entry.name}: {addresses or 'the server address is learnt from the answer'}"
    yield _row("provider", f"{entry.provider}, {told.provider_because}")
    for setting in told.settings:
        if setting.origin != DEFAULT:
            yield _row("setting", setting_words(setting))
    for reference in told.references:
        yield from _reference_lines(reference)
    yield from _input_lines(told.inputs)
    yield _row("grant", _grant_words(told))
    yield _row("next run", f"{told.grant.way}: {told.grant.because}")


def setting_words(setting: Setting) -> str:
    """Return a setting and where it comes from."""
    value = "" if setting.value is None else f" = {setting.value}"
    return f"{setting.name}{value} ({setting.origin})"


def _reference_lines(reference: Reference) -> Iterator[str]:
    field = reference.field or "whole document"
    origin = f" ({reference.origin})" if reference.origin else ""
    state = {
        "present": "is there",
        "absent": reference.problem or "is not there",
        "remote": "is read when it is needed",
    }[reference.presence]
    yield _row("secret", f"{field}: {reference.reference}{origin}: {state}")
    if reference.identity:
        parts = ", ".join(f"{name} {value}" for name, value in reference.identity.items())
        yield _row("", f"from {reference.backend_type}: {parts}")


def _input_lines(inputs: Inputs) -> Iterator[str]:
    """Yield what is there; what was looked for in vain is long, and in the JSON."""
    variables = [name for name, present in inputs.variables.items() if present]
    files = [path for path, present in inputs.files.items() if present]
    for label, names in (("variables", variables), ("files", files), ("asked", inputs.opaque)):
        if names:
            yield _row(label, ", ".join(names))


def _grant_words(told: EntryTold) -> str:
    grant, stored = told.grant, told.grant.stored
    words = {
        "absent": "not stored",
        "not-cached": "never stored",
        "unknown": "unknown",
        "sealed": "stored, sealed",
        "unreadable": "stored, unreadable",
    }.get(grant.state, f"stored, {grant.state}")
    if stored is None or stored.expires_at is None or grant.changed:
        return words
    return f"{words}; fetched {iso(stored.requested_at)}, valid until {iso(stored.expires_at)}"


def _row(label: str, words: str) -> str:
    return f"  {label:<10} {words}".rstrip()
