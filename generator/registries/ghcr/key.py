"""The private key of a GitHub App, and the statement that it signs.

GitHub gives the key once, as a PEM file ("Managing private keys for GitHub Apps"). An App shows who
it is by a JSON Web Token, signed with RS256, that lives ten minutes at most ("Generating a JSON
Web Token (JWT) for a GitHub App").
"""

from datetime import datetime
from typing import TYPE_CHECKING

from backends.base import Secret
from generator.errors import Misconfigured
from generator.registries.signing.jwt import signed_jwt
from generator.registries.signing.rsa_key import load_rsa_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# GitHub's own advice against clocks that differ a little. Its ten minutes are counted from now, not
# from "iat": a token that ends any later is refused.
_BACKDATED_S = 60
_VALID_S = 540
_HINT = (
    "store the whole .pem file that GitHub gave: as it is, on one line with \\n for the line "
    "breaks, or in base64"
)


def load_key(secret: Secret) -> "RSAPrivateKey":
    """Return the RSA key in a PEM that may have become one line, or base64, on its way.

    Raises:
        Misconfigured: saying what is wrong with it, never a part of it.
    """
    return load_rsa_key(secret, None, _unusable)


def app_token(key: "RSAPrivateKey", app_id: str, now: datetime) -> str:
    """Return a JSON Web Token by which an App shows who it is for the next nine minutes.

    Args:
        key: from `load_key`.
        app_id: the App's id, or its client id.
        now: what time it is, by GitHub's clock if that is known.

    Raises:
        BackendMisconfigured: PyJWT is not there.
    """
    second = int(now.timestamp())
    claims = {"iat": second - _BACKDATED_S, "exp": second + _VALID_S, "iss": app_id}
    return signed_jwt(key, claims, algorithm="RS256", extra="github")


def _unusable(why: str) -> Misconfigured:
    return Misconfigured("ghcr-key-unusable", f"the GitHub App's private key {why}", _HINT)
