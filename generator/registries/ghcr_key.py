"""The private key of a GitHub App, and the statement that it signs.

GitHub gives the key once, as a PEM file ("Managing private keys for GitHub Apps"). An App shows who
it is by a JSON Web Token, signed with RS256, that lives ten minutes at most ("Generating a JSON
Web Token (JWT) for a GitHub App").
"""

import base64
import binascii
from datetime import datetime
from typing import Any

from backends.base import Secret
from backends.errors import BackendMisconfigured
from generator.errors import Misconfigured

# GitHub's own advice against clocks that differ a little. Its ten minutes are counted from now, not
# from "iat": a token that ends any later is refused.
_BACKDATED_S = 60
_VALID_S = 540
_HINT = (
    "store the whole .pem file that GitHub gave: as it is, on one line with \\n for the line "
    "breaks, or in base64"
)


def load_key(secret: Secret) -> Any:
    """Return the RSA key in a PEM that may have become one line, or base64, on its way.

    Raises:
        Misconfigured: saying what is wrong with it, never a part of it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    try:
        key = serialization.load_pem_private_key(_pem(secret.reveal()), password=None)
    except TypeError:
        # its way to say that a password is needed
        raise _unusable(
            "is encrypted", "store the .pem file as GitHub gave it: it has no passphrase"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable("can not be read: it is cut off, or no private key in PEM") from None
    if not isinstance(key, RSAPrivateKey):
        raise _unusable("is not an RSA key", "store a key that was made in the App's settings")
    return key


def app_token(key: Any, app_id: str, now: datetime) -> str:
    """Return a JSON Web Token by which an App shows who it is for the next nine minutes.

    Args:
        key: from `load_key`.
        app_id: the App's id, or its client id.
        now: what time it is, by GitHub's clock if that is known.

    Raises:
        BackendMisconfigured: PyJWT is not there.
    """
    try:
        import jwt
    except ImportError:
        raise BackendMisconfigured(
            "pyjwt-missing",
            "tokens of a GitHub App need the package PyJWT",
            "pip install 'dockercfg-generator[github]'",
        ) from None
    second = int(now.timestamp())
    claims = {"iat": second - _BACKDATED_S, "exp": second + _VALID_S, "iss": app_id}
    return jwt.encode(claims, key, algorithm="RS256")


def _pem(text: str) -> bytes:
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            raise _unusable("is neither PEM nor PEM in base64") from None
    return text.replace("\\r", "").replace("\\n", "\n").encode()


def _unusable(why: str, hint: str = _HINT) -> Misconfigured:
    return Misconfigured("ghcr-key-unusable", f"the GitHub App's private key {why}", hint)
