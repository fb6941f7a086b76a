"""Failures that an issuer tells by a code of its own."""

import json
from collections.abc import Iterator

import pytest

from backends.http_model import HttpAnswer
from backends.testing import CANARY, make_context
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Misconfigured, Unavailable
from generator.registries.issuer import Issuer
from generator.registries.refusals import LATER, THROTTLED, NamedErrors, Refusal, shown_code
from tests.parts.http_faults import Faulty, answer, faulty_server

KEY = Refusal(AccessDenied, "key-refused", "the key is not accepted", "check it")
PLACE = Refusal(Misconfigured, "place-unknown", "there is no such place", "check it")
NAMED = NamedErrors(
    lambda body: str(body.get("code") or ""),
    {"Auth": KEY, "Auth.Place": PLACE, "Slow": THROTTLED, "Slow.Database": LATER},
    heals=("Slow",),
)
DESK = Issuer("desk", "the desk", {409: PLACE}, NAMED)


@pytest.fixture
def server() -> Iterator[Faulty]:
    with faulty_server(answer(200)) as made:
        yield made


def reply(status: int, code: str) -> HttpAnswer:
    return HttpAnswer(status, {}, json.dumps({"code": code}).encode(), "the desk")


@pytest.mark.parametrize(
    ("status", "code", "kind", "reference"),
    [
        (200, "Auth", AccessDenied, "desk-key-refused"),
        (400, "Auth.Key", AccessDenied, "desk-key-refused"),
        (500, "Auth.Place.Gone", Misconfigured, "desk-place-unknown"),
        (200, "Slow", Unavailable, "desk-throttled"),
        (400, "Slow.Database", Unavailable, "desk-unavailable"),
        (200, "New", AccessDenied, "desk-refused"),
        (400, "New", ImplausibleAnswer, "desk-answer-implausible"),
        (401, "New", AccessDenied, "desk-denied"),
        (409, "New", Misconfigured, "desk-place-unknown"),
        (409, "", Misconfigured, "desk-place-unknown"),
        (503, "", Unavailable, "desk-unavailable"),
    ],
)
async def test_a_code_says_more_than_the_status(
    status: int, code: str, kind: type[EntryError], reference: str, server: Faulty
) -> None:
    server.replies[:] = [answer(status, reply(status, code).body, Retry_After="0")]
    with pytest.raises(kind) as caught:
        await DESK.ask(make_context({}), "POST", server.url)
    assert caught.value.reference == reference
    assert f"status {status}" in caught.value.message
    assert code in caught.value.message


async def test_what_names_no_failure_is_a_good_answer(server: Faulty) -> None:
    assert (await DESK.ask(make_context({}), "GET", server.url)).body == {}


async def test_a_code_that_heals_is_asked_again_whatever_its_status(server: Faulty) -> None:
    slow = [
        answer(status, reply(status, "Slow.Down").body, Retry_After="0") for status in (200, 400)
    ]
    server.replies[:] = [*slow, answer(200, b'{"token": "t"}')]
    answered = await DESK.ask(make_context({}), "POST", server.url, idempotent=False)
    assert answered.body == {"token": "t"}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "code",
    ["AuthFailure.SignatureExpire", "SVCSTG.SWR.4030170", "INSTANCE_NOT_EXIST", "NoPrivilege"],
)
def test_what_looks_like_a_code_is_shown(code: str) -> None:
    assert shown_code(code) == code


@pytest.mark.parametrize("code", ["", CANARY, "two words", "a" * 60, "eyJ0.b+/=", "A\nB", "7", "é"])
def test_what_does_not_is_not(code: str) -> None:
    assert shown_code(code) == ""
    assert CANARY not in DESK.refused(reply(401, code)).message


@pytest.mark.parametrize(
    "code",
    ["q4f9c3b8aQ7d2e", "dop_v1_a3f9c4b8a7d2e", "Key.wJalrXUtnFEMIK7MDENGbPxRfi", "two words"],
)
def test_a_code_that_looks_like_a_key_is_not_shown(code: str) -> None:
    assert shown_code(code) == ""
    assert code not in DESK.refused(reply(400, code)).message


@pytest.mark.parametrize(
    "code",
    [
        "InvalidSecurityToken.MismatchWithAccessKey",
        "FailedOperation.ErrorTcrUnauthorized",
        "INSTANCE_NOT_EXIST",
        "SVCSTG.SWR.4030170",
        "unsupported_grant_type",
    ],
)
def test_a_code_of_many_words_is_shown(code: str) -> None:
    assert shown_code(code) == code
