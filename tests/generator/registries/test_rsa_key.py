"""Private keys as people store them, and as they break them."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Secret
from backends.testing import CANARY
from generator.errors import Misconfigured
from generator.registries.signing.rsa_key import fingerprint_of, load_rsa_key
from tests.parts.keys import elliptic, openssh, pkcs1, pkcs8, public, rsa_key, short
from tests.parts.oracle import fingerprint


def unusable(why: str) -> Misconfigured:
    return Misconfigured("desk-key-unusable", f"the key {why}", "do this")


def loaded(text: str, passphrase: str | None = None) -> int:
    secret = None if passphrase is None else Secret(passphrase)
    key = load_rsa_key(Secret(text), secret, unusable)
    return key.private_numbers().d


def why(text: str, passphrase: str | None = None) -> str:
    with pytest.raises(Misconfigured) as caught:
        loaded(text, passphrase)
    assert (caught.value.reference, bool(caught.value.hint)) == ("desk-key-unusable", True)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.message


@pytest.mark.parametrize("make", [pkcs8, pkcs1])
@pytest.mark.parametrize(
    "stored",
    [
        lambda pem: pem,
        lambda pem: pem.strip(),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\\r\\n"),
        lambda pem: base64.b64encode(pem.encode()).decode(),
        lambda pem: base64.encodebytes(pem.encode()).decode(),
        lambda pem: f"PLEASE DO NOT REMOVE THIS LINE! <a1>\n{pem}",
        lambda pem: f"{pem}OCI_API_KEY",
    ],
)
def test_every_form_is_the_same_key(make: Callable[[], str], stored: Callable[[str], str]) -> None:
    assert loaded(stored(make())) == rsa_key().private_numbers().d


@pytest.mark.parametrize("make", [pkcs8, pkcs1])
def test_an_encrypted_key_needs_its_pass_phrase(make: Callable[[str], str]) -> None:
    assert loaded(make(CANARY), CANARY) == rsa_key().private_numbers().d
    assert "no pass phrase is given" in why(make(CANARY))
    assert "its pass phrase is wrong" in why(make(CANARY), "other")


def test_a_pass_phrase_that_is_not_needed_does_no_harm() -> None:
    assert loaded(pkcs8(), "one for another key") == rsa_key().private_numbers().d


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is neither PEM"),
        ("MIIEvQIBADANBgkqhkiG", "is neither PEM"),
        (pkcs8()[:800], "is cut off"),
        (pkcs8()[:400] + pkcs8()[600:], "can not be read: it is cut off or damaged"),
        (elliptic(), "is not an RSA key"),
        (openssh(), "is in OpenSSH's own form"),
        (public(), "is something else: a public key"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "is something else"),
        ("-----BEGIN PRIVATE KEY-----\nnot base64!\n-----END PRIVATE KEY-----", "can not be read"),
    ],
)
def test_what_is_wrong_with_it_is_said(text: str, said: str) -> None:
    assert said in why(text)


@given(st.text() | st.text().map(lambda body: f"-----BEGIN PRIVATE KEY-----{body}"))
def test_no_text_does_more_than_say_so(text: str) -> None:
    assert why(f"{text}-----END PRIVATE KEY-----")


def test_a_fingerprint_is_that_of_the_public_key() -> None:
    assert fingerprint_of(rsa_key()) == fingerprint()


def test_a_pass_phrase_that_is_no_text_opens_nothing() -> None:
    assert "pass phrase is wrong" in why(pkcs8("right"), "\udcff")


def test_a_key_that_is_too_short_for_its_signature_is_none() -> None:
    assert "too short to sign with" in why(short())
