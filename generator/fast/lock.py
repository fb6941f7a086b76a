"""The run lock: of the runs that start together, one does the work that all of them need.

Fifty cold jobs would each import and parse for 150 ms before one of them sees that its tokens are
there already. So who misses takes a lock before that, and who does not get it waits for the
document of the one who did. Nothing depends on it: whoever waits too long goes on without, and the
grants have locks of their own beneath.

There are 256 locks for a volume, picked by two digits: of the document's name where an index says
which inputs count, so that only who would write the same waits for each other; of the request
alone on a volume that has none yet. Two that share one by chance are slower, not wrong; one for
each name would leave a file for each job that has a token of its own.
"""

import os
import time

from generator.cache.layout import DOCUMENT_PREFIX, LOCK_SUFFIX
from generator.cache.private import SAFELY, is_our_file

LONGEST_WAIT_S = 10.0
# Who waits must have time left to do the work without.
_SHARE_OF_TIMEOUT = 0.25
_FIRST_PAUSE_S = 0.010
_LONGEST_PAUSE_S = 0.050


class RunLock:
    """The right to leave a document, while others wait for it; it ends with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the next one look: the document is there."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def abandon(self) -> None:
        """Let all who wait go on by themselves: there will be no document."""
        if self._descriptor >= 0:
            try:
                os.utime(self._descriptor)
            except OSError:
                pass
            self.release()


class Waiter:
    """Waits for one of the locks, with a patience of its own."""

    def __init__(self, folder: int, bucket: str) -> None:
        self._descriptor = _open(folder, DOCUMENT_PREFIX + bucket + LOCK_SUFFIX)
        self._moved_at = _moved_at(self._descriptor)
        self.bucket = bucket

    def taken(self) -> RunLock | None:
        """Return the lock if it is free now."""
        import fcntl

        if self._descriptor < 0:
            return None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        except OSError:
            self.close()  # a file system without locks
            return None
        return RunLock(self._descriptor)

    def is_pointless(self) -> bool:
        """Return whether there is nothing to wait for: no lock, or its holder has given up."""
        return self._descriptor < 0 or _moved_at(self._descriptor) != self._moved_at

    def close(self) -> None:
        """Stop waiting."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def patience_s(timeout: str, config: bytes) -> float:
    """Return how long to wait, by what is known of ``--timeout`` without parsing a config."""
    if timeout:
        from backends.durations import parse_duration

        try:
            return min(LONGEST_WAIT_S, _SHARE_OF_TIMEOUT * parse_duration(timeout))
        except ValueError:
            return 0.0
    return LONGEST_WAIT_S * (_SHARE_OF_TIMEOUT if b"timeout" in config else 1.0)


class Pauses:
    """Sleeps a little, then a little longer."""

    def __init__(self) -> None:
        self._next_s = _FIRST_PAUSE_S

    def pause(self) -> None:
        """Sleep."""
        time.sleep(self._next_s)
        self._next_s = min(1.5 * self._next_s, _LONGEST_PAUSE_S)


def _open(folder: int, name: str) -> int:
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | SAFELY, 0o600, dir_fd=folder)
    except OSError:
        return -1
    if is_our_file(os.fstat(descriptor)):
        return descriptor
    os.close(descriptor)
    return -1


def _moved_at(descriptor: int) -> int:
    return os.fstat(descriptor).st_mtime_ns if descriptor >= 0 else 0
