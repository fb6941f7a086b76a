"""Huawei Cloud's signature against its documented example, and against its own SDK."""

from datetime import UTC, datetime

from backends.base import Secret
from generator.registries.huawei.signature import long_term_password, signed_headers
from generator.registries.signing.keys import SigningKey

ACCESS_KEY = "QTWAOYTTINDUT2QVKYUC"


def test_the_documented_example_comes_out_to_the_byte() -> None:
    """From "API Request Signing Guide", the query of a list of VPCs.

    The guide masks the secret key; the test of the vendor's Java SDK (TestAKSKSigner) has it in
    full, with the same signature.
    """
    headers = signed_headers(
        SigningKey(ACCESS_KEY, Secret("MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc")),
        "GET",
        "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        now=datetime(2019, 11, 15, 3, 36, 55, tzinfo=UTC),
    )
    assert headers == {
        "content-type": "application/json",
        "host": "service.region.example.com",
        "x-sdk-date": "20191115T033655Z",
        "authorization": f"SDK-HMAC-SHA256 Access={ACCESS_KEY}, "
        "SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
    }


def test_a_temporary_key_is_signed_as_the_vendors_sdk_does() -> None:
    """What ``Signer`` of huaweicloudsdkcore 3.1.219 wrote for this call."""
    headers = signed_headers(
        SigningKey("HPUAexample", Secret("sk+/="), Secret("securitytoken==")),
        "POST",
        "https://swr-api.cn-north-4.myhuaweicloud.com/v2/manage/utils/secret"
        "?duration_seconds=3600&projectname=cn-north-4",
        now=datetime(2026, 11, 24, 22, 30, 5, tzinfo=UTC),
    )
    assert headers["x-security-token"] == "securitytoken=="
    assert headers["authorization"] == (
        "SDK-HMAC-SHA256 Access=HPUAexample, "
        "SignedHeaders=content-type;host;x-sdk-date;x-security-token, "
        "Signature=796e067fa7d998158782e8ed586979d2f2ca1cb24433f65c0dcefa280a24112a"
    )


def test_a_long_term_password_is_what_the_documented_command_prints() -> None:
    """``printf "AK" | openssl dgst -binary -sha256 -hmac "SK" | od -An -vtx1``, for this key."""
    password = long_term_password(SigningKey("HPUAexample", Secret("sk+/=")))
    assert password.reveal() == "bb72f975039506f279e27e4811d356be3efec8ff424febfed8eed9e7329123a9"
