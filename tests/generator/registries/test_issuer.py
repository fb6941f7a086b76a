"""What every kind relies on when it asks for a token."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest

from backends.base import Secret
from backends.testing import CANARY, make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.registries.issuer import Issuer, Refusal, TokenAnswer
from tests.parts.azure import unsigned_jwt
from tests.parts.http_faults import Faulty, answer, faulty_server

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DESK = Issuer(
    "desk", "the desk", {409: Refusal(SecretMissing, "gone", "it is gone", "make another")}
)


@pytest.fixture
def server() -> Iterator[Faulty]:
    with faulty_server(answer(200, b'{"token": "t"}')) as made:
        yield made


def told(body: dict[str, Any] | None = None, skew_s: float = 0.0) -> TokenAnswer:
    return TokenAnswer(DESK, "the desk", {}, body or {}, NOW, skew_s)


@pytest.mark.parametrize(
    ("status", "kind", "reference"),
    [
        (401, AccessDenied, "desk-denied"),
        (403, AccessDenied, "desk-denied"),
        (404, Misconfigured, "desk-unknown"),
        (409, SecretMissing, "desk-gone"),
        (418, ImplausibleAnswer, "desk-answer-implausible"),
        (302, ImplausibleAnswer, "desk-answer-implausible"),
        (429, Unavailable, "desk-unavailable"),
        (500, Unavailable, "desk-unavailable"),
        (599, Unavailable, "desk-unavailable"),
    ],
)
async def test_a_status_means_one_thing(
    status: int, kind: type[EntryError], reference: str, server: Faulty
) -> None:
    server.replies[:] = [answer(status, CANARY.encode(), Retry_After="0")]
    with pytest.raises(kind) as caught:
        await DESK.ask(make_context({}), "POST", server.url, idempotent=False)
    assert caught.value.reference == reference
    assert str(status) in caught.value.message
    assert "127.0.0.1" in caught.value.message
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.hint


async def test_a_kind_may_look_into_a_failure_first(server: Faulty) -> None:
    server.replies[:] = [answer(401, b'{"code": "late"}')]
    late = Refusal(Unavailable, "late", "it is late", "come tomorrow")
    with pytest.raises(Unavailable, match="it is late"):
        await DESK.ask(
            make_context({}),
            "GET",
            server.url,
            meaning=lambda a: late if a.json_object().get("code") == "late" else None,
        )


async def test_the_servers_clock_is_seen_and_corrected_for(server: Faulty) -> None:
    there = time.time() + 600
    body = json.dumps({"exp": there + 3600}).encode()
    server.replies[:] = [answer(200, body, Date=formatdate(there, usegmt=True))]
    answered = await DESK.ask(make_context({}), "GET", server.url)
    assert answered.skew_s == pytest.approx(600, abs=2)
    assert answered.at(answered.body["exp"]).timestamp() == pytest.approx(time.time() + 3600, abs=3)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b'"token"', b"\xff"])
async def test_what_is_no_object_holds_nothing(server: Faulty, body: bytes) -> None:
    server.replies[:] = [answer(200, body)]
    answered = await DESK.ask(make_context({}), "GET", server.url)
    with pytest.raises(ImplausibleAnswer, match="it holds no token"):
        answered.token("token")


@pytest.mark.parametrize("value", [None, "", 7, ["t"], {}])
def test_a_token_is_a_text(value: object) -> None:
    with pytest.raises(ImplausibleAnswer):
        told({"token": value}).token("token")
    assert told({"token": "t"}).token("token") == Secret("t")


@pytest.mark.parametrize("seconds", [NOW.timestamp() + 60, str(int(NOW.timestamp()) + 60)])
def test_seconds_since_the_epoch(seconds: object) -> None:
    assert (told().at(seconds) - NOW).total_seconds() == 60
    assert (told(skew_s=10).at(seconds) - NOW).total_seconds() == 50


@pytest.mark.parametrize("seconds", [60, 60.0, "60"])
def test_seconds_from_the_request_need_no_clock(seconds: object) -> None:
    assert (told(skew_s=10).after(seconds) - NOW).total_seconds() == 60


def test_a_time_in_words() -> None:
    assert (told(skew_s=10).on("2026-11-24T13:01:00+01:00") - NOW).total_seconds() == 50
    assert (told().on("2026-11-24T12:01:00Z") - NOW).total_seconds() == 60


@pytest.mark.parametrize("value", [None, True, "", "soon", [], 10**400, "nan", "inf", 1e18])
def test_what_is_no_time_makes_no_sense(value: object) -> None:
    for read in (told().at, told().after, told().on):
        with pytest.raises(ImplausibleAnswer):
            read(value)


def test_a_time_without_a_zone_is_none() -> None:
    with pytest.raises(ImplausibleAnswer, match="no time zone"):
        told().on("2026-11-24T12:01:00")


@pytest.mark.parametrize("seconds", [0, -1, 400 * 86400])
def test_a_life_that_is_over_or_endless_makes_no_sense(seconds: float) -> None:
    answered = told()
    with pytest.raises(ImplausibleAnswer):
        answered.grant("ci", Secret(CANARY), answered.after(seconds))


def test_a_user_name_that_no_auth_field_can_hold_makes_no_sense() -> None:
    answered = told()
    with pytest.raises(ImplausibleAnswer):
        answered.grant("a:b", Secret(CANARY), answered.after(60))


@pytest.mark.parametrize(
    ("exp_s", "told_s", "ends_s"),
    [(60, None, 60), (60, 90, 60), (90, 60, 60), (None, 60, 60), (60, "90", 60)],
)
def test_a_token_ends_when_the_first_says_so(
    exp_s: int | None, told_s: object, ends_s: float
) -> None:
    claims = {} if exp_s is None else {"exp": NOW.timestamp() + exp_s}
    token = Secret(unsigned_jwt(claims))
    assert (told().end_of_any(token, told_s) - NOW).total_seconds() == ends_s
    if told_s is not None:
        opaque = told().end_of_any(Secret("opaque"), told_s)
        assert (opaque - NOW).total_seconds() == float(str(told_s))


def test_a_token_without_an_end_makes_no_sense() -> None:
    with pytest.raises(ImplausibleAnswer):
        told().end_of_any(Secret("opaque"), None)
    with pytest.raises(ImplausibleAnswer):
        told().end_of(Secret("no.jwt.at-all"))


def test_a_time_may_be_told_in_another_unit() -> None:
    milliseconds = int(NOW.timestamp() * 1000) + 60_500
    assert (told(skew_s=10).at(milliseconds, unit_s=0.001) - NOW).total_seconds() == 50.5
    for nonsense in (None, "soon", 10**400):
        with pytest.raises(ImplausibleAnswer):
            told().at(nonsense, unit_s=0.001)


@pytest.mark.parametrize("inner", [None, "text", ["list"]])
def test_a_part_that_is_not_there_holds_nothing(inner: object) -> None:
    assert told({"data": {"token": "t"}}).part("data").token("token") == Secret("t")
    with pytest.raises(ImplausibleAnswer, match="it holds no token"):
        told({"data": inner}).part("data").token("token")


async def test_a_clock_that_is_off_is_named_with_a_refusal(server: Faulty) -> None:
    for offset_s, words in (
        (600, "clock is (599|600) s behind"),
        (-600, "clock is 60[01] s ahead"),
    ):
        there = formatdate(time.time() + offset_s, usegmt=True)
        server.replies[:] = [answer(401, Date=there)]
        with pytest.raises(AccessDenied, match=words):
            await DESK.ask(make_context({}), "GET", server.url)
