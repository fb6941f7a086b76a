"""Moments as people and programs read them."""

from datetime import datetime
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
