"""Client certificates of an application, in the forms that people store."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self, password: str | None = None) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption(),
        ).decode()

    def pem(self, password: str | None = None) -> str:
        return self.key_pem(password) + self.certificate_pem

    def pkcs12(self, password: str | None = None) -> bytes:
        return pkcs12.serialize_key_and_certificates(
            None,
            self.key,
            self.certificate,
            None,
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption(),
        )


@cache
def client_certificate(number: int = 0) -> Pair:
    """Return a self-signed certificate with an RSA key; each number has another."""
    return _signed(rsa.generate_private_key(public_exponent=65537, key_size=2048), number)


@cache
def elliptic_certificate() -> Pair:
    """Return one whose key can not sign what Entra ID wants."""
    return _signed(ec.generate_private_key(ec.SECP256R1()), 0)


def _signed(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, number: int) -> Pair:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"ci-{number}")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Pair(key, certificate)
