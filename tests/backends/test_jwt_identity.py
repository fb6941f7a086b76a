"""Whom a CI's token stands for."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.jwt_identity import claims_of, identity_of_token
from backends.secret import Secret
from backends.testing import CANARY


def _token(claims: Any, signature: str = "s") -> Secret:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Secret(f"e30.{payload}.{signature}")


_CLAIMS = {"iss": "https://ci", "aud": "vault", "sub": "project_path:team/a:ref:main"}


def test_two_jobs_of_one_project_are_one_identity() -> None:
    one = identity_of_token(_token({**_CLAIMS, "jti": "1", "exp": 1}, "one"))
    two = identity_of_token(_token({**_CLAIMS, "jti": "2", "exp": 2}, "two"))
    assert one == two


@pytest.mark.parametrize("name", ["iss", "aud", "sub"])
def test_another_issuer_audience_or_subject_is_another_identity(name: str) -> None:
    other = {**_CLAIMS, name: "other"}
    assert identity_of_token(_token(_CLAIMS)) != identity_of_token(_token(other))


def test_the_order_of_audiences_does_not_count() -> None:
    one = identity_of_token(_token({**_CLAIMS, "aud": ["a", "b"]}))
    assert one == identity_of_token(_token({**_CLAIMS, "aud": ["b", "a"]}))


@pytest.mark.parametrize(
    "token",
    [
        Secret(CANARY),
        Secret("a.b.c"),
        Secret(""),
        _token([]),
        _token({"iss": "x"}),
        _token({"iss": "", "sub": ""}),
        _token({"iss": 1, "sub": 2}),
    ],
)
def test_what_says_too_little_counts_by_its_value(token: Secret) -> None:
    assert identity_of_token(token) == [("token", token)]


def test_no_part_prints_the_token() -> None:
    assert CANARY not in repr(identity_of_token(_token({**_CLAIMS, "x": CANARY}, CANARY)))
    assert CANARY not in repr(identity_of_token(Secret(CANARY)))


@given(st.text())
def test_any_text_has_an_identity(text: str) -> None:
    assert identity_of_token(Secret(text))
    claims_of(Secret(f"a.{text}.c"))


@given(st.dictionaries(st.text(), st.text()))
def test_claims_come_back_as_they_were_put_in(claims: dict[str, str]) -> None:
    assert claims_of(_token(claims)) == claims
