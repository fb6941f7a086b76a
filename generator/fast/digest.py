"""Keyed digests over framed values."""

try:
    # hashlib loads OpenSSL, which is 3 ms and 4 MB that nothing here needs
    from _blake2 import blake2b
except ImportError:  # pragma: no cover - a Python built without its own BLAKE2
    from hashlib import blake2b

from _operator import _compare_digest as same_digest

__all__ = ["blake2b", "derived", "framed", "mac", "same_digest"]

_DERIVE_PERSON = b"dockercfg finish"
_MAC_PERSON = b"dockercfg fin.ma"


def framed(kind: bytes, value: bytes | None) -> bytes:
    """Return a value behind a kind and a length, so that no two lists run into one text.

    ``kind`` is one letter; ``None`` is another value than nothing.
    """
    return b"%b-" % kind if value is None else b"%b%d:%b" % (kind, len(value), value)


def derived(content: bytes, key: bytes) -> tuple[str, bytes]:
    """Return the digits of a name, and a key for MACs, that only ``content`` and ``key`` give."""
    digest = blake2b(content, digest_size=48, key=key, person=_DERIVE_PERSON).digest()
    return digest[:16].hex(), digest[16:]


def mac(name: str, content: bytes, key: bytes) -> bytes:
    """Return the MAC of a file's content, as hexadecimal digits."""
    framed_content = framed(b"n", name.encode()) + framed(b"c", content)
    digest = blake2b(framed_content, digest_size=32, key=key, person=_MAC_PERSON)
    return digest.hexdigest().encode()
