"""From plain mappings to a `Config`; every problem is noted, with its path."""

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from backends.options import Duration
from generator.config.allow import check_allowed
from generator.config.backends import read_backends
from generator.config.model import BackendSetup, CacheSettings, Config
from generator.config.problems import Problems
from generator.config.references import References
from generator.config.registries import read_entries
from generator.model import RegistryEntry
from generator.options import parse_mode
from generator.output.addresses import remark
from generator.output.document import OutputFormat
from generator.settings import Settings

_KEYS = ("cache", "backends", "registries", "output", "timeout")
Mode = Annotated[int, BeforeValidator(parse_mode)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Cache(_Block):
    dir: str | None = None
    min_validity: Duration | None = None
    max_age: Duration | None = None


class _Output(_Block):
    format: OutputFormat | None = None
    mode: Mode | None = None
    merge: bool = False


class _Run(_Block):
    timeout: Duration | None = None


def read_config(
    content: Mapping[str, Any],
    problems: Problems,
    *,
    source: str,
    base_folder: FilePath,
    settings: Settings,
) -> Config:
    """Return the config that ``content`` holds; only of use if no problem was noted.

    Args:
        content: mappings, lists and text.
        problems: where problems go.
        source: what the content came from, for messages.
        base_folder: where relative paths are meant from.
        settings: which entries to keep, and what the config may name.
    """
    for key in content:
        if key not in _KEYS:
            problems.unknown_key((key,), _KEYS)
    cache = problems.validated(
        _Cache, problems.mapping(content.get("cache"), ("cache",)), ("cache",)
    )
    output_block = problems.mapping(content.get("output"), ("output",))
    output = problems.validated(_Output, output_block, ("output",))
    run = problems.validated(_Run, {"timeout": content.get("timeout")}, ())
    backends = read_backends(content.get("backends"), problems)
    references = References(list(backends), backends.factory_of, problems)
    entries = read_entries(content.get("registries"), references, problems)
    setups = backends.usable
    entries = _selected(entries, settings.registries, problems)
    check_allowed(entries, setups, settings, problems)
    cache, output, run = cache or _Cache(), output or _Output(), run or _Run()
    return Config(
        entries=tuple(entries),
        backends=_referenced(entries, setups),
        source=source,
        cache=CacheSettings(
            base_folder / cache.dir if cache.dir else None, cache.min_validity, cache.max_age
        ),
        output_format=output.format,
        mode=output.mode,
        merge=output.merge,
        timeout_s=run.timeout,
        base_folder=base_folder,
        remarks=_remarks(entries),
    )


def _selected(
    entries: Sequence[RegistryEntry], selection: Sequence[str], problems: Problems
) -> list[RegistryEntry]:
    names = [entry.name for entry in entries]
    for name in selection:
        if name not in names and not problems.found:
            problems.add(
                (), f"--registry: there is no entry {name}", f"there are {', '.join(names)}"
            )
    return [entry for entry in entries if not selection or entry.name in selection]


def _referenced(
    entries: Sequence[RegistryEntry], setups: Mapping[str, BackendSetup]
) -> dict[str, BackendSetup]:
    named = {ref.backend for entry in entries for ref in entry.credentials.references}
    return {name: setup for name, setup in setups.items() if name in named}


def _remarks(entries: Sequence[RegistryEntry]) -> tuple[str, ...]:
    addresses = [(e.name, address) for e in entries for address in (e.server, *e.aliases)]
    return tuple(f"{n}: {text}" for n, a in addresses if a and (text := remark(a)))
