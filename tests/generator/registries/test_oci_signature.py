"""Oracle's request signature against the values that its documentation publishes.

They are those of "Request Signatures", section "Test Values": a key pair, a GET and a POST with
their signing strings and Authorization headers. Oracle published the key itself, for this purpose.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, cast

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from generator.registries.ocir.signature import authorization, signed_get
from generator.registries.signing.rsa_key import fingerprint_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

DOCUMENTED_KEY = """\
-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDCFENGw33yGihy92pDjZQhl0C36rPJj+CvfSC8+q28hxA161QF
NUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6Z4UMR7EOcpfdUE9Hf3m/hs+F
UR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJwoYi+1hqp1fIekaxsyQIDAQAB
AoGBAJR8ZkCUvx5kzv+utdl7T5MnordT1TvoXXJGXK7ZZ+UuvMNUCdN2QPc4sBiA
QWvLw1cSKt5DsKZ8UETpYPy8pPYnnDEz2dDYiaew9+xEpubyeW2oH4Zx71wqBtOK
kqwrXa/pzdpiucRRjk6vE6YY7EBBs/g7uanVpGibOVAEsqH1AkEA7DkjVH28WDUg
f1nqvfn2Kj6CT7nIcE3jGJsZZ7zlZmBmHFDONMLUrXR/Zm3pR5m0tCmBqa5RK95u
412jt1dPIwJBANJT3v8pnkth48bQo/fKel6uEYyboRtA5/uHuHkZ6FQF7OUkGogc
mSJluOdc5t6hI1VsLn0QZEjQZMEOWr+wKSMCQQCC4kXJEsHAve77oP6HtG/IiEn7
kpyUXRNvFsDE0czpJJBvL/aRFUJxuRK91jhjC68sA7NsKMGg5OXb5I5Jj36xAkEA
gIT7aFOYBFwGgQAQkWNKLvySgKbAZRTeLBacpHMuQdl1DfdntvAyqpAZ0lY0RKmW
G6aFKaqQfOXKCyWoUiVknQJAXrlgySFci/2ueKlIE1QqIiLSZ8V8OlpFLRnb1pzI
7U1yQXnTAEFYM560yJlzUpOb1V4cScGd365tiSMvxLOvTA==
-----END RSA PRIVATE KEY-----
"""
KEY_ID = (
    "ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq/"
    "ocid1.user.oc1..aaaaaaaat5nvwcna5j6aqzjcaty5eqbb6qt2jvpkanghtgdaqedqw3rynjq/"
    "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34"
)
DATE = "Thu, 05 Jan 2014 21:31:40 GMT"
HOST = "iaas.us-phoenix-1.oraclecloud.com"
GET_TARGET = (
    "/20160918/instances?availabilityDomain=Pjwf%3A%20PHX-AD-1"
    "&compartmentId=ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa"
    "&displayName=TeamXInstances"
    "&volumeId=ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q"
)
POST_BODY = (
    '{\n    "compartmentId": "ocid1.compartment.oc1..'
    'aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa",\n'
    '    "instanceId": "ocid1.instance.oc1.phx.'
    'abuw4ljrlsfiqw6vzzxb43vyypt4pkodawglp3wqxjqofakrwvou52gb6s5a",\n'
    '    "volumeId": "ocid1.volume.oc1.phx.'
    'abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q"\n}'
)
GET_SIGNATURE = (
    "GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZAHc9r2Dm"
    "E4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M="
)
POST_SIGNATURE = (
    "Mje8vIDPlwIHmD/cTDwRxE7HaAvBg16JnVcsuqaNRim23fFPgQfLoOOxae6WqKb1uPjYEl0qIdazWaBy/Ml8DRhqlocMwoSX"
    "v0fbukP8J5N80LCmzT/FFBvIvTB91XuXI3hYfP9Zt1l7S6ieVadHUfqBedWH0itrtPJBgKmrWso="
)


@pytest.fixture
def key() -> "RSAPrivateKey":
    return cast("RSAPrivateKey", load_pem_private_key(DOCUMENTED_KEY.encode(), None))


def test_the_documented_get_is_signed_as_documented(key: "RSAPrivateKey") -> None:
    signed = {"date": DATE, "(request-target)": f"get {GET_TARGET}", "host": HOST}
    assert authorization(key, KEY_ID, signed) == (
        f'Signature version="1",headers="date (request-target) host",keyId="{KEY_ID}",'
        f'algorithm="rsa-sha256",signature="{GET_SIGNATURE}"'
    )


def test_the_documented_post_is_signed_as_documented(key: "RSAPrivateKey") -> None:
    digest = base64.b64encode(hashlib.sha256(POST_BODY.encode()).digest()).decode()
    assert (len(POST_BODY), digest) == (316, "V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0=")
    signed = {
        "date": DATE,
        "(request-target)": "post /20160918/volumeAttachments",
        "host": HOST,
        "content-length": str(len(POST_BODY)),
        "content-type": "application/json",
        "x-content-sha256": digest,
    }
    assert authorization(key, KEY_ID, signed).endswith(f',signature="{POST_SIGNATURE}"')


def test_a_get_says_in_its_headers_what_it_signs(key: "RSAPrivateKey") -> None:
    now = datetime(2014, 1, 5, 22, 31, 40, tzinfo=timezone(timedelta(hours=1)))
    headers = signed_get(key, KEY_ID, HOST, GET_TARGET, now)
    # Oracle's example has a Thursday that was a Sunday
    date = "Sun, 05 Jan 2014 21:31:40 GMT"
    signed = {"date": date, "(request-target)": f"get {GET_TARGET}", "host": HOST}
    assert headers == {
        "Date": date,
        "Host": HOST,
        "Authorization": authorization(key, KEY_ID, signed),
    }
    assert signed_get(key, KEY_ID, HOST, GET_TARGET, now.astimezone(UTC)) == headers


def test_the_keys_fingerprint_is_the_documented_one(key: "RSAPrivateKey") -> None:
    """The key is draft-cavage's, known by this; ``KEY_ID`` has another one, as the page has."""
    assert fingerprint_of(key) == "73:61:a2:21:67:e0:df:be:7e:4b:93:1e:15:98:a5:b7"
