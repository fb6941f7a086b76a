"""The canonical form of a request, as clouds sign it in the manner of AWS's Signature Version 4.

They differ in what they sign with and in how they write a signature down; this part is the same.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlencode


def canonical_request(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Return the text whose hash is signed.

    Args:
        method: of HTTP.
        path: of the URL, encoded as it is sent.
        query: as `query_string` makes it, and as it is sent.
        headers: those that are signed; names in lower case.
        body: as it is sent.
    """
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    return "\n".join([method, path, query, lines, names_of(headers), sha256(body)])


def names_of(headers: Mapping[str, str]) -> str:
    """Return the names of the headers that are signed, as a signature lists them."""
    return ";".join(sorted(headers))


def query_string(parameters: Mapping[str, str]) -> str:
    """Return the parameters of a URL in their canonical order and encoding (RFC 3986)."""
    return urlencode(sorted(parameters.items()), quote_via=quote, safe="")


def sha256(data: bytes) -> str:
    """Return a hash in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def hmac_sha256(key: bytes, text: str) -> bytes:
    """Return the keyed hash of a text."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
