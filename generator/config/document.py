"""From plain mappings to a `Config`; every problem is noted, with its path."""

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from backends.options import Duration
from generator.addresses import remark
from generator.config.allow import check_allowed
from generator.config.backends import read_backends
from generator.config.model import BackendSetup, CacheSettings, Config
from generator.config.presets import Presets
from generator.config.problems import Problems
from generator.config.references import References
from generator.config.registries import read_entries
from generator.model import Problem, RegistryEntry
from generator.options import parse_mode
from generator.output.document import OutputFormat
from generator.settings import Settings
from generator.shown import shown_word

_KEYS = ("cache", "backends", "registries", "output", "timeout")
# An editor sees 0600 as the number 600, or (YAML 1.1) as 384.
_MODE_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 0o600, "maximum": 777},
        {"type": "string", "pattern": "^(0o|0*)[67][0-7][0-7]$"},
    ]
}
Mode = Annotated[int, BeforeValidator(parse_mode), WithJsonSchema(_MODE_SCHEMA)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CacheBlock(_Block):
    """What stands below ``cache:``."""

    dir: str | None = None
    """The folder that tokens are kept in between runs; without it there is no cache."""
    min_validity: Duration | None = None
    """A promise: every token lives that much longer. Unset, 10m and at most half a life."""
    max_age: Duration | None = None
    """Fetch again what is older, however long it lives."""
    static: Duration | None = None
    """Keep secrets without an expiry that long, if the cache is encrypted; unset, not at all."""


class OutputBlock(_Block):
    """What stands below ``output:``."""

    format: OutputFormat | None = None
    """docker is {"auths": …}, legacy the flat map of .dockercfg."""
    mode: Mode | None = None
    """Of a new file, 0600 unless set; an existing one keeps its own."""
    merge: bool = False
    """Keep what an existing file holds for other registries."""


class RunBlock(_Block):
    """What stands beside the blocks."""

    timeout: Duration | None = None
    """For the run as a whole, 60s unless set."""


def read_config(
    content: Mapping[str, Any],
    problems: Problems,
    *,
    source: str,
    base_folder: FilePath,
    settings: Settings,
    presets: Presets,
) -> Config:
    """Return the config that ``content`` holds; only of use if no problem was noted.

    Args:
        content: mappings, lists and text.
        problems: where problems go.
        source: what the content came from, for messages.
        base_folder: where relative paths are meant from.
        settings: which entries to keep, and what the config may name.
        presets: expands those of the entries.
    """
    for key in content:
        if key not in _KEYS:
            problems.unknown_key((key,), _KEYS)
    cache = read_cache(content, problems, base_folder)
    if cache.static_s and not (settings.cache_key or settings.cache_key_file):
        problems.add(
            ("cache", "static"),
            "a secret without expiry is kept encrypted only, and no key is set",
            "set DOCKERCFG_CACHE_KEY or DOCKERCFG_CACHE_KEY_FILE, or remove the line",
        )
    output_block = problems.mapping(content.get("output"), ("output",))
    output = problems.validated(OutputBlock, output_block, ("output",))
    run = problems.validated(RunBlock, {"timeout": content.get("timeout")}, ())
    backends = read_backends(content.get("backends"), problems)
    references = References(list(backends), backends.factory_of, problems)
    entries = read_entries(content.get("registries"), references, presets, problems)
    setups = backends.usable
    entries = _selected(entries, settings, problems)
    check_allowed(entries, setups, settings, problems)
    output, run = output or OutputBlock(), run or RunBlock()
    return Config(
        entries=tuple(entries),
        backends=_referenced(entries, setups),
        source=source,
        cache=cache,
        output_format=output.format,
        mode=output.mode,
        merge=output.merge,
        timeout_s=run.timeout,
        base_folder=base_folder,
        remarks=_remarks(entries),
    )


def read_cache(
    content: Mapping[str, Any], problems: Problems, base_folder: FilePath
) -> CacheSettings:
    """Return what ``cache:`` says; a relative folder is meant from ``base_folder``."""
    block = problems.mapping(content.get("cache"), ("cache",))
    cache = problems.validated(CacheBlock, block, ("cache",)) or CacheBlock()
    folder = base_folder / cache.dir if cache.dir else None
    return CacheSettings(folder, cache.min_validity, cache.max_age, cache.static)


def _selected(
    entries: Sequence[RegistryEntry], settings: Settings, problems: Problems
) -> list[RegistryEntry]:
    names, selection = [entry.name for entry in entries], settings.registries
    for name in selection:
        if name not in names and not problems.count:
            place = settings.origins.get("registries", "--registry")
            hint = f"there are {', '.join(names)}"
            message = f"there is no entry {shown_word(name, 'of that name')}"
            problems.outside.append((place, Problem((), message, hint)))
    return [entry for entry in entries if not selection or entry.name in selection]


def _referenced(
    entries: Sequence[RegistryEntry], setups: Mapping[str, BackendSetup]
) -> dict[str, BackendSetup]:
    named = {ref.backend for entry in entries for ref in entry.credentials.references}
    return {name: setup for name, setup in setups.items() if name in named}


def _remarks(entries: Sequence[RegistryEntry]) -> tuple[str, ...]:
    addresses = [(e.name, address) for e in entries for address in (e.server, *e.aliases)]
    return tuple(f"{n}: {text}" for n, a in addresses if a and (text := remark(a)))
