"""Huawei Cloud's request signature, ``SDK-HMAC-SHA256``, and what a key is as a password.

Sources: Huawei Cloud, "API Request Signing Guide" (AK/SK authentication); SoftWare Repository for
Container, user guide, "Obtaining a long-term login command".
"""

from datetime import datetime
from urllib.parse import urlsplit

from backends.base import Secret
from generator.registries.signing.canonical import canonical_request, hmac_sha256, names_of, sha256
from generator.registries.signing.keys import SigningKey

_ALGORITHM = "SDK-HMAC-SHA256"


def signed_headers(key: SigningKey, method: str, url: str, *, now: datetime) -> dict[str, str]:
    """Return the headers of a request without a body.

    Args:
        key: whose request it is.
        method: of HTTP.
        url: with its query in canonical form.
        now: in UTC; the vendor allows a quarter of an hour more or less.
    """
    parts = urlsplit(url)
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/json", "host": parts.netloc, "x-sdk-date": moment}
    if key.token is not None:
        headers["x-security-token"] = key.token.reveal()
    # in its canonical form, and only there, a path ends with a slash
    path = f"{parts.path.rstrip('/')}/"
    canonical = canonical_request(method, path, parts.query, headers, b"")
    text = f"{_ALGORITHM}\n{moment}\n{sha256(canonical.encode())}"
    signature = hmac_sha256(key.secret.reveal().encode(), text).hex()
    authorization = (
        f"{_ALGORITHM} Access={key.key_id}, SignedHeaders={names_of(headers)}, "
        f"Signature={signature}"
    )
    return {**headers, "authorization": authorization}


def long_term_password(key: SigningKey) -> Secret:
    """Return the password that a key is to the registry, for as long as the key exists."""
    return Secret(hmac_sha256(key.secret.reveal().encode(), key.key_id).hex())
