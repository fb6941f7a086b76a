"""Yandex Cloud's authorized key, and the JSON Web Token that it signs.

The document is what the console and ``yc iam key create`` give: ``id``, ``service_account_id`` and
``private_key``, the last with a line before the PEM that names the key again. The token is signed
with PS256, says the account as ``iss``, the key as ``kid``, the URL that it is sent to as ``aud``,
and lives an hour at most (Yandex Cloud documentation, "Getting an IAM token for a service
account").
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from backends.base import Secret
from backends.base64_text import from_base64
from generator.errors import Misconfigured
from generator.registries.signing.jwt import signed_jwt
from generator.registries.signing.rsa_key import load_rsa_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LIVES_S = 3600
"""Of the signed token; the longest that is allowed lets this machine's clock be slow."""
_REQUIRED = ("id", "service_account_id", "private_key")
_REMARK = re.compile(r"SA Key ID <([a-z0-9]+)>")
_HINT = "store the JSON that Yandex gave, whole, as it is or in base64"


@dataclass(frozen=True, slots=True)
class AuthorizedKey:
    """A service account's key; its repr shows none of it."""

    id: str
    account: str
    private: "RSAPrivateKey"

    def __repr__(self) -> str:
        return "AuthorizedKey('***')"

    def signed_token(self, audience: str, now: datetime) -> str:
        """Return a JSON Web Token that asks for an IAM token.

        Raises:
            BackendMisconfigured: PyJWT is not there.
        """
        issued_at = int(now.timestamp())
        claims = {
            "iss": self.account,
            "aud": audience,
            "iat": issued_at,
            "exp": issued_at + LIVES_S,
        }
        return signed_jwt(self.private, claims, algorithm="PS256", extra="yandex", key_id=self.id)


def key_text(secret: Secret) -> str:
    """Return the JSON text of a key document, be it in base64."""
    text = secret.reveal().strip()
    return text if text.startswith("{") else from_base64(text) or text


def parse_key(secret: Secret) -> AuthorizedKey:
    """Return the key that a document holds.

    Raises:
        Misconfigured: saying what is wrong with it; never a value.
    """
    try:
        document = json.loads(key_text(secret))
    except (ValueError, RecursionError):
        raise _unusable("is not JSON (cut off, or with unescaped line breaks?)") from None
    if not isinstance(document, dict):
        raise _unusable("is not a JSON object")
    if "client_email" in document or "universe_domain" in document:
        raise _unusable("is Google's, not Yandex's")
    values = [document.get(name) for name in _REQUIRED]
    missing = [
        name
        for name, value in zip(_REQUIRED, values, strict=True)
        if not isinstance(value, str) or not value
    ]
    if missing:
        raise _unusable(f"has no {' and no '.join(missing)}")
    key_id, account, pem = map(str, values)
    remark = _REMARK.search(pem)
    if remark is not None and remark[1] != key_id:
        raise _unusable("has an id that is not the one that its private_key names")
    private = load_rsa_key(
        Secret(pem), None, lambda why: _unusable(f"has a private_key that {why}")
    )
    return AuthorizedKey(key_id, account, private)


def _unusable(why: str) -> Misconfigured:
    return Misconfigured("yandex-key-unusable", f"the authorized key {why}", _HINT)
