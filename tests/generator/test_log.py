import io
import json
from typing import Literal

import pytest

from backends.base import Secret
from generator.log import make_logger

CANARY = "hunter2-CANARY"


def _logged(
    log_format: Literal["console", "json"], method: str, *event: str, **fields: object
) -> str:
    stream = io.StringIO()
    getattr(make_logger(log_format, "debug", stream), method)(*event, **fields)
    return stream.getvalue()


def test_the_console_shows_the_message_hint_and_reference() -> None:
    line = _logged("console", "error", "x.failed", message="no", hint="do this", reference="no-x")
    assert line == "error: no; do this [no-x]\n"


def test_an_event_without_message_shows_its_fields() -> None:
    assert _logged("console", "info", "cache.hit", registry="prod") == "cache.hit registry=prod\n"


def test_json_has_event_level_time_and_fields() -> None:
    event = json.loads(_logged("json", "info", "entry.ready", message="m", registry="prod"))
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "entry.ready", "level": "info", "message": "m", "registry": "prod"}


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_secret_in_a_field_is_not_printed(log_format: Literal["console", "json"]) -> None:
    line = _logged(log_format, "info", "x", value=Secret(CANARY), nested={"a": [Secret(CANARY)]})
    assert CANARY not in line
    assert "***" in line


def test_a_field_can_not_forge_a_line() -> None:
    line = _logged("console", "info", "x", message="a\nerror: forged\r\x1b[2K\u2028b")
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\r" not in line


def test_events_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    make_logger("console", "warning", stream).info("x")
    assert stream.getvalue() == ""
