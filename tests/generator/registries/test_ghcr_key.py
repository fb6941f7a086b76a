"""The private key of a GitHub App, as variables and stores hand it over."""

import base64
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Secret
from backends.testing import CANARY
from generator.errors import Misconfigured
from generator.registries.ghcr.key import app_token, load_key
from tests.parts.github import APP_ID, app_key, app_pem

PEM = serialization.Encoding.PEM
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8
BARE = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"passphrase")
CLEAN = app_pem().partition("\n")[2]


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def in_lines(text: str) -> str:
    return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(app_pem(), id="as GitHub gives it"),
        pytest.param(CLEAN.strip(), id="without its last line break"),
        pytest.param(CLEAN.replace("\n", "\r\n"), id="from Windows"),
        pytest.param(CLEAN.replace("\n", "\\n"), id="on one line"),
        pytest.param(CLEAN.replace("\n", "\\r\\n"), id="on one line from Windows"),
        pytest.param(CLEAN.replace("\n", " "), id="with spaces for line breaks"),
        pytest.param(f'"{CLEAN}"', id="in quotes"),
        pytest.param(base64_of(CLEAN), id="in base64"),
        pytest.param(in_lines(base64_of(CLEAN)) + "\n", id="in base64 of several lines"),
        pytest.param(base64_of(CLEAN.replace("\n", "\\n")), id="on one line in base64"),
        pytest.param(app_key().private_bytes(PEM, PKCS8, BARE).decode(), id="as PKCS#8"),
    ],
)
def test_a_key_is_read_in_every_form_that_it_takes_on_its_way(text: str) -> None:
    assert load_key(Secret(text)).private_numbers() == app_key().private_numbers()


def public() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return app_key().public_key().public_bytes(PEM, form).decode()


def other_key(key: Any) -> str:
    pem: bytes = key.private_bytes(PEM, PKCS8, BARE)
    return pem.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(app_pem()[:-200], "cut off", id="truncated"),
        pytest.param(CLEAN[:600] + CLEAN[900:], "cut off", id="with a gap"),
        pytest.param(CLEAN.splitlines()[0], "cut off", id="its first line"),
        pytest.param(base64_of(CLEAN)[:-101], "neither PEM", id="truncated base64"),
        pytest.param(base64_of(CLEAN[:900]), "cut off", id="base64 of a truncated one"),
        pytest.param(CANARY, "neither PEM", id="something else"),
        pytest.param(base64_of(CANARY), "neither PEM", id="base64 of something else"),
        pytest.param("/zr/", "neither PEM", id="base64 of no text"),
        pytest.param(public(), "a public key", id="the public key"),
        pytest.param(other_key(ec.generate_private_key(ec.SECP256R1())), "RSA", id="EC"),
        pytest.param(other_key(ed25519.Ed25519PrivateKey.generate()), "RSA", id="Ed25519"),
        pytest.param(app_key().private_bytes(PEM, PKCS1, LOCKED).decode(), "encrypted", id="old"),
        pytest.param(app_key().private_bytes(PEM, PKCS8, LOCKED).decode(), "encrypted", id="new"),
    ],
)
def test_a_key_that_can_not_be_used_is_told_without_a_part_of_it(text: str, words: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_key(Secret(text))
    error = caught.value
    assert error.reference == "ghcr-key-unusable"
    assert words in error.message
    assert error.hint
    assert error.__suppress_context__ or error.__context__ is None
    shown = f"{error.message}{error.hint}"
    assert not any(word in shown for word in text.split() if len(word) > 10)


@given(st.text(max_size=200) | st.text(max_size=200).map("-----BEGIN {}".format))
def test_any_text_is_a_key_or_a_clear_error(text: str) -> None:
    with pytest.raises(Misconfigured):
        load_key(Secret(text))


def test_the_statement_is_of_whole_seconds_and_ends_within_ten_minutes() -> None:
    now = datetime(2026, 11, 24, 12, 0, 0, 999_999, UTC)
    token = app_token(app_key(), APP_ID, now)
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, app_key().public_key(), algorithms=["RS256"], options=options)
    second = int(now.timestamp())
    assert claims == {"iat": second - 60, "exp": second + 540, "iss": APP_ID}
    assert {type(claims["iat"]), type(claims["exp"])} == {int}
