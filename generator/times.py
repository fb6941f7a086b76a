"""Moments as people and programs write and read them."""

import re
from datetime import UTC, datetime
from typing import overload


@overload
def iso(moment: datetime) -> str: ...
@overload
def iso(moment: None) -> None: ...
@overload
def iso(moment: datetime | None) -> str | None: ...
def iso(moment: datetime | None) -> str | None:
    """Return a moment in UTC to the second, as 2026-01-01T12:00:00Z; nothing for none."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def parse_moment(text: str) -> datetime:
    """Return the moment that a text means: ISO 8601 with its zone, or seconds since the epoch.

    Raises:
        ValueError: if it is neither; the message completes "it is …" and does not echo it.
    """
    try:
        if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII):
            # milliseconds would be a year of five digits
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("no time that can be read") from None
    raise ValueError("of no time zone")
