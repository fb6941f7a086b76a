"""Yandex Cloud's IAM (``POST /iam/v1/tokens``), and the metadata service of its machines."""

import json
from datetime import UTC, datetime
from typing import Any

import jwt

from backends.testing import CANARY
from tests.parts.keys import pkcs8, public
from tests.parts.service import Asked, Service, Told

KEY_ID = "ajekeyid000000000001"
ACCOUNT = "ajeaccount0000000001"
LIFETIME_S = 43200
HOSTS = ("iam.api.cloud.yandex.net",)
METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"


def authorized_key(**changes: Any) -> str:
    """Return a key document as the console gives it, with ``changes`` made to it."""
    remark = f"PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <{KEY_ID}>\n"
    document = {
        "id": KEY_ID,
        "service_account_id": ACCOUNT,
        "created_at": "2026-11-24T12:00:00.659299318Z",
        "key_algorithm": "RSA_2048",
        "public_key": public(),
        "private_key": remark + pkcs8(),
        **changes,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None})


def token_answer(now: float, **changes: Any) -> dict[str, Any]:
    """Return IAM's answer to a good token, with ``changes`` made to it."""
    until = datetime.fromtimestamp(now + LIFETIME_S, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    body = {"iamToken": f"t1.{CANARY}", "expiresAt": f"{until}.478463174Z", **changes}
    return {name: value for name, value in body.items() if value is not None}


def refused(message: str) -> Told:
    """Return a refusal, in the form of Google's APIs, which Yandex uses."""
    return Told(401, {"code": 16, "message": f"{message} {CANARY}", "details": []})


def iam(service: Service, asked: Asked) -> Told:
    """Verify what one key signed."""
    if (asked.method, asked.path) == ("GET", METADATA_PATH):
        return _machine(asked)
    if (asked.method, asked.path) != ("POST", "/iam/v1/tokens"):
        return Told(404)
    token = asked.json["jwt"]
    if jwt.get_unverified_header(token).get("kid") != KEY_ID:
        return refused("Unknown key")
    try:
        claims = jwt.decode(
            token,
            public(),
            ["PS256"],
            options={"verify_aud": False, "verify_iat": False, "verify_exp": False},
        )
    except jwt.InvalidTokenError:
        return refused("Bad signature")
    here = f"://{asked.headers['host']}/iam/v1/tokens"
    if claims["iss"] != ACCOUNT or claims["aud"] not in (f"https{here}", f"http{here}"):
        return refused("Wrong claims")
    if claims["exp"] - claims["iat"] > 3600:
        return refused("Lives too long")
    if not claims["iat"] - 30 <= service.now() < claims["exp"]:
        return refused("Not from now")
    return Told(200, token_answer(service.now()))


def _machine(asked: Asked) -> Told:
    if asked.headers.get("metadata-flavor") != "Google":
        return Told(403)
    return Told(
        200,
        {"access_token": f"t1.vm-{CANARY}", "expires_in": LIFETIME_S, "token_type": "Bearer"},
        {"Metadata-Flavor": "Google"},
    )
