"""The story of a fast run: find the document, check it, write it, say what a warm run would say."""

import os
import stat
import sys
import time

from generator.fast.document import Document
from generator.fast.lookup import find, open_cache_folder
from generator.fast.request import NotFast, Request, read_request
from generator.output.replace import replace

# Only for who reads along: at run time this file imports no more than a fast run needs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.fast.lock import RunLock

_PRIVATE_FOLDER = 0o700


def attempt(
    arguments: list[str],
    environment: dict[bytes, bytes],
    leave: "Callable[[int], object]",
    *,
    clock: "Callable[[], float]" = time.time,
) -> "RunLock | None":
    """Write the document of the last run, if there is one for exactly this, and leave with 0.

    Otherwise nothing is written, and it returns what others may be waiting for us to release:
    ``None`` if this run leaves nothing that anybody could wait for.
    """
    try:
        request = read_request(arguments, environment)
    except Exception:  # noqa: BLE001 - whatever is wrong, the ordinary way says it better
        return None
    try:
        folder = _opened(request)
    except (NotFast, OSError):
        return None
    try:
        bucket = _try(request, folder, environment, leave, clock)
        if bucket is None:
            return None
        return _wait(request, folder, environment, leave, clock, bucket)
    finally:
        os.close(folder)


def _try(
    request: Request,
    folder: int,
    environment: dict[bytes, bytes],
    leave: "Callable[[int], object]",
    clock: "Callable[[], float]",
) -> str | None:
    """Leave with 0, or return the digits of the lock to take, ``None`` for none."""
    try:
        _, document = find(request, folder, environment, clock())
        _write(request, document, environment)
    except NotFast as miss:
        return miss.bucket
    except Exception:  # noqa: BLE001 - as above: a fast run never fails, it is just not fast
        return None
    _say(document.summary(request.path, clock()))
    leave(0)
    return None


def _wait(
    request: Request,
    folder: int,
    environment: dict[bytes, bytes],
    leave: "Callable[[int], object]",
    clock: "Callable[[], float]",
    bucket: str,
) -> "RunLock | None":
    """Take the lock, or wait for the document of who has it."""
    from generator.fast.lock import Pauses, Waiter, patience_s

    timeout = os.fsdecode(environment.get(b"DOCKERCFG_TIMEOUT", b"")).strip()
    give_up_at = time.monotonic() + patience_s(timeout, request.config)
    waiter, pauses = Waiter(folder, bucket), Pauses()
    while True:
        lock = waiter.taken()
        # Its last holder may have left a document between our look and our lock.
        wanted = _try(request, folder, environment, leave, clock)
        if lock is not None and wanted == bucket and not waiter.is_pointless():
            return lock
        if wanted is None or waiter.is_pointless() or time.monotonic() > give_up_at:
            waiter.close()
            return None
        if wanted != bucket:
            # By now there is an index that says which inputs count.
            waiter.close()
            waiter, bucket = Waiter(folder, wanted), wanted
        else:
            pauses.pause()


def _opened(request: Request) -> int:
    """Open the cache folder; made if it is missing, as the ordinary way would in a moment."""
    try:
        return open_cache_folder(request.cache_dir)
    except NotFast:
        os.mkdir(request.cache_dir, _PRIVATE_FOLDER)
        return open_cache_folder(request.cache_dir)


def _write(request: Request, document: Document, environment: dict[bytes, bytes]) -> None:
    place = f"{request.folder_path.rstrip('/')}/{request.name}"
    try:
        mode = os.lstat(place).st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    if not stat.S_ISREG(mode):
        raise NotFast("the target is no regular file")
    replace(request.folder_path, request.name, document.filled(environment), document.mode)


def _say(text: str) -> None:
    # os._exit would drop what a text stream still holds; a reader that went away is told nothing
    content = text.encode(sys.stderr.encoding or "utf-8", "backslashreplace")
    try:
        while content:
            content = content[os.write(2, content) :]
    except OSError:
        pass
