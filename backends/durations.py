"""Durations as people write them in a config."""

import re

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_S = 366 * 86400.0


def parse_duration(text: str) -> float:
    """Return the seconds that ``text`` means: ``90s``, ``15m``, ``2h``, ``1h30m``, ``500ms``.

    Raises:
        ValueError: with what to write instead; a number without unit is nobody's guess.
    """
    parts = _PART.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ValueError("not a duration, as 90s, 15m and 2h are")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not 0 < seconds <= LONGEST_S:
        raise ValueError("must be longer than nothing and at most a year")
    return seconds


def written_duration(seconds: float) -> str:
    """Return what `parse_duration` takes for ``seconds``, in one unit: ``30m``, ``90s``."""
    if seconds < 1:
        return f"{seconds * 1000:.12g}ms"
    unit = next((unit for unit in ("d", "h", "m") if not seconds % _SECONDS[unit]), "s")
    return f"{seconds / _SECONDS[unit]:.12g}{unit}"
