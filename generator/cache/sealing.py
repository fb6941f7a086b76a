"""Encryption of what lies in the cache: AES-256-GCM (NIST SP 800-38D), bound to the file's name.

Every write draws a nonce of 96 random bits, which is sound for some four thousand million writes
with one key. Content is sealed with the current key and opened with it or the previous one, so that
a key can be changed without losing what is stored; it is sealed anew when it is next fetched.
"""

import base64
import binascii
import os
import re
from dataclasses import dataclass

from backends.base import Secret
from generator.cache.errors import SealedFile, UnusableFile

KEY_LENGTH = 32
OVERHEAD = 64
"""By how much sealed content is larger at most, in bytes."""

_HEADER = b"dockercfg-sealed 1\n"
_NONCE_LENGTH = 12
_HEX = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class CacheKeys:
    """The key to seal with, and the one that was used before it; both in hexadecimal."""

    current: Secret
    previous: Secret | None = None


def parse_cache_key(text: str) -> Secret:
    """Return the key that ``text`` spells, in hexadecimal.

    Raises:
        ValueError: if it is not 32 bytes as base64 (of either alphabet) or hexadecimal; the value
            is not in the message.
    """
    text = text.strip()
    if _HEX.fullmatch(text):
        return Secret(text.lower())
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_LENGTH:
        raise ValueError("is not 32 bytes as base64 or hexadecimal")
    return Secret(key.hex())


def seal(content: bytes, keys: CacheKeys | None, *, name: str) -> bytes:
    """Return ``content`` encrypted for the file ``name``; without keys as it is."""
    if keys is None:
        return content
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_LENGTH)
    cipher = AESGCM(bytes.fromhex(keys.current.reveal()))
    return _HEADER + nonce + cipher.encrypt(nonce, content, _bound(name))


def unseal(content: bytes, keys: CacheKeys | None, *, name: str) -> bytes:
    """Return what `seal` was given for the file ``name``.

    Where a key is set nothing counts that is not encrypted: it may come from somebody without the
    key.

    Raises:
        SealedFile: if it was sealed with another key or for another name, or there are no keys.
        UnusableFile: if it is not sealed though there are keys.
    """
    sealed = content.startswith(_HEADER)
    if keys is None:
        if sealed:
            raise SealedFile("is encrypted, and DOCKERCFG_CACHE_KEY is not set")
        return content
    if not sealed:
        raise UnusableFile("is not encrypted, although DOCKERCFG_CACHE_KEY is set")
    body = content[len(_HEADER) :]
    nonce, ciphertext = body[:_NONCE_LENGTH], body[_NONCE_LENGTH:]
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    for key in (keys.current, keys.previous):
        try:
            if key is not None:
                cipher = AESGCM(bytes.fromhex(key.reveal()))
                return cipher.decrypt(nonce, ciphertext, _bound(name))
        except (InvalidTag, ValueError):  # a torn file has no whole nonce
            continue
    raise SealedFile("was encrypted with another key, or is damaged")


def _bound(name: str) -> bytes:
    return _HEADER + name.encode()
