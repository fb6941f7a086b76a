"""Client certificates as people store them, and as they should not be."""

import base64

import pytest
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

from backends.azure.certificate import load_certificate
from backends.errors import BackendMisconfigured
from backends.secret import Secret
from backends.testing import CANARY
from tests.parts.azure_certificates import client_certificate, elliptic_certificate

PAIR = client_certificate()
PKCS12, OPEN = pkcs12.serialize_key_and_certificates, NoEncryption()


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (PAIR.pem().encode(), None),
        (PAIR.pem().replace("\n", "\r\n").encode(), None),
        (PAIR.pem().encode(), "not needed"),
        (PAIR.pem(CANARY).encode(), CANARY),
        (base64.b64encode(PAIR.pem().encode()), None),
        (PAIR.pkcs12(), None),
        (PAIR.pkcs12(CANARY), CANARY),
        (base64.encodebytes(PAIR.pkcs12(CANARY)), CANARY),
        ((client_certificate(1).certificate_pem + PAIR.pem()).encode(), None),
    ],
)
def test_every_form_is_the_same_certificate(content: bytes, password: str | None) -> None:
    loaded = load_certificate(content, Secret(password) if password else None)
    assert loaded.chain[0] == PAIR.certificate
    assert CANARY not in repr(loaded)


def cut(text: str) -> bytes:
    """Return a PEM without its last lines, as a copy of half a screen is."""
    return text.rstrip()[:-200].encode()


@pytest.mark.parametrize(
    ("content", "password", "says"),
    [
        (cut(PAIR.pem()), None, "cut off"),
        (cut(PAIR.key_pem()) + PAIR.certificate_pem.encode(), None, "cut off"),
        (PAIR.certificate_pem.encode(), None, "no private key"),
        (PAIR.key_pem().encode(), None, "private key alone"),
        (PAIR.pem(CANARY).encode(), "wrong", "password is wrong"),
        (PAIR.pem(CANARY).encode(), None, "no password is given"),
        (PAIR.pkcs12(CANARY), "wrong", "password is wrong"),
        (PAIR.pkcs12(CANARY), None, "no password is given"),
        (PAIR.pkcs12()[:-100], None, "cut off"),
        (PKCS12(None, None, PAIR.certificate, None, OPEN), None, "no private key"),
        (PKCS12(None, PAIR.key, None, None, OPEN), None, "private key alone"),
        (base64.b64encode(PAIR.pkcs12(CANARY)[:-100]), CANARY, "cut off"),
        ((PAIR.key_pem() + client_certificate(1).certificate_pem).encode(), None, "belong"),
        (elliptic_certificate().pem().encode(), None, "not RSA"),
        (elliptic_certificate().pkcs12(), None, "not RSA"),
        (CANARY.encode(), None, "neither PEM nor PKCS#12"),
        (b"", None, "neither PEM nor PKCS#12"),
        (b"\xff\xfe\x00", None, "neither PEM nor PKCS#12"),
    ],
)
def test_one_that_can_not_be_used_says_why_and_shows_nothing(
    content: bytes, password: str | None, says: str
) -> None:
    with pytest.raises(BackendMisconfigured, match=says) as caught:
        load_certificate(content, Secret(password) if password else None)
    error = caught.value
    assert error.reference == "azure-certificate-unusable"
    assert error.hint
    assert CANARY not in f"{error.message}{error.hint}"
