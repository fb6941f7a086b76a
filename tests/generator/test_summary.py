import io
import json
from datetime import timedelta
from typing import Any

import pytest

from backends.base import Secret
from generator.errors import AccessDenied, EntryError, Unavailable
from generator.generate import EntryResult, Outcome
from generator.grants import Granted
from generator.log import make_logger
from generator.model import Grant
from generator.summary import report, report_written
from tests.generator.fakes import CANARY, START, entry


def grant(**changes: Any) -> Grant:
    values: dict[str, Any] = {
        "username": "AWS",
        "secret": Secret(CANARY),
        "requested_at": START,
        "expires_at": START + timedelta(hours=12),
        **changes,
    }
    return Grant(**values)


def reported(*outcomes: Granted | EntryError, log_format: Any = "console") -> str:
    stream = io.StringIO()
    results = [EntryResult(entry(f"r{number}"), o) for number, o in enumerate(outcomes)]
    log = make_logger(log_format, "info", stream)
    lines: dict[tuple[str, ...], str] = {("registries", "r1"): "r.yaml:7"}
    report(Outcome(results, keep_going=False), log, START, lines.get)
    assert CANARY not in stream.getvalue()
    return stream.getvalue()


def test_a_line_says_name_server_state_and_validity() -> None:
    assert reported(Granted(grant(), "fetched")) == (
        "r0: r0.example: fetched, valid until 2026-01-01T12:00:00Z (12 h 0 min)\n"
    )


@pytest.mark.parametrize(("path", "kept"), [("d", "; d is as it was"), ("-", "")])
def test_what_was_not_written_is_as_it_was_if_it_is_a_file(path: str, kept: str) -> None:
    stream = io.StringIO()
    report_written(path, 0, make_logger("console", "info", stream))
    assert stream.getvalue() == f"error: nothing was written{kept}\n"


def test_an_endpoint_that_is_not_the_vendors_is_shown() -> None:
    assert "from http://127.0.0.1:1" in reported(
        Granted(grant(endpoint="http://127.0.0.1:1"), "cached")
    )


def test_a_kept_token_says_why_its_refresh_failed() -> None:
    said = reported(Granted(grant(), "kept", Unavailable("down", "it is down", "wait")))
    assert said.splitlines()[1] == (
        "warning: r0: kept the stored token, for its refresh failed: it is down; wait [down]"
    )


@pytest.mark.parametrize(("hint", "told"), [("ask", "ask; "), ("", "")])
def test_a_failure_says_where_its_entry_stands(hint: str, told: str) -> None:
    said = reported(Granted(grant(), "fetched"), AccessDenied("denied", "it said no", hint))
    assert f"error: r1: it said no; {told}the entry is from r.yaml:7 [denied]" in said


def test_a_failure_says_what_to_do_and_its_reference() -> None:
    said = reported(AccessDenied("denied", "it said no", "ask"))
    assert said == "error: r0: it said no; ask [denied]\n"


def test_json_fields_have_documented_names() -> None:
    event = json.loads(reported(Granted(grant(), "cached"), log_format="json"))
    assert {name: event[name] for name in ("event", "registry", "state", "valid_for_s")} == {
        "event": "entry.ready",
        "registry": "r0",
        "state": "cached",
        "valid_for_s": 43200,
    }
    assert event["expires_at"] == "2026-01-01T12:00:00+00:00"
    assert event["server_addresses"] == ["r0.example"]


@pytest.mark.parametrize(("skew_s", "said"), [(600.0, "600 s behind"), (-90.0, "90 s ahead of")])
def test_a_clock_that_is_off_by_over_a_minute_is_named(skew_s: float, said: str) -> None:
    assert said in reported(Granted(grant(clock_skew_s=skew_s), "fetched"))


def test_a_clock_that_is_off_by_less_is_not_worth_a_word() -> None:
    assert "clock" not in reported(Granted(grant(clock_skew_s=59.0), "fetched"))
