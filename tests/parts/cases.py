"""Failures as a table: what a user would read, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from backends.errors import BackendError
from backends.testing import CANARY

Record = Callable[[str, object], None]


@contextmanager
def fails(
    kind: type[BackendError], reference: str, *, within_s: float, record: Record
) -> Iterator[list[BackendError]]:
    """Expect a failure of ``kind``; it must come in time and show no secret.

    Gives a list that holds the error afterwards.
    """
    caught: list[BackendError] = []
    started = time.monotonic()
    with pytest.raises(BackendError) as raised:
        yield caught
    seconds = time.monotonic() - started
    error = raised.value
    caught.append(error)
    for name, value in (
        ("class", type(error).__name__),
        ("reference", error.reference),
        ("message", error.message),
        ("hint", error.hint),
        ("seconds", f"{seconds:.2f}"),
    ):
        record(name, value)
    shown = f"{error.message}{error.hint}{error!r}{error.__cause__!r}{error.__context__!r}"
    suppressed = error.__cause__ is None and error.__suppress_context__
    assert CANARY not in f"{error.message}{error.hint}{error!r}", shown
    assert suppressed or error.__context__ is None, shown
    assert (type(error), error.reference) == (kind, reference), error.message
    assert error.hint
    # a busy machine doubles everything; what it tells is a hang from an answer
    assert seconds < 3 * within_s
