"""Tencent Cloud's signature against its documented examples, and against its own SDK."""

from datetime import UTC, datetime

from backends.base import Secret
from generator.registries.signing.keys import SigningKey
from generator.registries.tencent.signature import authorization, signed_headers

HOST = "cvm.tencentcloudapi.com"
BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
NOW = datetime.fromtimestamp(1551113065, UTC)


def test_the_documented_example_comes_out_to_the_byte() -> None:
    """From API 3.0, "Signature v3": its key is of asterisks, and signed with as such."""
    headers = signed_headers(
        SigningKey(f"AKID{'*' * 32}", Secret("*" * 32)),
        f"https://{HOST}/",
        BODY,
        service="cvm",
        action="DescribeInstances",
        version="2017-03-12",
        region="ap-guangzhou",
        now=NOW,
    )
    assert headers == {
        "content-type": "application/json; charset=utf-8",
        "host": HOST,
        "x-tc-action": "DescribeInstances",
        "x-tc-version": "2017-03-12",
        "x-tc-region": "ap-guangzhou",
        "x-tc-timestamp": "1551113065",
        "authorization": f"TC3-HMAC-SHA256 Credential=AKID{'*' * 32}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
    }


def test_the_earlier_documented_example_comes_out_to_the_byte() -> None:
    """From an earlier edition of the same page, which signs two headers with a key in full."""
    assert authorization(
        SigningKey(
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", Secret("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
        ),
        {"content-type": "application/json; charset=utf-8", "host": HOST},
        "/",
        BODY,
        service="cvm",
        now=NOW,
    ) == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request"
        ", SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_our_own_call_is_signed_as_the_vendors_sdk_does() -> None:
    """What tencentcloud-sdk-python-common 3.1.195 wrote for CreateInstanceToken at that moment."""
    assert authorization(
        SigningKey("AKIDexample", Secret("secret+/"), Secret("tok")),
        {"content-type": "application/json", "host": "tcr.tencentcloudapi.com"},
        "/",
        b'{"RegistryId": "tcr-dg284imq", "TokenType": "temp"}',
        service="tcr",
        now=datetime(2026, 11, 24, 22, 30, 5, tzinfo=UTC),
    ) == (
        "TC3-HMAC-SHA256 Credential=AKIDexample/2026-11-24/tcr/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=66609c885910544d406edffe44bcba622c43fc6ef72d1fbe31ada7a7bb798fce"
    )


def test_a_temporary_key_brings_its_token() -> None:
    headers = signed_headers(
        SigningKey("AKIDexample", Secret("secret"), Secret("tok")),
        f"https://{HOST}/",
        b"{}",
        service="cvm",
        action="DescribeInstances",
        version="2017-03-12",
        region="ap-guangzhou",
        now=NOW,
    )
    assert headers["x-tc-token"] == "tok"
