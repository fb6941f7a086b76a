"""GitHub's REST API, as a GitHub App asks it: who it is installed for, and for tokens.

It verifies the App's JSON Web Token with the public key and, by its own clock, holds ``iat`` and
``exp`` to the documented rules: whole numbers, issued in the past, ending at most ten minutes from
now.
"""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told

HOSTS = ("api.github.com",)
APP_ID = "123456"
CLIENT_ID = "Iv23liEXAMPLE"
OWNER = "acme"
INSTALLATION, SUSPENDED, WITHOUT_PACKAGES = 4242, 4243, 4244
REPOSITORIES = ("app", "base.images")
LIFETIME_S = 3600
TOKEN = f"ghs_{APP_ID}_{CANARY}"

_EXPIRED = "'Expiration time' claim ('exp') must be a numeric value representing the future time"
_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
_NOT_YET = "'Issued at' claim ('iat') must be an Integer representing the time it was issued"
_NO_PERMISSION = "The permissions requested are not granted to this installation."
_NO_REPOSITORY = (
    "There is at least one repository that does not exist or is not accessible to the parent "
    "installation."
)


@cache
def app_key() -> RSAPrivateKey:
    """Return the App's key, made once."""
    return generate_private_key(65537, 2048)


def app_pem() -> str:
    """Return it as GitHub gives it, after a line that is the canary."""
    pem = app_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return f"{CANARY}\n{pem.decode()}"


def refused(status: int, message: str, **headers: str) -> Told:
    """Return a refusal in the form that all of GitHub's have."""
    body = {
        "message": message,
        "documentation_url": f"https://docs.github.com/rest#{CANARY}",
        "status": str(status),
    }
    return Told(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def token_answer(now: float, **changes: Any) -> dict[str, Any]:
    """Return GitHub's answer to a good request, with ``changes`` made to it."""
    expires_at = datetime.fromtimestamp(int(now) + LIFETIME_S, UTC)
    body = {
        "token": TOKEN,
        "expires_at": f"{expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "permissions": {"packages": "read", "metadata": "read"},
        "repository_selection": "all",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def github(service: Service, asked: Asked) -> Told:
    """Answer one App."""
    wrong = _wrong_with(asked.bearer, service.now())
    if wrong is not None:
        return wrong
    if (asked.headers.get("accept"), asked.headers.get("x-github-api-version")) != (
        "application/vnd.github+json",
        "2022-11-28",
    ):
        return refused(415, "Unsupported 'Accept' header")
    if asked.method == "GET" and asked.path in (
        f"/users/{OWNER}/installation",
        f"/repos/{OWNER}/{REPOSITORIES[0]}/installation",
    ):
        return Told(200, {"id": INSTALLATION, "account": {"login": OWNER}, "suspended_at": None})
    path = re.fullmatch(r"/app/installations/(\d+)/access_tokens", asked.path)
    if asked.method != "POST" or path is None:
        return refused(404, "Not Found")
    return _token(int(path[1]), asked.json, service.now())


def _token(installation: int, wish: dict[str, Any], now: float) -> Told:
    if installation == SUSPENDED:
        return refused(403, "This installation has been suspended")
    if installation == WITHOUT_PACKAGES:
        return refused(422, _NO_PERMISSION)
    if installation != INSTALLATION:
        return refused(404, "Not Found")
    if not set(wish.get("repositories", ())) <= set(REPOSITORIES):
        return refused(422, _NO_REPOSITORY)
    return Told(201, token_answer(now, permissions={**wish["permissions"], "metadata": "read"}))


def _wrong_with(token: str, now: float) -> Told | None:
    """Return what GitHub says of a statement that it does not take."""
    import jwt

    try:
        claims = jwt.decode(
            token,
            app_key().public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        return refused(401, "A JSON web token could not be decoded")
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    if not isinstance(expires_at, int) or expires_at <= now:
        return refused(401, _EXPIRED)
    if expires_at > now + 600:
        return refused(401, _TOO_FAR)
    if not isinstance(issued_at, int) or issued_at > now:
        return refused(401, _NOT_YET)
    if claims.get("iss") not in (APP_ID, CLIENT_ID):
        return refused(404, "Integration not found")
    return None
