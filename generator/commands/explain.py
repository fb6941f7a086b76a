"""``explain``: what a run would do, and why; asks nobody, locks nothing, writes nothing.

As JSON: ``config``, ``path`` (``path``, ``problem``), ``settings`` (``name``, ``value``,
``origin``), ``cache`` (``folder``, ``problem``), ``way``, ``because`` and ``entries``, whose fields
are those of `generator.explain.entries.EntryTold`.
"""

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial

import anyio

from generator.call import Call, Setup
from generator.errors import CacheError, ExitCode, OutputError
from generator.explain.entries import EntryTold, tell_entries
from generator.explain.grant import Shelf
from generator.explain.settings import run_settings
from generator.explain.text import entry_lines, setting_words
from generator.finished.why import outlook
from generator.output.targets import check_target
from generator.printing import print_json, print_lines
from generator.stock import opened_to_look, stocked


def run(call: Call) -> int:
    """Explain the run that these settings would make."""
    setup, now = call.configured(), time.time()
    shelf = _shelf(setup, now)
    entries = anyio.run(partial(tell_entries, setup, shelf, now))
    way, because = way_of_run(entries)
    if way == "warm":
        way, because = _fast_or_warm(setup, now)
    if call.settings.json:
        print_json(_json(setup, shelf, entries, way, because))
    else:
        print_lines(_lines(setup, shelf, entries, way, because))
    return ExitCode.OK


def way_of_run(entries: Sequence[EntryTold]) -> tuple[str, str]:
    """Return how the run as a whole goes, and whose doing that is.

    An optional entry whose input is missing does not fail the run.
    """
    required = [told for told in entries if not told.entry.optional] or entries
    for way, words, counted in (
        ("failing", "an input is missing", required),
        ("cold", "a token has to be fetched", entries),
    ):
        names = [told.entry.name for told in counted if told.grant.way == way]
        if names:
            return way, f"{words} for {', '.join(names)}"
    return "warm", "no registry has to be asked for a token"


def _fast_or_warm(setup: Setup, now: float) -> tuple[str, str]:
    """Return whether a run that has to ask nobody finds its finished document, and if not, why."""
    settings, warm = setup.call.settings, "no registry has to be asked for a token"
    # what stands on the command line of explain would stand on that of the run
    options = [name for name in settings.origins.values() if name.startswith("--")]
    if not settings.path:
        return "warm", f"{warm}; whether it is fast, a PATH tells"
    if setup.cache_folder is None:
        return "warm", f"{warm}; not fast: no cache folder is named (DOCKERCFG_CACHE_DIR)"
    arguments = [settings.path, *(o for o in options if o != "--json")]
    seen = outlook(arguments, setup.call.environment, now)
    if seen.is_fast:
        return "fast", "the finished document of the last run is still good"
    changed = f" (changed: {', '.join(seen.changed)})" if seen.changed else ""
    return "warm", f"{warm}; not fast: {seen.reason}{changed}"


def _shelf(setup: Setup, now: float) -> Shelf:
    """Return what is stored; without a cache names are as good as any, for this run alone."""
    folder, nothing = setup.cache_folder, os.urandom(32)
    if folder is None:
        return Shelf(nothing, {}, "no cache folder is named, so nothing is stored (--cache-dir)")
    try:
        with opened_to_look(folder) as volume:
            if volume is None:
                return Shelf(nothing, {}, f"there is no cache in {folder} yet")
            grants = stocked(volume, now, setup.rule, setup.config.cache.keys)
            return Shelf(volume.key, {grant.name: grant for grant in grants})
    except CacheError as error:
        return Shelf(nothing, {}, error.message)


def _json(
    setup: Setup, shelf: Shelf, entries: Sequence[EntryTold], way: str, because: str
) -> dict[str, object]:
    folder = setup.cache_folder
    path = setup.call.settings.path
    return {
        "config": setup.config.source,
        "path": {"path": path, "problem": _path_problem(setup)} if path else None,
        "settings": [
            {"name": s.name, "value": s.value, "origin": s.origin} for s in run_settings(setup)
        ],
        "cache": {"folder": str(folder) if folder else None, "problem": shelf.problem},
        "way": way,
        "because": because,
        "entries": [told.as_json() for told in entries],
    }


def _lines(
    setup: Setup, shelf: Shelf, entries: Sequence[EntryTold], way: str, because: str
) -> Iterator[str]:
    yield f"config: {setup.config.source}"
    for setting in run_settings(setup):
        if setting.value is not None:
            yield f"  {setting_words(setting)}"
    if shelf.problem is not None:
        yield f"  cache: {shelf.problem}"
    if path := setup.call.settings.path:
        yield f"  {path}: {_path_problem(setup) or 'can be written'}"
    for told in entries:
        yield ""
        yield from entry_lines(told)
    yield ""
    yield f"next run: {way}: {because}"


def _path_problem(setup: Setup) -> str | None:
    try:
        check_target(setup.call.settings.path, merge=setup.merge)
    except OutputError as error:
        return f"{error.message}; {error.hint}"
    return None
