"""Running somebody else's program: no shell, little of the environment, an end in any case.

The program gets a session, and with it a process group, of its own. Whatever goes wrong, and when
the run is cancelled, the whole group is killed: a program that ignores SIGTERM, or that has left a
child behind which holds its output open, holds nobody. And nothing is run that merely lies where we
happen to be, as in a checkout: a ``PATH`` leads to absolute folders only.

Its output comes through a pipe of ours and not through the event loop's streams: those wait until
the last child has closed it.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import anyio
from anyio.abc import Process

LARGEST_OUTPUT = 64 * 1024
# POSIX: as much fits into any pipe at once, so that writing it needs no reader.
_LARGEST_INPUT = 512
# How long what is already written may take to arrive once the program has ended.
_LAST_WORDS_S = 0.5
_DYING_S = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; ``status`` is its exit status, or a negative signal."""

    status: int
    output: bytes = field(repr=False)

    @property
    def how(self) -> str:
        """The same for a message."""
        return f"signal {-self.status}" if self.status < 0 else f"exit status {self.status}"


class OutputTooLarge(Exception):
    """A program wrote more than it may; it has been killed."""


async def run_program(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    limit_s: float,
    given: bytes = b"",
    largest: int = LARGEST_OUTPUT,
) -> Ended:
    """Run a program to its end and return what it wrote to stdout; stderr is thrown away.

    Args:
        command: the program, looked for on the ``PATH`` of ``environment``, and its arguments.
        environment: all that it sees, but for the relative folders on its ``PATH``.
        limit_s: how long it may take, in seconds.
        given: what it reads from stdin, up to 512 bytes.
        largest: how many bytes it may write.

    Raises:
        OSError: if it can not be started, as `subprocess.Popen` raises it.
        TimeoutError: if it did not end in time.
        OutputTooLarge: if it wrote more than it may.
    """
    reading, writing = os.pipe()
    try:
        try:
            process = await _started(command, environment, given, writing)
        finally:
            os.close(writing)
        return await _followed(process, reading, limit_s, largest)
    finally:
        os.close(reading)


async def _started(
    command: Sequence[str], environment: Mapping[str, str], given: bytes, stdout: int
) -> Process:
    stdin = _prefilled(given)
    try:
        # Takes no time, and what it has started must be known to be ended.
        with anyio.CancelScope(shield=True):
            process = await anyio.open_process(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                env=_away_from_here(environment),
                start_new_session=True,
            )
    finally:
        os.close(stdin)
    return process


def _away_from_here(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return an environment whose ``PATH`` has no folder that is meant from the current one.

    An empty one is such a folder, too; so is all of a ``PATH`` that is empty.
    """
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    absolute = os.pathsep.join(folder for folder in folders if folder.startswith("/"))
    return {**environment, "PATH": absolute or os.defpath}


def _prefilled(text: bytes) -> int:
    """Return the end of a pipe that holds ``text`` and then ends."""
    if len(text) > _LARGEST_INPUT:
        raise ValueError("more than a pipe surely takes")
    reading, writing = os.pipe()
    try:
        os.write(writing, text)
    finally:
        os.close(writing)
    return reading


async def _followed(process: Process, reading: int, limit_s: float, largest: int) -> Ended:
    output, closed = bytearray(), False
    try:
        with anyio.fail_after(limit_s):
            closed = await _read(process, reading, output, largest)
            if len(output) > largest:
                raise OutputTooLarge
            return Ended(await process.wait(), bytes(output))
    finally:
        if process.returncode is None or not closed:
            await _kill(process)


async def _read(process: Process, reading: int, output: bytearray, largest: int) -> bool:
    """Read until the output ends; return whether it did, or a child keeps it open."""

    async def leave_after_the_end() -> None:
        await process.wait()
        await anyio.sleep(_LAST_WORDS_S)
        group.cancel_scope.cancel()

    closed = False
    async with anyio.create_task_group() as group:
        group.start_soon(leave_after_the_end)
        while len(output) <= largest:
            await anyio.wait_readable(reading)
            chunk = os.read(reading, largest + 1)
            output += chunk
            if not chunk:
                closed = True
                break
        group.cancel_scope.cancel()
    return closed


async def _kill(process: Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with anyio.move_on_after(_DYING_S, shield=True):
        await process.wait()
