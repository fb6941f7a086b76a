"""An issuer of one's own: a token endpoint as RFC 6749, 7523 and 8693 have it."""

import base64
from typing import Any
from urllib.parse import unquote_plus

import jwt

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told

CLIENT, CLIENT_SECRET = "ci:1", f"{CANARY}/+ %"
TRUSTED_KEY = f"{CANARY}-of-the-ci, which is long enough"
AUDIENCE = "https://issuer.example"
LIFETIME_S = 3600
HOSTS = ("issuer.example",)
_URN = "urn:ietf:params:oauth:"


def ci_token(**claims: Any) -> str:
    """Return a token of a CI that the issuer trusts."""
    usual = {"iss": "https://ci.example", "sub": "project", "aud": AUDIENCE}
    return jwt.encode({**usual, **claims}, TRUSTED_KEY, algorithm="HS256")


def token_answer(**changes: Any) -> dict[str, Any]:
    """Return what a good request is answered with, with ``changes`` made to it."""
    body = {
        "access_token": f"{CANARY}-oauth2",
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def told_error(code: str, status: int = 400) -> Told:
    """Return a failure as RFC 6749 5.2 has it, with more words than anybody should repeat."""
    return Told(status, {"error": code, "error_description": f"{CANARY} is wrong"})


def issuer(service: Service, asked: Asked) -> Told:
    """Answer at the token endpoint."""
    if (asked.method, asked.path) != ("POST", "/oauth2/token"):
        return Told(404)
    form = asked.form
    match form.get("grant_type"):
        case "client_credentials":
            refused = None if _client(asked) else "invalid_client"
        case "urn:ietf:params:oauth:grant-type:token-exchange":
            known = {f"{_URN}token-type:jwt", f"{_URN}token-type:id_token"}
            good = form.get("subject_token_type") in known and _trusted(form["subject_token"])
            refused = None if good else "invalid_request"
        case "urn:ietf:params:oauth:grant-type:jwt-bearer":
            refused = None if _trusted(form["assertion"]) else "invalid_grant"
        case _:
            refused = "unsupported_grant_type"
    if refused is not None:
        return told_error(refused, 401 if refused == "invalid_client" else 400)
    return Told(200, token_answer(scope=form.get("scope")))


def _client(asked: Asked) -> bool:
    scheme, _, value = asked.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        pair = base64.b64decode(value).decode().split(":")
        return [unquote_plus(part) for part in pair] == [CLIENT, CLIENT_SECRET]
    return (asked.form.get("client_id"), asked.form.get("client_secret")) == (CLIENT, CLIENT_SECRET)


def _trusted(token: str) -> bool:
    try:
        jwt.decode(token, TRUSTED_KEY, algorithms=["HS256"], audience=AUDIENCE)
    except jwt.PyJWTError:
        return False
    return True
