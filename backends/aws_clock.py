"""A wrong clock, told from AWS's own words about a signature.

``Signature expired: 20260101T120000Z is now earlier than 20260101T120500Z (20260101T121000Z - 5
min.)`` and ``Signature not yet current: 20260101T120000Z is still later than …`` (AWS General
Reference, "Troubleshooting Signature Version 4"): our time comes first, the server's last.
"""

import re
from datetime import datetime

from backends.errors import SecretDenied

_BEHIND = re.compile(r"Signature expired", re.IGNORECASE)
_AHEAD = re.compile(r"Signature not yet current", re.IGNORECASE)
_MOMENT = re.compile(r"\b\d{8}T\d{6}Z\b", re.ASCII)


def wrong_clock(message: str, what: str) -> SecretDenied | None:
    """Return the error if ``message`` says that this machine's clock is off."""
    behind, ahead = _BEHIND.search(message), _AHEAD.search(message)
    if not (behind or ahead):
        return None
    return SecretDenied(
        "aws-clock-wrong",
        f"{what}: this machine's clock is {_off_by(message)} "
        f"{'behind' if behind else 'ahead of'} AWS's, and the signature is refused",
        "set the clock",
    )


def _off_by(message: str) -> str:
    moments = _MOMENT.findall(message)
    try:
        ours, theirs = (
            datetime.strptime(moment, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - both are UTC
            for moment in (moments[0], moments[-1])
        )
    except (IndexError, ValueError):
        return "more than 5 minutes"
    return f"{abs((theirs - ours).total_seconds()):.0f} s"
