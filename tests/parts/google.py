"""A stand-in for Google's token services on a loopback socket, and keys for it.

Shaped after the token endpoint (RFC 7523, RFC 6749), the Security Token Service (RFC 8693), IAM's
``generateAccessToken`` and the metadata service. It verifies what it is sent.
"""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backends.testing import CANARY
from tests.parts.loopback import QuietHandler, serving

ACCOUNT = "ci@project.iam.gserviceaccount.com"
OTHER_ACCOUNT = "push@project.iam.gserviceaccount.com"
PROVIDER = "projects/123/locations/global/workloadIdentityPools/ci-pool/providers/ci-provider"
SUBJECT_TOKEN = f"subject-{CANARY}"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Answer = tuple[int, Any]


def refused(error: str, description: str = "", status: int = 400) -> Answer:
    return status, {"error": error, "error_description": f"{description} {CANARY}"}


def api_error(status: int, message: str, name: str) -> Answer:
    return status, {"error": {"code": status, "message": f"{message} {CANARY}", "status": name}}


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def service_account_key(**changes: Any) -> str:
    """Return a service account's key file, as Google makes it."""
    document = {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "key-1",
        "private_key": private_key(),
        "client_email": ACCOUNT,
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
        **changes,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None})


@dataclass(slots=True)
class Google:
    """Answers as Google would; ``plan`` holds what the next calls are answered with instead."""

    url: str = ""
    lifetime_s: int = 3600
    delay_s: float = 0.0
    retry_after_s: int = 0
    date_offset_s: float = 0.0
    plan: deque[Answer | bytes] = field(default_factory=deque)
    paths: list[str] = field(default_factory=list)
    forms: list[Mapping[str, str]] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)

    def now(self) -> float:
        return time.time() + self.date_offset_s

    def token(self, **claims: str) -> Answer:
        """Return what the OAuth endpoints answer; ``changes`` are made to it."""
        body = {
            "access_token": f"ya29.{CANARY}",
            "expires_in": self.lifetime_s,
            "token_type": "Bearer",
            **claims,
            **self.changes,
        }
        return 200, {name: value for name, value in body.items() if value is not None}

    def oauth(self, form: Mapping[str, str]) -> Answer:
        if form.get("grant_type") == "refresh_token":
            wrong = form.get("refresh_token") != f"refresh-{CANARY}"
            return (
                refused("invalid_grant", "Token has been expired or revoked.")
                if (wrong)
                else self.token()
            )
        key = cast(
            rsa.RSAPrivateKey, serialization.load_pem_private_key(private_key().encode(), None)
        ).public_key()
        try:
            claims = jwt.decode(
                form["assertion"],
                key,
                ["RS256"],
                options={"verify_aud": False, "verify_iat": False, "verify_exp": False},
            )
        except jwt.InvalidTokenError:
            return refused("invalid_grant", "Invalid JWT Signature.")
        if abs(claims["iat"] - self.now()) > 300:
            return refused(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                "reasonable timeframe. Check your iat and exp values in the JWT claim.",
            )
        if claims["iss"] != ACCOUNT:
            return refused("invalid_grant", "Invalid grant: account not found")
        return self.token()

    def exchange(self, form: Mapping[str, str]) -> Answer:
        if form["audience"] != f"//iam.googleapis.com/{PROVIDER}":
            return refused("invalid_target", "The target service indicated is invalid.")
        if form["subject_token"] != SUBJECT_TOKEN and "." not in form["subject_token"]:
            return refused("invalid_grant", "The audience in ID Token does not match.")
        return self.token(issued_token_type="urn:ietf:params:oauth:token-type:access_token")

    def impersonate(self, path: str, token: str) -> Answer:
        if OTHER_ACCOUNT not in path or token != f"Bearer ya29.{CANARY}":
            message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource"
            return api_error(403, message, "PERMISSION_DENIED")
        until = time.gmtime(self.now() + self.lifetime_s)
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", until)
        return 200, {"accessToken": f"ya29.as-{CANARY}", "expireTime": expires, **self.changes}

    def environment(self) -> dict[str, str]:
        """Return the variables by which this machine's metadata service is found."""
        return {"GCE_METADATA_HOST": self.url.removeprefix("http://")}


@contextmanager
def google() -> Iterator[Google]:
    """Run the stand-in."""
    made = Google()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = self.body()
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            made.forms.append(form)
            if self.path.endswith("/v1/token"):
                self.reply(made.exchange, form)
            elif self.path.endswith(":generateAccessToken"):
                self.reply(made.impersonate, self.path, self.headers.get("Authorization", ""))
            else:
                self.reply(made.oauth, form)

        def do_GET(self) -> None:
            if self.path.startswith("/subject"):
                self.reply(lambda: (200, {"value": SUBJECT_TOKEN}))
            else:
                assert self.headers["Metadata-Flavor"] == "Google"
                self.reply(made.token)

        def reply(self, answer: Any, *arguments: Any) -> None:
            made.paths.append(self.path)
            time.sleep(made.delay_s)
            planned = made.plan.popleft() if made.plan else answer(*arguments)
            status, document = (200, planned) if isinstance(planned, bytes) else planned
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response_only(status)
            self.send_header("Date", formatdate(made.now(), usegmt=True))
            self.send_header("Metadata-Flavor", "Google")
            if status == 429 and made.retry_after_s:
                self.send_header("Retry-After", str(made.retry_after_s))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with serving(Handler) as url:
        made.url = url
        yield made
