"""The base of every model of a backend's settings, and forms that settings share."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from backends.durations import parse_duration


class BackendOptions(BaseModel):
    """Settings under ``backends: NAME:`` beside ``type``; this one has none.

    Every scalar arrives as text. Inputs are hidden in errors, for a misplaced secret may be one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not a URL, as https://HOST is one (and no user name in it)")
    return value


EndpointUrl = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://[^/@]+(/.*)?$"}),
]
"""The URL of an API, where it is not the vendor's own."""

Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(\d+(\.\d+)?(ms|s|m|h|d))+\s*$"}),
]
"""Seconds, written as ``90s``, ``15m`` or ``2h``."""
