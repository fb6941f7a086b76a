"""Content that tells a whole file from one that was torn, changed or renamed.

A header line names kind and version and carries a MAC, then comes the payload. The MAC is BLAKE2b
(RFC 7693) keyed by the volume's key over header, name and payload.
"""

from hashlib import blake2b
from hmac import compare_digest

from generator.cache.errors import UnusableFile

_PERSON = b"dockercfg grant"


def sign(payload: bytes, *, header: bytes, name: str, key: bytes) -> bytes:
    """Return ``payload`` as the content of the file ``name``."""
    return header + _mac(payload, header, name, key) + b"\n" + payload


def payload_of(content: bytes, *, header: bytes, name: str, key: bytes) -> bytes:
    """Return the payload that `sign` was given for this header and name with this key.

    Raises:
        UnusableFile: if the content is anything else.
    """
    line, _, payload = content.partition(b"\n")
    if not line.startswith(header):
        raise UnusableFile("is no grant of this version")
    if not compare_digest(line.removeprefix(header), _mac(payload, header, name, key)):
        raise UnusableFile("is damaged, or was made for another name or folder")
    return payload


def _mac(payload: bytes, header: bytes, name: str, key: bytes) -> bytes:
    mac = blake2b(digest_size=32, key=key, person=_PERSON)
    for part in (header, name.encode(), payload):
        mac.update(len(part).to_bytes(8, "big"))
        mac.update(part)
    return mac.hexdigest().encode()
