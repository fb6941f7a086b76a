"""A CI (GitHub's) that signs OIDC tokens for its jobs, and the check that vendors make of them."""

import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:acme/app:ref:refs/heads/main"
UNASKED_AUDIENCE = "https://github.com/acme"
"""What a token is for if nobody says."""

HOSTS = ("run.actions.githubusercontent.com",)


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signed(**claims: Any) -> str:
    """Return a JWT of these claims."""
    return jwt.encode(claims, _key(), algorithm="ES256")


def job_token(audience: str, subject: str = SUBJECT, **changes: Any) -> str:
    """Return a token as the CI makes one for a job."""
    now = int(time.time())
    known = {"iss": ISSUER, "sub": subject, "aud": audience, "iat": now, "exp": now + 300}
    return signed(**{**known, "jti": f"{CANARY}-{time.monotonic_ns()}", **changes})


def verified(token: str, audience: str | None, issuer: str | None = ISSUER) -> dict[str, Any]:
    """Return the claims of a token that is in force, its issuer's, and for ``audience``.

    Raises:
        jwt.InvalidTokenError: it is not.
    """
    options: Any = {"verify_aud": audience is not None}
    return jwt.decode(
        token, _key().public_key(), ["ES256"], audience=audience, issuer=issuer, options=options
    )


def environment(url: str = f"https://{HOSTS[0]}", subject: str = SUBJECT) -> dict[str, str]:
    """Return the variables of a job that may ask for tokens at ``url``."""
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": signed(oidc_sub=subject, jti=CANARY),
    }


def ci(_service: Service, asked: Asked) -> Told:
    """Give a job that shows its request token a token for the audience that it wants."""
    if (asked.method, asked.path) != ("GET", "/token"):
        return Told(404)
    try:
        claims = verified(asked.bearer, None, issuer=None)
    except jwt.InvalidTokenError:
        return Told(401)
    audience = asked.query.get("audience", UNASKED_AUDIENCE)
    return Told(200, {"count": 1, "value": job_token(audience, claims["oidc_sub"])})
