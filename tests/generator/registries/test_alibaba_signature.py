"""Alibaba Cloud's signature against its documented example, and against its own SDK."""

from datetime import UTC, datetime

from backends.base import Secret
from generator.registries.alibaba.signature import signed_headers
from generator.registries.signing.keys import SigningKey


def test_the_documented_example_comes_out_to_the_byte() -> None:
    """From "Request syntax and signature method V3", the example with fixed parameters."""
    headers = signed_headers(
        SigningKey("YourAccessKeyId", Secret("YourAccessKeySecret")),
        "POST",
        "https://ecs.cn-shanghai.aliyuncs.com/"
        "?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
        action="RunInstances",
        version="2014-05-26",
        now=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert headers == {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
        "authorization": "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;"
        "x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
    }


def test_a_key_of_sts_is_signed_as_the_vendors_sdk_does() -> None:
    """What ``get_authorization`` of alibabacloud-openapi-util 0.2.4 returned for these headers."""
    headers = signed_headers(
        SigningKey("STS.NUexample", Secret("s3cr3t/+="), Secret("CAIS+token/==")),
        "POST",
        "https://cr.cn-hangzhou.aliyuncs.com/?ExpiresInHours=12&InstanceId=cri-kmsiwlxxdcvaduwb",
        action="GetAuthorizationToken",
        version="2018-12-01",
        now=datetime(2026, 11, 24, 22, 30, 5, tzinfo=UTC),
        nonce="0123456789abcdef0123456789abcdef",
    )
    assert headers["x-acs-security-token"] == "CAIS+token/=="
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=STS.NUexample,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,"
        "Signature=e2aa84517b8e9f28d998bbaf5e92437808fc5f71ac478117c9da5c332c69395d"
    )


def test_a_path_is_signed_as_it_is_sent() -> None:
    """As above, for the call of Personal Edition."""
    headers = signed_headers(
        SigningKey("LTAIexample", Secret("secret")),
        "GET",
        "https://cr.cn-hangzhou.aliyuncs.com/tokens",
        action="GetAuthorizationToken",
        version="2016-06-07",
        now=datetime(2026, 11, 24, 22, 30, 5, tzinfo=UTC),
        nonce="0123456789abcdef0123456789abcdef",
    )
    signature = "ebd39fdceca5ce1918cb258b6e8fca649b98c469d5bd51175dacc27f2495fa4f"
    assert headers["authorization"].endswith(f"Signature={signature}")
