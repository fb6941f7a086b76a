"""A private RSA key to sign with, as people store one.

That is PEM, as it is or in base64, with line breaks or with a backslash and an n in their place.
"""

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from backends.base import Secret
from backends.base64_text import from_base64
from generator.errors import Misconfigured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# Shorter ones hold none of the signatures, and no cloud takes them.
_SHORTEST = 1024
_BLOCK = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


def load_rsa_key(
    pem: Secret, passphrase: Secret | None, unusable: Callable[[str], Misconfigured]
) -> "RSAPrivateKey":
    """Return the key; what stands before or after it (a vendor's remark) does not count.

    Args:
        pem: the text that holds it.
        passphrase: what it is encrypted with; one that is not needed does no harm.
        unusable: makes the error for a text that is no such key, of what is wrong with it (``is cut
            off``), which is never a part of it.

    Raises:
        Misconfigured: that error.
    """
    text = pem.reveal()
    if "-----BEGIN " not in text:
        text = from_base64(text) or text
    text = text.replace("\\r", "").replace("\\n", "\n")
    block = _BLOCK.search(text)
    if block is None:
        raise unusable(_what_else(text))
    if "OPENSSH" in block[1]:
        raise unusable("is in OpenSSH's own form (ssh-keygen -p -m PEM makes it PEM)")
    return _loaded(block[0], passphrase, unusable)


def fingerprint_of(key: "RSAPrivateKey") -> str:
    """Return the MD5 of its public key as ``aa:bb:…``, by which clouds name keys."""
    from cryptography.hazmat.primitives import serialization

    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.md5(public, usedforsecurity=False).digest().hex(":")


def _loaded(
    block: str, passphrase: Secret | None, unusable: Callable[[str], Misconfigured]
) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    encrypted = "ENCRYPTED" in block
    if encrypted and passphrase is None:
        raise unusable("is encrypted, and no pass phrase is given")
    try:
        password = passphrase.reveal().encode() if encrypted and passphrase else None
        key = serialization.load_pem_private_key(block.encode(), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise unusable(
                "can not be opened: its pass phrase is wrong, or it is cut off"
            ) from None
        raise unusable("can not be read: it is cut off or damaged") from None
    if not isinstance(key, RSAPrivateKey):
        raise unusable("is not an RSA key")
    if key.key_size < _SHORTEST:
        raise unusable("is too short to sign with")
    return key


def _what_else(text: str) -> str:
    if "PRIVATE KEY-----" in text:
        return "is cut off"
    if "-----BEGIN " in text:
        return "is something else: a public key, or a certificate?"
    return "is neither PEM nor PEM in base64"
