"""Text that somebody put into base64, as CIs advise for whatever has more than one line."""

import base64
import binascii


def from_base64(text: str) -> str | None:
    """Return the text that base64 stands for, however its lines are broken; ``None`` if none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
