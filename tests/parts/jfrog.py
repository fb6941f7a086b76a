"""A JFrog platform: its OIDC exchange and its tokens (``/access/api/v1``)."""

from base64 import b64encode
from typing import Any

import jwt

from backends.testing import CANARY
from tests.parts.job_tokens import SUBJECT, signed, verified
from tests.parts.service import Asked, Service, Told

HOSTS = ("acme.jfrog.io",)
PROVIDER, AUDIENCE = "github", "jfrog-github"
ADMIN_TOKEN = f"admin-{CANARY}"
USER, PASSWORD = "builder", f"password-{CANARY}"
PLATFORM = "jfac@01hcks8ms0000000000000000/users/"
LIFETIME_S = 3600
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
_SUBJECT_TYPE = "urn:ietf:params:oauth:token-type:id_token"


def refused(status: int, message: str) -> Told:
    """Return a failure as the platform words it."""
    return Told(status, {"errors": [{"status": status, "message": f"{message} {CANARY}"}]})


def token_answer(
    now: float, user: str = "ci", lives_s: int = LIFETIME_S, **changes: Any
) -> dict[str, Any]:
    """Return the platform's answer, with ``changes`` made to it; ``None`` takes away."""
    body = {
        "token_id": "1",
        "access_token": signed(sub=f"{PLATFORM}{user}", jti=CANARY, exp=int(now) + lives_s),
        "expires_in": lives_s,
        "scope": "applied-permissions/user",
        "token_type": "Bearer",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def jfrog(service: Service, asked: Asked) -> Told:
    """Answer for both ways to a token."""
    if asked.method == "POST" and asked.path == "/access/api/v1/oidc/token":
        return _exchange(service, asked.json)
    if asked.method == "POST" and asked.path == "/access/api/v1/tokens":
        return _create(service, asked)
    return refused(404, "Not Found")


def _exchange(service: Service, body: dict[str, Any]) -> Told:
    if (body.get("grant_type"), body.get("subject_token_type")) != (_GRANT_TYPE, _SUBJECT_TYPE):
        return refused(400, "Invalid grant type")
    if body.get("provider_name") != PROVIDER:
        return refused(404, "No such provider")
    try:
        claims = verified(body["subject_token"], AUDIENCE)
    except jwt.InvalidTokenError as error:
        return refused(401, str(error))
    if claims["sub"] != SUBJECT:
        return refused(403, "No identity mapping matches")
    return Told(200, token_answer(service.now()))


def _create(service: Service, asked: Asked) -> Told:
    body, users = asked.json, {f"Bearer {ADMIN_TOKEN}": "admin"}
    users["Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()] = USER
    who = users.get(asked.headers.get("authorization", ""))
    if who is None:
        return refused(401, "Unauthenticated")
    whose = body.get("username", who)
    if body.get("refreshable") is not False or not isinstance(body.get("expires_in"), int):
        return refused(400, "Invalid input")
    if who != "admin" and (whose != who or body["scope"] != "applied-permissions/user"):
        return refused(403, "Forbidden")
    answer = token_answer(service.now(), whose, body["expires_in"], scope=body["scope"])
    return Told(200, answer)
