"""The entry point: signals first, then the fast way, then the ordinary one.

A PID 1 without handlers ignores signals, and every import here is part of a fast run.
"""

# typeshed has no stubs for it; `signal` itself costs the 4 ms of making its enums
import _signal  # type: ignore[import-not-found]
import gc
import os
import sys
import time


def main() -> None:
    """Run the command line; ends the process."""
    started_at = time.monotonic()
    gc.disable()  # a run is over before collecting pays
    _fill_closed_streams()
    for number in (_signal.SIGTERM, _signal.SIGINT):
        _signal.signal(number, _leave)

    from generator.fast.run import attempt  # noqa: PLC0415 - after the signals

    lock = attempt(sys.argv[1:], dict(os.environb), os._exit)

    # nobody has plugins for pydantic here
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

    from generator.app import main as run  # noqa: PLC0415 - a fast run is over by now

    run(sys.argv[1:], os.environ, leave=os._exit, started_at=started_at, lock=lock)


def _fill_closed_streams() -> None:
    """Put /dev/null where a caller closed stdin, stdout or stderr.

    The next file to be opened would get the number of the closed one, and be written to as if it
    were it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - stays open to the end


def _leave(number: int, _frame: object) -> None:
    # Until the event loop takes the signals over nothing is written or locked: just go.
    os._exit(128 + number)


if __name__ == "__main__":
    main()
