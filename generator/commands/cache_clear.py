"""``cache clear``: remove all tokens, or those of the registries that are named.

It is for a credential that leaked: that there was nothing to remove must not look like a success.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio

from generator.addresses import AddressProblem, canonical_address
from generator.cache.volume import CacheVolume
from generator.call import Call, freshness_rule
from generator.commands.cache import count_of_tokens, named_folder
from generator.config.load import load_addresses
from generator.errors import CacheMissing, ConfigError, ExitCode, worst
from generator.model import Problem
from generator.printing import print_lines
from generator.stock import Stocked, opened_to_remove, remove, remove_documents, stocked
from generator.summary import report_error

_MOST_NAMED = 10


def clear(call: Call) -> int:
    """Remove all grants, or those of the server addresses and entries that are named.

    Raises:
        CacheMissing: if the folder does not exist.
    """
    folder, settings = named_folder(call)
    asked = _asked(call)
    if not folder.exists():
        raise CacheMissing(
            "cache-folder-missing", f"cache folder {folder} does not exist", "mend the path"
        )
    grants: Sequence[Stocked] = []
    kept: Collection[Stocked] = ()
    with opened_to_remove(folder) as volume:
        if volume is not None:
            rule = freshness_rule(call.settings, settings)
            grants = stocked(volume, time.time(), rule, settings.keys)
        hosts = {address for addresses in asked.values() for address in addresses}
        chosen = [g for g in grants if not asked or hosts & set(g.server_addresses)]
        if volume is not None:
            kept = anyio.run(partial(_remove_all, volume, chosen))
    removed = [grant for grant in chosen if grant not in kept]
    lines = [f"removed {_shown(grant)}" for grant in removed]
    print_lines([*lines, f"removed {count_of_tokens(len(removed))} from {folder}"])
    code = ExitCode.UNAVAILABLE if kept else ExitCode.OK
    return worst([code, _tell(call, folder, grants, kept, asked)])


def _tell(
    call: Call,
    folder: Path,
    grants: Sequence[Stocked],
    kept: Collection[Stocked],
    asked: Mapping[str, Sequence[str]],
) -> ExitCode:
    """Say what was not removed although it was, or may have been, meant."""
    for grant in kept:
        call.log.error(
            "grant.kept",
            message=f"{_shown(grant)} was not removed: a run is about to renew it",
            hint="try again once it is done",
            reference="cache-locked",
        )
    hidden = [grant for grant in grants if grant.reason] if asked else []
    if hidden:
        call.log.warning(
            "grants.hidden",
            message=f"{count_of_tokens(len(hidden))} can not be read, so nobody knows for which"
            " server",
            hint="cache clear without --registry removes them as well",
            reference="cache-grants-hidden",
        )
    stored = sorted({address for grant in grants for address in grant.server_addresses})
    absent = [name for name, addresses in asked.items() if not set(addresses) & set(stored)]
    for name in absent:
        report_error(_missing(name, asked[name], stored, folder), call.log, "grant.missing")
    return ExitCode.NOT_FOUND if absent else ExitCode.OK


def _missing(
    name: str, addresses: Sequence[str], stored: Sequence[str], folder: Path
) -> CacheMissing:
    of = name if name in addresses else f"{name} ({', '.join(addresses)})"
    others = ", ".join(stored[:_MOST_NAMED])
    if len(stored) > _MOST_NAMED:
        others += f" and {len(stored) - _MOST_NAMED} more (cache list)"
    there_are = f"there are tokens of {others}" if stored else f"there are none in {folder}"
    message = f"no token of {of} is stored; {there_are}"
    return CacheMissing("token-not-stored", message, "mend the name, or name another cache folder")


async def _remove_all(volume: CacheVolume, grants: Sequence[Stocked]) -> list[Stocked]:
    """Remove grants, then the documents that hold them; return those that could not be."""
    kept = [grant for grant in grants if not await remove(volume, grant.name)]
    remove_documents(volume)
    return kept


def _asked(call: Call) -> Mapping[str, Sequence[str]]:
    """Return what was named, and the server addresses that are meant by it."""
    # the variable names entries of a config, and is there for the runs beside this
    if call.settings.origins.get("registries") != "--registry":
        return {}
    entries = load_addresses(call.settings, call.environment, call.next_run.inputs)
    asked: dict[str, Sequence[str]] = {}
    problems = []
    for name in call.settings.registries:
        if name in entries and not entries[name]:
            words = f"entry {name} names no server: its address is learnt from the answer"
            problems.append(Problem((), words, "write the server address, as cache list shows it"))
            continue
        try:
            addresses = entries.get(name) or [canonical_address(name)]
        except AddressProblem as problem:
            message, _, hint = str(problem).partition("; ")
            problems.append(Problem((), message, hint))
        else:
            asked[name if name in entries else addresses[0]] = addresses
    if problems:
        raise ConfigError([("--registry", problem) for problem in problems])
    return asked


def _shown(stored: Stocked) -> str:
    provider = f" ({stored.use.provider})" if stored.use.provider else ""
    return f"{', '.join(stored.server_addresses) or stored.name}{provider}"
