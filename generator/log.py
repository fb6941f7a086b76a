"""Logging to stderr: one event a line, for people or as JSON; never a secret.

Every event has a name (``noun.verb_past``), fields with documented names, and a ``message`` that
says the same to a person. The console shows the message, JSON has it all.
"""

import logging
import re
import sys
import warnings
from typing import Any, Literal, TextIO

import structlog

from backends.sdk_logging import silence_sdk_loggers

LogFormat = Literal["console", "json"]
Logger = Any
"""A structlog bound logger; structlog builds its type at run time."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def make_logger(log_format: LogFormat, level: str, stream: TextIO | None = None) -> Logger:
    """Return a logger that writes events of at least ``level`` to ``stream`` (stderr).

    It is handed down, not configured globally. Loggers of the SDKs are silenced as a side effect,
    for at DEBUG they print secrets.
    """
    silence_sdk_loggers()
    # A library's warning shows source lines, and the log is public.
    warnings.simplefilter("ignore")
    json_renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    renderer: Any = json_renderer if log_format == "json" else _render_console
    return structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )


def _render_console(_logger: object, _method: str, event: dict[str, Any]) -> str:
    """Show the message; where an event has none, its name and fields."""
    event.pop("timestamp", None)
    level = event.pop("level")
    name = event.pop("event")
    text = event.get("message") or " ".join([name, *(f"{k}={v}" for k, v in event.items())])
    if hint := event.get("hint"):
        text = f"{text}; {hint}"
    if reference := event.get("reference"):
        text = f"{text} [{reference}]"
    prefix = "" if level == "info" else f"{level}: "
    # A file name or an answer must not be able to forge a line of the log.
    return prefix + _CONTROL.sub("?", str(text))
