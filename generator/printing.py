"""What commands say on stdout: their product, as text for people or as one JSON object."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from generator.errors import OutputError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines; a control character, which could forge one more, is shown as ``?``.

    Raises:
        OutputError: if stdout is closed or full.
    """
    _print("\n".join(_CONTROL.sub("?", line) for line in lines))


def print_json(value: Any) -> None:
    """Print one JSON object.

    Raises:
        OutputError: if stdout is closed or full.
    """
    _print(json.dumps(value, indent=2, ensure_ascii=False))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows below a head, in columns as wide as they need to be."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _print(text: str) -> None:
    if sys.stdout is None:
        raise OutputError("stdout-closed", "stdout is closed", "open it")
    try:
        # what a variable that is not UTF-8 put into a name must not end in a crash
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
        sys.stdout.flush()
    except OSError:
        raise OutputError("stdout-not-writable", "stdout can not be written", "open it") from None
