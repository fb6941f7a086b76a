"""How far a server's clock is from ours, told by its ``Date`` header."""

from datetime import datetime


def clock_skew_s(date_header: str | None, local_time: datetime) -> float:
    """Return by how many seconds the server is ahead; 0 if it does not say.

    The header (RFC 9110, 6.6.1) has whole seconds and is made before the answer travels, so a
    difference of two seconds says nothing and counts as none.
    """
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - a warm run sees no answer

    try:
        server_time = parsedate_to_datetime(date_header or "")
    except (ValueError, OverflowError):  # numbers that are no part of a date
        return 0.0
    if server_time.tzinfo is None:
        return 0.0
    difference = (server_time - local_time).total_seconds()
    return difference if abs(difference) > 2 else 0.0
