"""Tencent Cloud's request signature, ``TC3-HMAC-SHA256``.

Source: Tencent Cloud API 3.0, "Signature v3". A signature is good for five minutes; the headers
``content-type`` and ``host`` have to be signed, the action should be.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from generator.registries.signing.canonical import canonical_request, hmac_sha256, names_of, sha256
from generator.registries.signing.keys import SigningKey

_ALGORITHM = "TC3-HMAC-SHA256"
_END = "tc3_request"


def signed_headers(
    key: SigningKey,
    url: str,
    body: bytes,
    *,
    service: str,
    action: str,
    version: str,
    region: str,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a POST of JSON.

    Args:
        key: whose request it is.
        url: without a query.
        body: as it is sent.
        service: the API's name, as the vendor's own hosts begin with it.
        action: the API's name for the call.
        version: the API's.
        region: where it is asked.
        now: in UTC.
    """
    signed = {
        "content-type": "application/json; charset=utf-8",
        "host": urlsplit(url).netloc,
        "x-tc-action": action.lower(),
    }
    headers = {
        **signed,
        "x-tc-action": action,
        "x-tc-version": version,
        "x-tc-region": region,
        "x-tc-timestamp": f"{int(now.timestamp())}",
        "authorization": authorization(
            key, signed, urlsplit(url).path, body, service=service, now=now
        ),
    }
    if key.token is not None:
        headers["x-tc-token"] = key.token.reveal()
    return headers


def authorization(
    key: SigningKey,
    signed: Mapping[str, str],
    path: str,
    body: bytes,
    *,
    service: str,
    now: datetime,
) -> str:
    """Return the header Authorization of a POST of which these headers are signed."""
    day = now.strftime("%Y-%m-%d")
    canonical = canonical_request("POST", path, "", signed, body)
    scope = f"{day}/{service}/{_END}"
    text = f"{_ALGORITHM}\n{int(now.timestamp())}\n{scope}\n{sha256(canonical.encode())}"
    signing = f"TC3{key.secret.reveal()}".encode()
    for part in (day, service, _END):
        signing = hmac_sha256(signing, part)
    return (
        f"{_ALGORITHM} Credential={key.key_id}/{scope}, SignedHeaders={names_of(signed)}, "
        f"Signature={hmac_sha256(signing, text).hex()}"
    )
