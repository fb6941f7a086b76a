"""Alibaba Cloud's request signature, ``ACS3-HMAC-SHA256``.

Source: Alibaba Cloud SDK, "Request syntax and signature method V3". Name and version of the call
travel in headers whatever its style, and all headers named ``x-acs-`` are signed.
"""

from datetime import datetime
from urllib.parse import urlsplit

from generator.registries.signing.canonical import canonical_request, hmac_sha256, names_of, sha256
from generator.registries.signing.keys import SigningKey

_ALGORITHM = "ACS3-HMAC-SHA256"


def signed_headers(
    key: SigningKey,
    method: str,
    url: str,
    *,
    action: str,
    version: str,
    now: datetime,
    nonce: str,
) -> dict[str, str]:
    """Return the headers of a request without a body.

    Args:
        key: whose request it is.
        method: of HTTP.
        url: with its query in canonical form.
        action: the API's name for the call.
        version: the API's.
        now: in UTC; the vendor allows a quarter of an hour more or less.
        nonce: a value that no other request has.
    """
    parts = urlsplit(url)
    headers = {
        "host": parts.netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": sha256(b""),
        "x-acs-date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    if key.token is not None:
        headers["x-acs-security-token"] = key.token.reveal()
    canonical = canonical_request(method, parts.path, parts.query, headers, b"")
    text = f"{_ALGORITHM}\n{sha256(canonical.encode())}"
    signature = hmac_sha256(key.secret.reveal().encode(), text).hex()
    authorization = (
        f"{_ALGORITHM} Credential={key.key_id},SignedHeaders={names_of(headers)},"
        f"Signature={signature}"
    )
    return {**headers, "authorization": authorization}
