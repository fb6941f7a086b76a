"""Chainguard's issuer (``GET /sts/exchange``)."""

from typing import Any

from backends.jwt_identity import claims_of
from backends.secret import Secret
from backends.testing import CANARY
from tests.parts.azure import unsigned_jwt
from tests.parts.service import Asked, Service, Told

IDENTITY = "4a3b2c1d0e/9f8e7d6c5b"
LIFETIME_S = 3600
HOSTS = ("issuer.enforce.dev",)


def proof(subject: str = "repo:example/app", **claims: Any) -> str:
    """Return a job's token as a CI makes it for Chainguard."""
    return unsigned_jwt(
        {"iss": "https://ci.example", "aud": "issuer.enforce.dev", "sub": subject, **claims}
    )


def token_answer(now: float) -> dict[str, Any]:
    claims = {"aud": "cgr.dev", "sub": IDENTITY, "exp": int(now) + LIFETIME_S}
    return {"token": unsigned_jwt(claims), "refresh_token": ""}


def denied() -> Told:
    message = f"identity does not match the token's claims {CANARY}"
    return Told(403, {"code": 7, "message": message, "details": []})


def sts(service: Service, asked: Asked) -> Told:
    """Take one job's token for one identity."""
    if (asked.method, asked.path) != ("GET", "/sts/exchange"):
        return Told(404)
    claims = claims_of(Secret(asked.bearer))
    if claims is None or asked.query != {"aud": "cgr.dev", "identity": IDENTITY}:
        return Told(400)
    if claims["aud"] != "issuer.enforce.dev" or not claims["sub"].startswith("repo:example/"):
        return denied()
    return Told(200, token_answer(service.now()))
