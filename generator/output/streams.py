"""Writing to pipes and devices without ever holding the event loop."""

import errno
import os
import stat
from pathlib import Path

import anyio

# A pipe that is ready takes this much at once, whatever is in it (POSIX: PIPE_BUF is at least 512,
# on Linux 4096).
_CHUNK = 4096
_READER_DELAY_S = 0.05


async def write_stream(path: Path, content: bytes) -> None:
    """Write to a FIFO, whenever it has a reader, or to a character device."""
    descriptor = await _open(path)
    try:
        await write_descriptor(descriptor, content)
    finally:
        os.close(descriptor)


async def write_descriptor(descriptor: int, content: bytes) -> None:
    """Write to an open descriptor; what can not be waited for is written as it is."""
    waits = _can_wait(descriptor)
    view = memoryview(content)
    while view:
        if waits:
            await anyio.wait_writable(descriptor)
        try:
            view = view[os.write(descriptor, view[:_CHUNK]) :]
        except BlockingIOError:
            await anyio.sleep(_READER_DELAY_S)


async def _open(path: Path) -> int:
    while True:
        try:
            # O_NONBLOCK: a FIFO without reader would hold the process, signals and all
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        await anyio.sleep(_READER_DELAY_S)


def _can_wait(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
