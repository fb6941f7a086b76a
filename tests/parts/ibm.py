"""IBM Cloud's IAM (``POST /identity/token``)."""

from typing import Any

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told

API_KEY = f"ibm-{CANARY}"
LIFETIME_S = 3600
HOSTS = ("iam.cloud.ibm.com",)


def token_answer(now: float, **changes: Any) -> dict[str, Any]:
    """Return IAM's answer to a good key, with ``changes`` made to it."""
    body = {
        "access_token": f"{CANARY}-iam",
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "expiration": int(now) + LIFETIME_S,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def iam(service: Service, asked: Asked) -> Told:
    """Take one API key."""
    if (asked.method, asked.path) != ("POST", "/identity/token"):
        return Told(404)
    if asked.form.get("apikey") == API_KEY:
        return Told(200, token_answer(service.now()))
    message = f"Provided API key {CANARY} could not be found."
    return Told(400, {"errorCode": "BXNIM0415E", "errorMessage": message})
