"""``cache list``, ``cache prune`` and ``cache clear``: what is stored on the host, and removing it.

They need to know the folder only: it is named, or the config's ``cache:`` says it. The list as
JSON: ``folder``, and ``grants`` with ``name``, ``provider``, ``server_addresses``, ``state``,
``requested_at``, ``expires_at``, ``fresh_until``, ``size`` (bytes), ``reason``; what is not known
of a grant that can not be read is null.
"""

import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from generator.cache.prune import BOUNDS, ENCRYPTED, prune_volume
from generator.cache.sealing import CacheKeys
from generator.cache.store import read_grant
from generator.cache.volume import CacheVolume
from generator.call import Call, freshness_rule
from generator.config.load import load_cache_settings
from generator.config.model import CacheSettings
from generator.errors import ConfigError, ExitCode
from generator.fast.document import duration
from generator.model import Problem
from generator.output.addresses import AddressProblem, canonical_address
from generator.printing import print_json, print_lines, table
from generator.stock import (
    Stocked,
    opened_to_look,
    opened_to_remove,
    remove,
    remove_documents,
    stocked,
)
from generator.times import iso


def list_grants(call: Call) -> int:
    """List what is stored; nothing is locked or written."""
    folder, settings = _named(call)
    rule = freshness_rule(call.settings, settings)
    now = time.time()
    with opened_to_look(folder) as volume:
        grants = stocked(volume, now, rule, settings.keys) if volume else []
    if call.settings.json:
        print_json({"folder": str(folder), "grants": [_row(grant) for grant in grants]})
    elif grants:
        head = ("server addresses", "provider", "state", "expires", "size")
        print_lines(table(head, [_cells(grant, now) for grant in grants]))
    else:
        print_lines([f"no token is stored in {folder}"])
    return ExitCode.OK


def prune(call: Call) -> int:
    """Remove what has expired, and what killed processes left behind."""
    folder, settings = _named(call)
    with opened_to_remove(folder) as volume:
        removed = _pruned(volume, settings.keys) if volume else 0
    print_lines([f"removed {_tokens(removed)} from {folder}"])
    return ExitCode.OK


def clear(call: Call) -> int:
    """Remove all grants, or those of the server addresses that are named."""
    folder, settings = _named(call)
    hosts = _addresses(call)
    with opened_to_remove(folder) as volume:
        if volume is None:
            print_lines([f"no token is stored in {folder}"])
            return ExitCode.OK
        rule = freshness_rule(call.settings, settings)
        grants = stocked(volume, time.time(), rule, settings.keys)
        chosen = [g for g in grants if not hosts or hosts & set(g.server_addresses)]
        kept = anyio.run(partial(_remove_all, volume, chosen))
    for grant in kept:
        call.log.error(
            "grant.kept",
            message=f"{_shown(grant)} was not removed: a run is about to renew it",
            hint="try again once it is done",
            reference="cache-locked",
        )
    hidden = [g for g in grants if g.reason] if hosts else []
    if hidden:
        call.log.warning(
            "grants.hidden",
            message=f"{_tokens(len(hidden))} can not be read, so nobody knows for which server",
            hint="cache clear without --registry removes them as well",
            reference="cache-grants-hidden",
        )
    lines = [f"removed {_shown(grant)}" for grant in chosen if grant not in kept]
    print_lines([*lines, f"removed {_tokens(len(lines))} from {folder}"])
    return ExitCode.UNAVAILABLE if kept else ExitCode.OK


def _pruned(volume: CacheVolume, keys: CacheKeys | None) -> int:
    """Remove all that there is to remove: a run does so bit by bit, in passing."""
    read = partial(read_grant, volume, keys=keys)
    bounds = replace(ENCRYPTED if keys else BOUNDS, removals=sys.maxsize)
    return prune_volume(volume, time.time(), read, bounds)


async def _remove_all(volume: CacheVolume, grants: list[Stocked]) -> list[Stocked]:
    """Remove grants, then the documents that hold them; return those that could not be."""
    kept = [grant for grant in grants if not await remove(volume, grant.name)]
    remove_documents(volume)
    return kept


def _named(call: Call) -> tuple[Path, CacheSettings]:
    settings = load_cache_settings(call.settings, call.next_run.inputs, call.problems)
    folder = Path(call.settings.cache_dir) if call.settings.cache_dir else settings.dir
    if folder is None:
        hint = "write --cache-dir DIR, or name a config whose cache: has a dir"
        raise ConfigError([("cache", Problem((), "no cache folder is named", hint))])
    return folder, settings


def _addresses(call: Call) -> set[str]:
    # the variable names entries of a config, and is there for the runs beside this
    named = call.settings.origins.get("registries") == "--registry"
    addresses, problems = set(), []
    for name in call.settings.registries if named else ():
        try:
            addresses.add(canonical_address(name))
        except AddressProblem as problem:
            message, _, hint = str(problem).partition("; ")
            problems.append(("--registry", Problem((), message, hint)))
    if problems:
        raise ConfigError(problems)
    return addresses


def _row(stored: Stocked) -> dict[str, object]:
    return {
        "name": stored.name,
        "provider": stored.use.provider or None,
        "server_addresses": list(stored.server_addresses),
        "state": stored.state,
        "requested_at": iso(stored.requested_at),
        "expires_at": iso(stored.expires_at),
        "fresh_until": iso(stored.fresh_until),
        "size": stored.size,
        "reason": stored.reason or None,
    }


def _cells(stored: Stocked, now: float) -> tuple[str, ...]:
    if stored.expires_at is None:
        return (stored.name, "", stored.state, stored.reason, str(stored.size))
    left = duration(stored.expires_at.timestamp() - now)
    addresses, expires = ", ".join(stored.server_addresses), f"{iso(stored.expires_at)} ({left})"
    return (addresses, stored.use.provider, stored.state, expires, str(stored.size))


def _shown(stored: Stocked) -> str:
    provider = f" ({stored.use.provider})" if stored.use.provider else ""
    return f"{', '.join(stored.server_addresses) or stored.name}{provider}"


def _tokens(count: int) -> str:
    return f"{count} token{'' if count == 1 else 's'}"
