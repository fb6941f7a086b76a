"""Docker's identity service (``POST /oauth/token``): one connection that trusts one subject."""

import jwt

from backends.testing import CANARY
from tests.parts.job_tokens import SUBJECT, verified
from tests.parts.service import Asked, Service, Told

HOSTS = ("identity.docker.com",)
AUDIENCE = "https://identity.docker.com"
ORGANIZATION = "acme"
CONNECTION = "0f8fad5b-d9cb-469f-a165-70867728950e"
TOKEN = f"hub-{CANARY}"


def refused(error: str, status: int = 401) -> Told:
    """Return a refusal as OAuth has it."""
    return Told(status, {"error": error, "error_description": f"words about {CANARY}"})


def identity(_service: Service, asked: Asked) -> Told:
    """Exchange the trusted subject's token; the answer says no more than that it must."""
    if (asked.method, asked.path) != ("POST", "/oauth/token"):
        return Told(404)
    form = asked.form
    if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange":
        return refused("unsupported_grant_type", 400)
    if form.get("subject_token_type") != "urn:ietf:params:oauth:token-type:id_token":
        return refused("invalid_request", 400)
    if not 300 <= int(form["expires_in"]) <= 21600:
        return refused("invalid_request", 400)
    try:
        claims = verified(form["subject_token"], AUDIENCE)
    except jwt.InvalidTokenError:
        return refused("invalid_grant")
    if form.get("connection_id") != CONNECTION or claims["sub"] != SUBJECT:
        return refused("access_denied", 403)
    return Told(200, {"access_token": TOKEN})
