"""Would the next run be fast, and if not, why: told by looking, without asking or writing anything.

It goes the way that the fast run itself goes; what that stumbles over is the reason.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.cache.errors import UnusableFile
from generator.cache.private import read_private
from generator.fast.index import LARGEST_INDEX, decode_hints, decode_index
from generator.fast.inputs import FILE, Listed, UnclearInput
from generator.fast.lookup import find, index_name, open_cache_folder, read_key
from generator.fast.request import NotFast, Request, read_request
from generator.finished.inputs import as_bytes
from generator.finished.leaving import hints_of


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the next run would go.

    ``reason`` says why it would not be fast. ``changed`` names the variables and files that held
    something else when a document was last left; a name that is as it was is never among them, one
    that has changed is missing with a chance of 1 in 256. Neither holds a value.
    """

    is_fast: bool
    reason: str | None = None
    changed: tuple[str, ...] = ()


def outlook(arguments: Sequence[str], environment: Mapping[str, str], now: float) -> Outlook:
    """Return how a run with these arguments would go at ``now`` (seconds since the epoch).

    Nothing is written, locked or asked over a network; the cache folder and the files that the
    index lists are read.
    """
    held = as_bytes(environment)
    try:
        request = read_request(list(arguments), held)
        folder = open_cache_folder(request.cache_dir)
    except NotFast as error:
        return Outlook(is_fast=False, reason=error.reason)
    except UnclearInput as error:
        return Outlook(is_fast=False, reason=f"{os.fsdecode(error.path)} can not be read")
    try:
        find(request, folder, held, now)
        return Outlook(is_fast=True)
    except NotFast as error:
        return Outlook(is_fast=False, reason=error.reason, changed=_changed(request, folder, held))
    finally:
        os.close(folder)


def _changed(request: Request, folder: int, environment: dict[bytes, bytes]) -> tuple[str, ...]:
    """Return the names of what an index has another hint for."""
    try:
        key = read_key(folder)
        name = "" if key is None else index_name(request, key)
        content = read_private(folder, name, limit=LARGEST_INDEX) if name else None
        index = None if key is None or content is None else decode_index(content, name, key)
        if key is None or index is None:
            return ()
        inputs, lines = index
        then, now = decode_hints(lines), hints_of(inputs, environment, key)
    except (UnusableFile, UnclearInput, ValueError):
        return ()
    different = {listed for listed in {*then, *now} if then.get(listed) != now.get(listed)}
    return tuple(_shown(listed) for listed in sorted(different))


def _shown(listed: Listed) -> str:
    kind, name = listed
    return f"{'file' if kind == FILE else 'variable'} {os.fsdecode(name)}"
