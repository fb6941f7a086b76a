"""Private keys of every form that people store, made once a session."""

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

_PEM = serialization.Encoding.PEM
_PLAIN = serialization.NoEncryption()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def pkcs8(passphrase: str | None = None) -> str:
    """Return ``BEGIN PRIVATE KEY``, or ``BEGIN ENCRYPTED PRIVATE KEY``."""
    form = serialization.PrivateFormat.PKCS8
    return rsa_key().private_bytes(_PEM, form, _encryption(passphrase)).decode()


@cache
def pkcs1(passphrase: str | None = None) -> str:
    """Return ``BEGIN RSA PRIVATE KEY``, encrypted by headers in the PEM."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return rsa_key().private_bytes(_PEM, form, _encryption(passphrase)).decode()


@cache
def openssh() -> str:
    return rsa_key().private_bytes(_PEM, serialization.PrivateFormat.OpenSSH, _PLAIN).decode()


@cache
def elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, _PLAIN).decode()


@cache
def public() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return rsa_key().public_key().public_bytes(_PEM, form).decode()


def _encryption(passphrase: str | None) -> serialization.KeySerializationEncryption:
    if passphrase is None:
        return _PLAIN
    return serialization.BestAvailableEncryption(passphrase.encode())


@cache
def short() -> str:
    """Return a key of 580 bits, which no library makes any more."""
    p, q, e = 2**300 - 153, 2**280 - 47, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    numbers = rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(e, p * q))
    form = serialization.PrivateFormat.PKCS8
    return numbers.private_key().private_bytes(_PEM, form, _PLAIN).decode()
