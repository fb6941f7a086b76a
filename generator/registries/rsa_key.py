"""A private RSA key to sign with, as people store one.

That is PEM, as it is or in base64, with line breaks or with a backslash and an n in their place.
"""

import hashlib
import re
from typing import TYPE_CHECKING

from backends.base import Secret
from backends.base64_text import from_base64
from generator.errors import Misconfigured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_BLOCK = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


def load_rsa_key(
    pem: Secret, passphrase: Secret | None, reference: str, hint: str
) -> "RSAPrivateKey":
    """Return the key; what stands before or after it (a vendor's remark) does not count.

    Args:
        pem: the text that holds it.
        passphrase: what it is encrypted with; one that is not needed does no harm.
        reference: of the error if the text is no such key.
        hint: what to do then.

    Raises:
        Misconfigured: saying what is wrong with it, never what it is.
    """
    text = pem.reveal()
    if "-----BEGIN " not in text:
        text = from_base64(text) or text
    text = text.replace("\\r", "").replace("\\n", "\n")
    block = _BLOCK.search(text)
    if block is None:
        raise _unusable(reference, _what_else(text), hint)
    if "OPENSSH" in block[1]:
        raise _unusable(
            reference, "is in OpenSSH's own form", "store it as PEM: ssh-keygen -p -m PEM"
        )
    return _loaded(block[0], passphrase, reference, hint)


def fingerprint_of(key: "RSAPrivateKey") -> str:
    """Return the MD5 of its public key as ``aa:bb:…``, by which clouds name keys."""
    from cryptography.hazmat.primitives import serialization

    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.md5(public, usedforsecurity=False).digest().hex(":")


def _loaded(block: str, passphrase: Secret | None, reference: str, hint: str) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    encrypted = "ENCRYPTED" in block
    if encrypted and passphrase is None:
        raise _unusable(reference, "is encrypted, and no pass phrase is given", hint)
    password = passphrase.reveal().encode() if encrypted and passphrase else None
    try:
        key = serialization.load_pem_private_key(block.encode(), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        why = "can not be opened: the pass phrase is wrong, or it is cut off"
        raise _unusable(
            reference, why if encrypted else "can not be read: it is cut off or damaged", hint
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise _unusable(reference, "is not an RSA key", hint)
    return key


def _what_else(text: str) -> str:
    if "PRIVATE KEY-----" in text:
        return "is cut off"
    if "-----BEGIN " in text:
        return "is something else: a public key, or a certificate?"
    return "is no PEM"


def _unusable(reference: str, why: str, hint: str) -> Misconfigured:
    return Misconfigured(reference, f"the private key {why}", hint)
