"""The base of every model of a backend's settings, and forms that settings share."""

from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from backends.durations import parse_duration


class BackendOptions(BaseModel):
    """Settings under ``backends: NAME:`` beside ``type``; this one has none.

    Every scalar arrives as text. Inputs are hidden in errors, for a misplaced secret may be one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _url(value: str) -> str:
    try:
        is_one = _is_url(value)
    except ValueError:  # its text holds some of the value
        is_one = False
    if not is_one:
        raise ValueError("not a URL, as https://HOST is one (and no user name in it)")
    return value


def _is_url(value: str) -> bool:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return False
    # of these, clients make another host or path than what stands there
    folded = {".", ".."} & {*unquote(parts.path).split("/")}
    return value.isprintable() and not folded and not {*" \\#"} & {*value}


EndpointUrl = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[hH][tT][tT][pP][sS]?://[^/@\s\\#]+(/[^\s\\#]*)?$"}
    ),
]
"""The URL of an API, where it is not the vendor's own."""

Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(\d+(\.\d+)?(ms|s|m|h|d))+\s*$"}),
]
"""Seconds, written as ``90s``, ``15m`` or ``2h``."""
