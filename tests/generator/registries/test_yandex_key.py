"""Authorized keys of Yandex Cloud, and what they sign.

PS256 is RSASSA-PSS, whose salt is random (RFC 8017, 8.1): no two signatures of one text are alike,
so there is no signature to compare with. That another's code verifies it is the proof.
"""

import base64
import json
import sys
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

from backends.base import Secret
from backends.errors import BackendMisconfigured
from backends.testing import CANARY
from generator.errors import Misconfigured
from generator.registries.yandex.key import key_text, parse_key
from tests.parts.google import service_account_key
from tests.parts.keys import elliptic, pkcs1, pkcs8, public, rsa_key
from tests.parts.yandex import ACCOUNT, KEY_ID, authorized_key

URL = "https://iam.api.cloud.yandex.net/iam/v1/tokens"
NOW = datetime(2026, 11, 24, 12, 0, 0, 999999, tzinfo=UTC)


def signed(document: str | None = None) -> str:
    return parse_key(Secret(document or authorized_key())).signed_token(URL, NOW)


def why(document: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse_key(Secret(document))
    assert (caught.value.reference, bool(caught.value.hint)) == ("yandex-key-unusable", True)
    assert CANARY not in f"{caught.value.message}{caught.value.hint}{caught.value.__cause__!r}"
    return caught.value.message


def test_header_and_claims_are_those_that_yandex_documents() -> None:
    token = signed()
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "PS256", "kid": KEY_ID}
    claims = jwt.decode(
        token, public(), ["PS256"], audience=URL, options={"verify_exp": False, "verify_iat": False}
    )
    issued_at = int(NOW.timestamp())
    assert claims == {"iss": ACCOUNT, "aud": URL, "iat": issued_at, "exp": issued_at + 3600}


def test_the_salt_is_as_long_as_the_hash() -> None:
    """RFC 7518, 3.5; what verifies takes no other length."""
    text, _, tail = signed().rpartition(".")
    signature = base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4))
    padding = PSS(MGF1(hashes.SHA256()), salt_length=32)
    rsa_key().public_key().verify(signature, text.encode(), padding, hashes.SHA256())
    with pytest.raises(InvalidSignature):
        rsa_key().public_key().verify(signature, b"other", padding, hashes.SHA256())


def test_no_two_signatures_are_alike() -> None:
    assert signed() != signed()


@pytest.mark.parametrize(
    "document",
    [
        authorized_key(),
        f"\n{authorized_key()}\n",
        base64.b64encode(authorized_key().encode()).decode(),
        base64.encodebytes(authorized_key().encode()).decode(),
        authorized_key(private_key=pkcs8()),
        authorized_key(private_key=pkcs1()),
        authorized_key(private_key=pkcs8().replace("\n", "\\n")),
        authorized_key(public_key=None, created_at=None, key_algorithm=None),
    ],
)
def test_every_form_of_a_document_is_the_same_key(document: str) -> None:
    decoded = jwt.decode(
        signed(document),
        public(),
        ["PS256"],
        audience=URL,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert decoded["iss"] == ACCOUNT
    assert json.loads(key_text(Secret(document)))["id"] == KEY_ID


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("WzFd", "is not a JSON object"),
        (authorized_key()[:-9], "is not JSON (cut off"),
        ("[" * 100_000, "is not JSON"),
        (service_account_key(), "is Google's, not Yandex's"),
        (authorized_key(id=None), "has no id"),
        (authorized_key(id=7), "has no id"),
        (authorized_key(private_key=None), "has no private_key"),
        ('{"a": 1}', "has no id and no service_account_id and no private_key"),
        (authorized_key(service_account_id=""), "has no service_account_id"),
        (authorized_key(id="ajeother"), "has an id that is not the one that its private_key names"),
        (authorized_key(private_key=pkcs8()[:700]), "private_key that is cut off"),
        (authorized_key(private_key=elliptic()), "private_key that is not an RSA key"),
        (authorized_key(private_key=pkcs8(CANARY)), "private_key that is encrypted"),
        (authorized_key(private_key=CANARY), "private_key that is neither PEM"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(document: str, said: str) -> None:
    assert said in why(document)


def test_a_key_shows_nothing_of_itself() -> None:
    assert repr(parse_key(Secret(authorized_key()))) == "AuthorizedKey('***')"


def test_a_missing_pyjwt_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(BackendMisconfigured, match="needs the package PyJWT") as caught:
        signed()
    assert caught.value.hint == "pip install 'dockercfg-generator[yandex]'"
