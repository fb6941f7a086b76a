"""``cache list`` and ``cache prune``: what is stored on the host, and removing what has expired.

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
from generator.printing import print_json, print_lines, table
from generator.stock import Stocked, opened_to_look, opened_to_remove, stocked
from generator.times import iso


def list_grants(call: Call) -> int:
    """List what is stored; nothing is locked or written."""
    folder, settings = named_folder(call)
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
    folder, settings = named_folder(call)
    with opened_to_remove(folder) as volume:
        removed = _pruned(volume, settings.keys) if volume else 0
    print_lines([f"removed {count_of_tokens(removed)} from {folder}"])
    return ExitCode.OK


def _pruned(volume: CacheVolume, keys: CacheKeys | None) -> int:
    """Remove all that there is to remove: a run does so bit by bit, in passing."""
    read = partial(read_grant, volume, keys=keys)
    bounds = replace(ENCRYPTED if keys else BOUNDS, removals=sys.maxsize)
    return prune_volume(volume, time.time(), read, bounds)


def named_folder(call: Call) -> tuple[Path, CacheSettings]:
    """Return the cache folder that is meant, and what the config says of it.

    Raises:
        ConfigError: if none is named, or the config can not be read.
    """
    settings = load_cache_settings(call.settings, call.next_run.inputs, call.problems)
    folder = Path(call.settings.cache_dir) if call.settings.cache_dir else settings.dir
    if folder is None:
        hint = "write --cache-dir DIR, or name a config whose cache: has a dir"
        raise ConfigError([("cache", Problem((), "no cache folder is named", hint))])
    return folder, settings


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


def count_of_tokens(count: int) -> str:
    """Return a number of tokens in words."""
    return f"{count} token{'' if count == 1 else 's'}"
