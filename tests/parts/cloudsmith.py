"""Cloudsmith's API (``POST /openid/ORGANISATION/``), with one service account."""

import jwt

from backends.testing import CANARY
from tests.parts.job_tokens import SUBJECT, signed, verified
from tests.parts.service import Asked, Service, Told

HOSTS = ("api.cloudsmith.io",)
AUDIENCE = "cloudsmith"
ORGANIZATION, SERVICE = "acme", "ci-a1b2"
LIFETIME_S = 5400


def account_token(now: float, **changes: object) -> str:
    """Return a token of the service account."""
    return signed(**{"sub": SERVICE, "jti": CANARY, "exp": int(now) + LIFETIME_S, **changes})


def cloudsmith(service: Service, asked: Asked) -> Told:
    """Exchange a token that meets the claims that the organisation's provider asks for."""
    if (asked.method, asked.path) != ("POST", f"/openid/{ORGANIZATION}/"):
        return Told(404, {"detail": "Not found."})
    body = asked.json
    if set(body) != {"oidc_token", "service_slug"}:
        return Told(422, {"detail": f"Missing or invalid parameters {CANARY}"})
    try:
        claims = verified(body["oidc_token"], AUDIENCE)
    except jwt.InvalidTokenError:
        return Told(401, {"detail": f"OIDC token cannot be authenticated {CANARY}"})
    if body["service_slug"] != SERVICE or claims["sub"] != SUBJECT:
        return Told(400, {"detail": f"The JWT cannot be created {CANARY}"})
    return Told(201, {"token": account_token(service.now())})
