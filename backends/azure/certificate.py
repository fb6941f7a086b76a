"""A client certificate, and the assertion that it signs.

azure-identity's own credential drops ``send_certificate_chain`` where it is asynchronous (1.27), so
the assertion is made here and handed to its credential for assertions. Its form is Microsoft's
("Microsoft identity platform application authentication certificate credentials").
"""

import base64
import binascii
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backends.azure.errors import unusable
from backends.base import Secret

_VALID_S = 600
_PEM = b"-----BEGIN "
_HINT = "store the whole certificate with its private key, as PEM or as PKCS#12 in base64"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate, those that it was issued by, and its private key."""

    key: Any = field(repr=False)
    chain: tuple[Any, ...]

    def assertion(self, client_id: str, audience: str, now: datetime, *, send_chain: bool) -> str:
        """Return a signed statement that ``client_id`` asks for a token.

        Args:
            client_id: of the application.
            audience: the URL that the statement will be sent to.
            now: when it starts to be valid, for ten minutes.
            send_chain: show the certificates themselves, for applications that know them by name.
        """
        import jwt
        from cryptography.hazmat.primitives import hashes, serialization

        thumbprint = base64.urlsafe_b64encode(self.chain[0].fingerprint(hashes.SHA256()))
        headers: dict[str, Any] = {"x5t#S256": thumbprint.decode().rstrip("=")}
        if send_chain:
            der = [one.public_bytes(serialization.Encoding.DER) for one in self.chain]
            headers["x5c"] = [base64.b64encode(one).decode() for one in der]
        issued_at = int(now.timestamp())
        claims = {
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid.uuid4()),
            "nbf": issued_at,
            "iat": issued_at,
            "exp": issued_at + _VALID_S,
        }
        return jwt.encode(claims, self.key, algorithm="PS256", headers=headers)


def load_certificate(content: bytes, password: Secret | None) -> ClientCertificate:
    """Return a certificate from PEM or PKCS#12, be it in base64.

    Raises:
        BackendMisconfigured: saying what is wrong with it.
    """
    raw = _decoded(content)
    secret = None if password is None else password.reveal().encode()
    key, chain = _from_pem(raw, secret) if _PEM in raw else _from_pkcs12(raw, secret)
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise _unusable("has a key that is not RSA", "make the certificate with an RSA key")
    if key.public_key() != chain[0].public_key():
        raise _unusable(
            "does not belong to the private key", "store the pair that belongs together"
        )
    return ClientCertificate(key, chain)


def _decoded(content: bytes) -> bytes:
    """Return what text in base64 stands for; else the content itself."""
    if _PEM in content:
        return content
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return content


def _from_pem(content: bytes, password: bytes | None) -> tuple[Any, tuple[Any, ...]]:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    if not re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", content):
        raise _unusable("has no private key", _HINT)
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise _unusable("is a private key alone", _HINT)
    encrypted = b"ENCRYPTED" in content
    try:
        # a password that is not needed is no mistake: one variable may serve several certificates
        key = serialization.load_pem_private_key(content, password if encrypted else None)
    except (ValueError, TypeError):
        raise _unreadable(encrypted=encrypted, password=password) from None
    try:
        chain = tuple(x509.load_pem_x509_certificates(content))
    except ValueError:
        raise _unusable("can not be read: it is cut off, or no PEM", _HINT) from None
    own = [one for one in chain if one.public_key() == key.public_key()]
    return key, (*own, *(one for one in chain if one not in own))


def _from_pkcs12(content: bytes, password: bytes | None) -> tuple[Any, tuple[Any, ...]]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        key, own, others = pkcs12.load_key_and_certificates(content, password)
    except (ValueError, TypeError):
        # ASN.1 starts so; whether the password or the rest is wrong can not be told apart
        raise _unreadable(encrypted=content[:1] == b"\x30", password=password) from None
    if key is None:
        raise _unusable("has no private key", _HINT)
    if own is None:
        raise _unusable("is a private key alone", _HINT)
    return key, (own, *others)


def _unreadable(*, encrypted: bool, password: bytes | None) -> Exception:
    if not encrypted:
        return _unusable("can not be read: it is cut off, or neither PEM nor PKCS#12", _HINT)
    if password is None:
        return _unusable(
            "is encrypted, or cut off, and no password is given",
            "add certificate_password to credentials:",
        )
    return _unusable(
        "can not be opened: the password is wrong, or it is cut off", "check certificate_password"
    )


def _unusable(why: str, hint: str) -> Exception:
    return unusable("certificate-unusable", f"the client certificate {why}", hint)
