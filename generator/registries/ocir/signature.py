"""Oracle Cloud's request signature, version 1.

A signature is made with RSA and SHA-256 over chosen headers, one a line, of which
``(request-target)`` is the method and path; the header Authorization names them in the same order
(Oracle Cloud Infrastructure documentation, "Request Signatures", which follows
draft-cavage-http-signatures-08). A clock may be off by five minutes.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CLOCK_S = 300.0
"""How far a clock may be off, in seconds."""


def signed_get(
    key: "RSAPrivateKey", key_id: str, host: str, target: str, now: datetime
) -> Mapping[str, str]:
    """Return the headers of a GET.

    Args:
        key: whose public half Oracle knows.
        key_id: ``TENANCY/USER/FINGERPRINT``, by which it does.
        host: as the request's header Host says it.
        target: the path, with the query if there is one.
        now: the time of the request.
    """
    from email.utils import format_datetime  # noqa: PLC0415 - a warm run signs nothing

    date = format_datetime(now.astimezone(UTC), usegmt=True)
    signed = {"date": date, "(request-target)": f"get {target}", "host": host}
    return {"Date": date, "Host": host, "Authorization": authorization(key, key_id, signed)}


def authorization(key: "RSAPrivateKey", key_id: str, signed: Mapping[str, str]) -> str:
    """Return the header Authorization; ``signed`` are the headers to sign, in their order."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    text = "\n".join(f"{name}: {value}" for name, value in signed.items())
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), hashes.SHA256())).decode()
    return (
        f'Signature version="1",headers="{" ".join(signed)}",keyId="{key_id}",'
        f'algorithm="rsa-sha256",signature="{signature}"'
    )
