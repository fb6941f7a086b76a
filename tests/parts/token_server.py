"""A registry's token server, as the distribution project documents it (token, OAuth 2).

It signs with a certificate of its own (``x5c``); the registry is given the CA of that.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.parts.loopback import QuietHandler, serving

ISSUER, SERVICE = "tests", "registry"
Login = Callable[[str, str], bool]


@dataclass(slots=True)
class TokenServer:
    """``accepts`` decides about user name and password; ``asked`` are the users that came."""

    accepts: Login
    ca_file: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    _leaf: trustme.LeafCert | None = None

    def sign_with(self, leaf: trustme.LeafCert) -> None:
        self._leaf = leaf

    def token(self, username: str, scopes: list[str]) -> str:
        """Return a token for all that is asked."""
        assert self._leaf is not None
        certificate = x509.load_pem_x509_certificate(self._leaf.cert_chain_pems[0].bytes())
        now = int(time.time())
        access = []
        for scope in " ".join(scopes).split():
            kind, name, actions = scope.split(":", 2)
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": username,
            "aud": SERVICE,
            "jti": str(time.monotonic_ns()),
            "iat": now,
            "nbf": now - 60,
            "exp": now + 300,
            "access": access,
        }
        x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
        key = self._leaf.private_key_pem.bytes()
        return jwt.encode(claims, key, algorithm="ES256", headers={"x5c": x5c})


@contextmanager
def token_server(folder: Path, accepts: Login) -> Iterator[TokenServer]:
    """Run it on a free port of 127.0.0.1, over plain http."""
    authority = trustme.CA()
    server = TokenServer(accepts, folder / "token-ca.pem")
    authority.cert_pem.write_to_path(server.ca_file)
    server.sign_with(authority.issue_cert("token.example"))

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            kind, _, credentials = self.headers.get("Authorization", "").partition(" ")
            username, _, password = base64.b64decode(credentials or "").decode().partition(":")
            if kind != "Basic":
                username = ""
            self._decide(username, password, query.get("scope", []))

        def do_POST(self) -> None:
            form = parse_qs(self.body().decode())
            username, password = (form.get(name, [""])[0] for name in ("username", "password"))
            if form.get("grant_type") != ["password"]:
                username = ""
            self._decide(username, password, form.get("scope", []))

        def _decide(self, username: str, password: str, scopes: list[str]) -> None:
            server.asked.append(username)
            if not username or not accepts(username, password):
                self.answer(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}')
                return
            token = server.token(username, scopes)
            answer = {"token": token, "access_token": token, "expires_in": 300}
            self.answer(200, json.dumps(answer).encode())

    with serving(Handler) as url:
        server.url = f"{url}/token"
        yield server
